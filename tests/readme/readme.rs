//! Every block of README.md, in order, in one fresh folder, as a newcomer would.

use std::fs;

use crate::blocks::{Block, blocks};
use crate::run::run;
use crate::{engines, root};

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
    if engines() {
        let all = readme().into_iter();
        let (files, scripts) = run(all.filter(|b| !SET_UP.contains(&b.text.as_str())));
        assert!(
            files >= 3 && scripts >= 8,
            "{files} files, {scripts} scripts"
        );
    }
}
