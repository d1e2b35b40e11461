//! Proxies with passwords, and variables of the caller: commands see them, no image and no key does.

use std::fs;

use crate::support::{Project, each};

const TWO: &str = "[stage.one]\nrun = [\"echo ${http_proxy-none} $HTTPS_PROXY ${NO_PROXY-none}\"]\n\
    [stage.two]\ncopy = [\"f\"]\nrun = [\"echo $https_proxy\"]\n";

#[test]
fn a_proxy_with_a_password_is_in_no_image() {
    each(|engine| {
        let mut project = Project::new(engine, TWO);
        project.file("f", "f");
        let plain = {
            project.run(&[]).code(0).says("\nnone none\n");
            project.stage("two")["key"].clone()
        };
        let proxy = "http://user:sentinel-password@127.0.0.1:9";
        if engine == "docker" {
            let config = format!(
                r#"{{"proxies":{{"default":{{"httpProxy":"{proxy}","httpsProxy":"{proxy}","noProxy":"localhost"}}}}}}"#
            );
            fs::create_dir_all(project.home().join(".docker")).unwrap();
            fs::write(project.home().join(".docker/config.json"), config).unwrap();
        } else {
            for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
                project.variable(name, proxy);
            }
            project.variable("NO_PROXY", "localhost");
        }
        project.run(&[]).code(0);
        assert_eq!(project.ran(), [""; 0], "a proxy is in no key");
        project.run(&["-r"]).code(0);
        assert_eq!(project.stage("two")["key"], plain);
        let (one, two) = (project.log(1, "one"), project.log(2, "two"));
        assert_eq!(one, format!("{proxy} {proxy} localhost\n"));
        assert_eq!(two, format!("{proxy}\n"));
        for image in project.images() {
            let inspected = project.engine(&["image", "inspect", &image]);
            let history = project.engine(&["history", "--no-trunc", &image]);
            for text in [inspected, history] {
                assert!(!text.contains("sentinel-password"), "{text}");
                assert!(!text.to_lowercase().contains("_proxy"), "{text}");
            }
        }
    });
}

#[test]
fn a_variable_of_the_caller_reaches_the_commands_and_no_image() {
    let file = "[defaults]\npass-env = [\"PASSED\", \"UNSET\"]\nenv.OWN = \"own\"\n\
        [stage.one]\nrun = [\"echo \\\"<$PASSED>\\\" ${UNSET-none} ${OTHER-none} $OWN\"]\n";
    each(|engine| {
        let mut project = Project::new(engine, file);
        project.variable("OTHER", "other");
        project.variable("OWN", "not this");
        project.variable("PASSED", "it's a \"sentinel\"\n$x");
        project.run(&[]).code(0);
        let key = project.stage("one")["key"].clone();
        assert_eq!(
            project.log(1, "one"),
            "<it's a \"sentinel\"\n$x> none none own\n"
        );
        project.variable("PASSED", "another");
        project.run(&[]).code(0);
        assert_eq!(project.ran(), [""; 0], "it is in no key");
        project.run(&["-r"]).code(0);
        assert_eq!(project.stage("one")["key"], key);
        assert_eq!(project.log(1, "one"), "<another> none none own\n");
        for image in project.images() {
            let inspected = project.engine(&["image", "inspect", &image]);
            let history = project.engine(&["history", "--no-trunc", &image]);
            for text in [inspected, history] {
                assert!(
                    !text.contains("sentinel") && !text.contains("PASSED"),
                    "{text}"
                );
            }
        }
    });
}

/// A glob passes what it matches; a container keeps its own `PATH` and `HOME`, and its programs run.
#[test]
fn a_glob_passes_variables_and_breaks_no_container() {
    let file = "[defaults]\npass-env = [\"*\"]\n\
        [stage.one]\nrun = [\"echo \\\"$PASSED $HOME ${LD_PRELOAD-none}\\\"; ls / >/dev/null\"]\n";
    each(|engine| {
        let mut project = Project::new(engine, file);
        project.variable("PASSED", "sentinel");
        project.variable("LD_PRELOAD", "");
        project.run(&[]).code(0);
        assert_eq!(project.log(1, "one"), "sentinel /root none\n");
        for image in project.images() {
            let inspected = project.engine(&["image", "inspect", &image]);
            assert!(!inspected.contains("sentinel"), "{inspected}");
        }
    });
}
