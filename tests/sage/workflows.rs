//! The workflows of the example: goldens, which `tests/readme` gives to linters.

use std::path::Path;

use crate::sage;
use crate::support::same;

#[test]
fn they_are_made_of_the_example() {
    let sage = sage();
    sage.project.runenv("ci github").exits(0);
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ci/sage");
    for path in [
        ".github/workflows/runenv.yml",
        ".github/workflows/runenv-environment.yml",
    ] {
        let golden = goldens.join(path);
        std::fs::create_dir_all(golden.parent().expect("a folder")).expect("a folder");
        let golden = snapbox::Data::read_from(&golden, Some(snapbox::data::DataFormat::Text));
        same(sage.project.read(path), golden.raw());
    }
}
