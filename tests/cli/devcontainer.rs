//! `runenv devcontainer ENV`: the text, and what cannot be one. `tests/real` opens such containers.

use serde_json::Value;

use crate::support::{Project, golden};

const FILE: &str = r#"
[project]
name = "widget"
[defaults]
env = { LC_ALL = "C.UTF-8", WORDS = "it's \"$x\"" }
packages = ["gcc"]
pass-env = ["CCACHE_DIR", "CI_*"]
[packages]
gcc = { debian = "gcc libc6-dev" }
[stage.with-system-packages]
packages = true
[stage.may-fail]
run = ["false"]
allow-failure = true
[stage.bootstrapped]
workdir = "/opt/tools"
run = ["./get tools"]
[stage.built]
copy = ["src/**"]
run = ["make -j{cpus}"]
env = { CC = "gcc" }
[stage.tested]
run = ["make check"]
"#;

fn written(args: &str) -> Value {
    let project = Project::new().envs_toml(FILE);
    let ran = project.runenv(format!("devcontainer docker-debian-bookworm {args}").as_str());
    serde_json::from_str(&ran.exits(0).stdout).unwrap()
}

#[test]
fn a_devcontainer_is_a_golden() {
    let project = Project::new().envs_toml(FILE);
    let ran = project
        .runenv("devcontainer docker-debian-bookworm")
        .exits(0);
    golden(ran.stdout, "devcontainer/widget");
    golden(ran.stderr, "devcontainer/warning");
}

#[test]
fn stages_that_copy_are_run_on_demand() {
    let command = |args| {
        written(args)["onCreateCommand"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(!command("").contains("make"));
    let built = command("--to built");
    assert!(
        built.contains("make -j${_cpus}") && !built.contains("make check"),
        "{built}"
    );
    assert!(
        !built.contains("false"),
        "a stage that may fail is not gone on from: {built}"
    );
    assert_eq!(written("--to built")["remoteEnv"]["LC_ALL"], "C.UTF-8");
    assert_eq!(written("")["remoteEnv"]["CC"], "gcc");
    assert_eq!(
        written("")["remoteEnv"]["CCACHE_DIR"],
        "${localEnv:CCACHE_DIR}"
    );
}

#[test]
fn what_an_editor_would_not_keep_is_refused() {
    let refused = |file: &str, name: &str| {
        let project = Project::new().envs_toml(file);
        let ran = project
            .runenv("devcontainer docker-debian-bookworm")
            .exits(2);
        golden(ran.stderr, &format!("devcontainer/{name}"));
    };
    refused("[stage.a]\nrun = \"echo '${localEnv:HOME}'\"\n", "replaced");
    refused(
        "[stage.a]\nenv = { N = \"{cpus}\" }\nrun = \"true\"\n",
        "cpus",
    );
    refused("[stage.a]\nworkdir = \"/a,b\"\nrun = \"true\"\n", "folder");
}

/// dash (or what `sh` is here) and bash; `tests/real` has busybox.
#[test]
fn the_script_says_the_same_to_every_shell() {
    let odd = "it's \"$HOME\" `id` \\ %s #é\t  *;\n<<X \\\n\n# no comment";
    let file = format!(
        r#"
[vars]
odd = {odd}
[stage.a]
env = {{ ODD = "{{odd}}" }}
run = [
  "printf '%s' \"$ODD\"; printf '%s' {{odd}}",
  ["printf", "%s|", "{{odd}}", ""],
  "cat <<X\n $((1 + 1)) \\\\\nX\n",
  "cd /; left=1; set +e",
  {{ run = "false; echo never", allow-failure = true }},
  "case $- in *e*) echo ${{left-no}} ;; esac # a comment",
  "(exit 7); echo never",
  "echo never",
]
on-failure = ["echo looking; false; echo never", "echo further"]
"#,
        odd = serde_json::json!(odd)
    );
    let project = Project::new().envs_toml(&file);
    let ran = project
        .runenv("devcontainer docker-debian-bookworm")
        .exits(0);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let script = json["onCreateCommand"].as_str().unwrap();
    for shell in ["sh", "bash"] {
        let output = std::process::Command::new(shell)
            .args(["-c", script])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            said,
            format!("{odd}{odd}{odd}|| 2 \\\nno\nlooking\nfurther\n"),
            "{shell}"
        );
        assert_eq!(output.status.code(), Some(7), "{shell}");
    }
}
