//! Every block of docs/tutorial.md, in order.

use std::fs;

use crate::blocks::blocks;
use crate::run::run;
use crate::{engines, root};

#[test]
fn the_tutorial_is_run() {
    if engines() {
        let text = fs::read_to_string(root().join("docs/tutorial.md")).expect("there is one");
        let (files, scripts) = run(blocks(&text).into_iter());
        assert!(
            files >= 7 && scripts >= 8,
            "{files} files, {scripts} scripts"
        );
    }
}
