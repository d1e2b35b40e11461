//! Every block of README.md, in order, in one fresh folder, as a newcomer would.

use std::fs;

use crate::blocks::{Block, blocks, named};
use crate::{command, engines, root, said};

fn readme() -> Vec<Block> {
    let text = fs::read_to_string(root().join("README.md")).expect("there is a README");
    blocks(&text)
}

/// The two commands that set everything up: the first is run by `tests/zlib`, the second is what runs this test.
const SET_UP: [&str; 2] = ["examples/zlib/run.sh\n", "tests/all.sh\n"];

#[test]
fn the_two_commands_are_there_and_are_run_elsewhere() {
    let all = readme();
    for line in SET_UP {
        let block = all
            .iter()
            .find(|b| b.text == line)
            .expect("the README has both commands");
        assert_eq!(block.language, "sh");
        assert!(root().join(line.trim()).is_file(), "{line}");
    }
    let test = all
        .iter()
        .find(|b| b.before == "<!-- test-command -->")
        .expect("CI finds its command");
    assert_eq!(test.text, SET_UP[1]);
}

#[test]
fn every_other_block_is_run() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (mut files, mut scripts) = (0, 0);
    for block in readme()
        .iter()
        .filter(|b| !SET_UP.contains(&b.text.as_str()))
    {
        if block.language == "sh" {
            let mut sh = command("sh", folder.path());
            let output = sh
                .args(["-e", "-c", &block.text])
                .output()
                .expect("sh runs");
            assert!(output.status.success(), "{}\n{}", block.text, said(&output));
            scripts += 1;
        } else if let Some(name) = named(&block.before) {
            fs::write(folder.path().join(name), &block.text).expect("a file");
            files += 1;
        } else {
            panic!(
                "a block of `{}` that no test runs: {}",
                block.language, block.text
            );
        }
        // A file that a reader would copy must load as it stands.
        if block.language == "toml" && named(&block.before) == Some("envs.toml") {
            let output = command("runenv", folder.path())
                .arg("list")
                .output()
                .expect("runs");
            assert!(output.status.success(), "{}\n{}", block.text, said(&output));
            assert!(
                !output.stdout.is_empty(),
                "it lists nothing: {}",
                block.text
            );
        }
    }
    assert!(
        files >= 3 && scripts >= 8,
        "{files} files, {scripts} scripts"
    );
}
