//! Blocks of a page, in order, in one fresh folder, as a newcomer would.

use std::fs;

use crate::blocks::{Block, named};
use crate::{command, said};

/// Runs what is `sh`, writes each other block into the file that the line before it names; how many there were of these
/// and of those.
pub(crate) fn run(blocks: impl Iterator<Item = Block>) -> (usize, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut files, mut scripts) = (0, 0);
    for block in blocks {
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
    (files, scripts)
}
