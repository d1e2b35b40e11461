//! Every envs.toml that the repository shows is one by its schema, as check-jsonschema sees it; a wrong one is not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::blocks::blocks;
use crate::{command, engines, root, said};

/// Every file of the repository that is an envs.toml, and every block of its documents that shows one.
fn examples(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![
        root().join("envs.toml"),
        root().join("tests/support/envs.toml"),
    ];
    let examples = fs::read_dir(root().join("examples")).expect("there are examples");
    let files = examples.map(|e| e.expect("a folder").path().join("envs.toml"));
    all.extend(files.filter(|file| file.is_file()));
    for page in [
        "README.md",
        "docs/tutorial.md",
        "docs/ci.md",
        "docs/reference/names.md",
        "docs/reference/artifacts.md",
    ] {
        let text = fs::read_to_string(root().join(page)).expect("a page");
        for (at, block) in blocks(&text)
            .iter()
            .filter(|b| b.language == "toml")
            .enumerate()
        {
            let file = folder.join(format!("{}-{at}.toml", page.replace('/', "-")));
            fs::write(&file, &block.text).expect("a file");
            all.push(file);
        }
    }
    all
}

#[test]
fn every_example_is_valid_by_the_schema() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let output = command("runenv", folder.path()).arg("schema").output();
    let schema = folder.path().join("schema.json");
    fs::write(&schema, output.expect("it runs").stdout).expect("a file");
    let check = |files: &[PathBuf]| {
        let mut command = command("check-jsonschema", folder.path());
        let output = command
            .arg("--schemafile")
            .arg(&schema)
            .args(files)
            .output();
        output.expect("tests/engines/ci-clients.sh put check-jsonschema into PATH")
    };
    let files = examples(folder.path());
    assert!(files.len() >= 6, "{files:?}");
    let output = check(&files);
    assert!(output.status.success(), "{}", said(&output));
    for wrong in [
        "[project]\nnam = \"x\"\n",
        "[stage.built]\nrun = 5\n",
        "[when]\nif = \"debian\"\n",
        "[defaults]\nmounts = [{ cache = \"x\" }]\n",
    ] {
        let file = folder.path().join("wrong.toml");
        fs::write(&file, wrong).expect("a file");
        assert!(!check(&[file]).status.success(), "{wrong}");
    }
}
