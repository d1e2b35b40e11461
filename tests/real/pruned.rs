//! Images that vanish between look-up and use: what is missing is built anew, and the run passes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, each};

/// Without the shared network, whose container would hold the image that the first stage starts from.
const STAGES: &str = r#"
[defaults]
network = "none"
[stage.one]
run = ["echo 1 >out"]
[stage.two]
run = ["echo 2 >>out"]
[stage.three]
run = ["echo 3 >>out"]
[stage.four]
run = ["cat out", "test \"$(wc -l <out)\" -eq 3"]
"#;

/// The words of a client that makes a stage's container.
const RUN: &str = "*' -e -s'";

/// A client that removes the image of a stage just before its N-th call with these words.
fn pruning_client(project: &mut Project, stage: &str, words: &str, before: usize) {
    let engine = project.engine.clone();
    let found = std::env::split_paths(&std::env::var("PATH").unwrap())
        .map(|folder| folder.join(&engine))
        .find(|program| program.is_file());
    let real = found.unwrap().display().to_string();
    let folder = project.home().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let name = &project.name;
    let script = format!(
        "#!/bin/sh\nreal={real}\ncount={home}/count\ncase \"$*\" in\n{words})\n\
         n=$(($(cat \"$count\" 2>/dev/null || echo 0) + 1)); echo $n >\"$count\"\n\
         if [ $n = {before} ]; then\n\
         tags=$($real image ls --filter label=runenv.stage={stage} --format '{{{{.Repository}}}}:{{{{.Tag}}}}' | grep {name})\n\
         $real rmi --no-prune $tags >/dev/null 2>&1 || $real rmi $tags >/dev/null 2>&1\n\
         fi;;\nesac\nexec $real \"$@\"\n",
        home = project.home().display(),
    );
    let program = folder.join(&engine);
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    project.path_first(&folder);
}

#[test]
fn an_image_removed_before_its_use_is_built_again() {
    each(|engine| {
        let mut project = Project::new(engine, STAGES);
        project.run(&["--to", "three"]).code(0);
        // The container of `four` is the first one that the next run makes.
        pruning_client(&mut project, "three", RUN, 1);
        project.run(&[]).code(0).says("removed meanwhile");
        assert_eq!(project.ran(), ["three", "four"]);
        assert!(project.log(4, "four").contains("1\n2\n3\n"));
    });
}

#[test]
fn an_image_removed_before_its_artifacts_are_taken_is_built_again() {
    each(|engine| {
        let toml = "[stage.one]\nrun = [\"echo 1 >out\"]\nartifacts = [\"out\"]\n";
        let mut project = Project::new(engine, toml);
        project.run(&[]).code(0);
        let folder = project
            .root()
            .join(format!(".runenv/{engine}-box-latest/artifacts"));
        fs::remove_dir_all(&folder).unwrap();
        pruning_client(&mut project, "one", "'create '*", 1);
        project.run(&[]).code(0).says("removed meanwhile");
        assert_eq!(project.ran(), ["one"]);
        assert!(folder.join("one/out").is_file());
    });
}
