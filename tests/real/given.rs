//! Mounts, options of the engine and users, on both engines.

use crate::support::{Project, each, lines, quoted};

/// A cache lives on outside of the image; what a mount leaves there is an empty folder, the same on both engines.
#[test]
fn a_cache_is_kept_and_its_image_has_an_empty_folder() {
    each(|engine| {
        let toml = r#"
[defaults]
mounts = [{ cache = "c", at = "/root/.c" }, { host = "da,t\"a", at = "/opt/data", read-only = true }]
[stage.one]
run = ["cat /opt/data/file; ! touch /opt/data/new 2>/dev/null; echo a >>/root/.c/log; wc -l </root/.c/log"]
[stage.two]
mounts = []
network = "none"
create-args = ["--cap-add=SYS_PTRACE"]
run = ["ls -lAd /root/.c /opt/data | cut -c1-10; find /root/.c /opt/data; ls /sys/class/net; grep CapBnd /proc/self/status"]
[stage.three]
mounts = []
create-args = ["--add-host", "elsewhere:10.1.2.3"]
run = ["grep -c elsewhere /etc/hosts"]
"#;
        let project = Project::plain(engine, toml);
        project.file("da,t\"a/file", "of the host\n");
        project.run(&[]).code(0).says("of the host\n1\n");
        let two = "drwxr-xr-x\ndrwxr-xr-x\n/root/.c\n/opt/data\nlo\n";
        assert!(
            project.log(2, "two").starts_with(two),
            "{}",
            project.log(2, "two")
        );
        assert_eq!(project.log(3, "three"), "1\n");
        project
            .run(&["-r", "--to", "one"])
            .code(0)
            .says("of the host\n2\n");
        let caches = || {
            lines(&project.engine(&[
                "volume",
                "ls",
                "-q",
                "--filter",
                &format!("label=runenv.project={}", project.id()),
            ]))
        };
        assert_eq!(caches(), [format!("runenv-{}-c", project.id())]);
        project.clean();
        assert_eq!(caches(), [""; 0]);
    });
}

/// Images with each of the ways to become a user: su alone (busybox), setpriv, and chroot where setpriv is hidden.
#[test]
fn commands_run_as_the_user_on_every_image() {
    each(|engine| {
        let hide = "rm -f /usr/bin/setpriv";
        for (system, before) in [
            ("box-latest", ":"),
            ("debian-bookworm", ":"),
            ("debian-bookworm", hide),
        ] {
            let prepare = format!(
                "{before}; mkdir -p /home/b; echo 'builder:x:1234:2345::/home/b:/bin/sh' >>/etc/passwd; echo 'builders:x:2345:' >>/etc/group; echo 'others:x:77:' >>/etc/group"
            );
            let toml = format!(
                "[stage.users]\nrun = [{}]\n\
                 [stage.one]\nuser = \"builder\"\ncopy = [\"src\"]\nsecrets = [\"TOKEN\"]\nenv = {{ V = \"a b\" }}\nrun = {}\n\
                 [stage.two]\nuser = \"builder\"\nrun = [\"exit 5\"]\nallow-failure = true\non-failure = [\"id -u; echo $TOKEN\"]\n\
                 [stage.last]\nrun = [\"id -u; stat -c '%u:%g %n' . src src/d src/d/f made\"]\n",
                quoted(prepare),
                quoted([
                    "id -u; id -g; echo $HOME $USER $LOGNAME; pwd; echo \"$V\" ${#TOKEN}; echo x >src/d/new; echo y >>src/d/f; touch made",
                    "! touch /etc/no 2>/dev/null; [ -z \"$runenv_mark\" ]",
                ]),
            );
            let mut project = Project::new(engine, &toml);
            project.variable("TOKEN", "12345678");
            project.file("src/d/f", "f\n");
            let env = format!("{engine}-{system}");
            let said = project.runenv(&["run", &env]).code(0);
            let name = &project.name;
            let one = format!("1234\n2345\n/home/b builder builder\n/{name}\na b 8\n");
            assert!(said.err.contains(&one), "{system} {before}: {}", said.err);
            let own = "0\n1234:2345 .\n1234:2345 src\n1234:2345 src/d\n1234:2345 src/d/f\n1234:2345 made\n";
            assert!(said.err.contains(own), "{}", said.err);
            let result = project.result_of(&env);
            let two = &result["stages"][2];
            assert_eq!(two["command"]["exit-code"], 5, "{two:#}");
            assert_eq!(two["on-failure-output"][0], "1234", "{two:#}");
        }
    });
}

#[test]
fn numbers_and_groups_are_users_and_who_is_missing_is_told() {
    each(|engine| {
        let toml = r#"
[stage.number]
user = "4321"
run = ["id -u; id -g; echo $HOME $USER"]
[stage.group]
user = "4321:77"
run = ["id -u; id -g; id -G"]
[stage.missing]
user = "nobody-of-that-name"
run = ["id -u"]
"#;
        let project = Project::new(engine, toml);
        let env = format!("{engine}-debian-bookworm");
        let said = project.runenv(&["run", &env]).code(3);
        assert!(said.err.contains("\n4321\n0\n/ 4321\n"), "{}", said.err);
        assert!(said.err.contains("\n4321\n77\n77\n"), "{}", said.err);
        let said = said.says("the image has no user or group of `user = \"nobody-of-that-name\"`");
        drop(said);
        let project = Project::new(engine, "[stage.one]\nuser = \"4321\"\nrun = [\"id -u\"]\n");
        project
            .run(&[])
            .code(3)
            .says("has no setpriv, chroot or su that lets commands run as `4321`");
    });
}
