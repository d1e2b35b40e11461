//! Environments for other platforms, against the kernel's own list of emulators: in a namespace of the test's own, where
//! there is none until it registers one.

use std::process::{Command, Stdio};

use crate::support::{Fake, Project, Ran};

const FILE: &str = r#"
[project]
name = "p"
env-list = ["docker-debian-bookworm"]
[defaults]
platform = "linux/s390x"
[stage.one]
run = ["echo one"]
"#;
const RUN: &str = "run docker-debian-bookworm";

/// Mounts the list, registers `$1` if there is something in it, and runs the rest.
const SCRIPT: &str = r#"/bin/mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 99
[ -z "$1" ] || printf "$1" >/proc/sys/fs/binfmt_misc/register
shift
exec "$@""#;
const S390X: &str = r":qemu-s390x:M:0:\\x7fELF\\x02\\x02\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x16::/bin/true:";

fn run(project: &Project, words: &str, registered: &str) -> Option<Ran> {
    let inner = project.command(words);
    let variables = inner.get_envs().filter_map(|(n, v)| Some((n, v?)));
    let mut command = Command::new("/usr/bin/unshare");
    command
        .args(["-rm", "/bin/sh", "-c", SCRIPT, "sh", registered])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(variables)
        .current_dir(project.root())
        .stdin(Stdio::null());
    let output = command.output().ok()?;
    let ours = output.status.code() != Some(99) && !output.stderr.starts_with(b"unshare: ");
    // No namespaces with a list of their own on this machine.
    ours.then(|| project.ran(output))
}

#[test]
fn a_platform_without_an_emulator_is_told_before_anything_is_pulled() {
    let fake = Fake::new();
    let project = Project::new().envs_toml(FILE).engine(&fake);
    let Some(none) = run(&project, RUN, "") else {
        return;
    };
    let none = none.exits(3);
    for text in [
        "error: this machine cannot run linux/s390x: no emulator is registered with the kernel\n",
        "help: register one: `docker run --privileged --rm tonistiigi/binfmt --install all`, or the package `qemu-user-static`\n",
    ] {
        assert!(none.stderr.contains(text), "{none:?}");
    }
    assert_eq!(fake.calls_of("docker pull"), [""; 0]);
    assert_eq!(fake.calls_of("docker run"), [""; 0]);
    let not_fixed = run(&project, RUN, S390X).unwrap().exits(3);
    assert!(
        not_fixed.stderr.contains("without the flag F"),
        "{not_fixed:?}"
    );
    let doctor = run(&project, "doctor", "").unwrap();
    let text = "trouble  platform linux/s390x (for docker-debian-bookworm): no emulator is registered with the kernel";
    assert!(doctor.stdout.contains(text), "{doctor:?}");

    run(&project, RUN, &format!("{S390X}F")).unwrap().exits(0);
    // This machine says nothing of another.
    let project = project.var("DOCKER_HOST", "tcp://127.0.0.1:1");
    run(&project, RUN, "").unwrap().exits(0);
}
