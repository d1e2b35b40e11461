//! dnf on a system that is made for it (`tests/engines/images.sh dnf`): its repository has `hello-two`, which needs
//! `hello-one`, and no other package of the project.

use serde_json::json;

use crate::support::{Project, each};

const FILE: &str = r#"
[packages]
hello = { fedora = "hello-two", debian = "hello" }
gone = { fedora = "no-such-package also-not-there", debian = "gone" }
[defaults]
packages = ["hello", "gone"]
[config.strict]
[config.loose]
ignore-missing-packages = true
[stage.packages]
packages = true
[stage.used]
run = ["hello-one && hello-two"]
"#;

#[test]
fn dnf_installs_and_may_leave_out_what_is_nowhere() {
    each(|engine| {
        let project = Project::new(engine, FILE);
        let env = format!("{engine}-fedora-40-loose");
        let said = project.runenv(&["run", &env]).code(0);
        let said = said.says("hello-one 1.0\nhello-two 1.0\n");
        said.says(&format!("missing packages on {env}: no-such-package"));
        let missing = project.result_of(&env)["stages"][0]["missing-packages"].clone();
        assert_eq!(missing, json!(["no-such-package", "also-not-there"]));
        project.runenv(&["run", &env]).code(0);
        let stages = project.result_of(&env)["stages"].clone();
        assert!(stages[0]["cached"] == true && stages[1]["cached"] == true);

        let env = format!("{engine}-fedora-40-strict");
        project
            .runenv(&["run", &env])
            .code(1)
            .says("No match for argument: no-such-package");
        let result = project.result_of(&env);
        assert_eq!(result["stages"][0]["state"], "failed", "{result:#}");
        assert_eq!(result["stages"][1]["state"], "not-run");
    });
}
