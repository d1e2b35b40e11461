//! The workflows that `runenv ci github` writes: linters have nothing to say of those in `tests/golden/ci` and of the
//! document's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::blocks::blocks;
use crate::{command, engines, root, said};

const CALLER: &str = ".github/workflows/runenv.yml";
const CALLED: &str = ".github/workflows/runenv-environment.yml";

/// Fills the folder with projects' workflows: those of the goldens, and what is made of the document's file.
fn projects(folder: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(root().join("docs/ci.md")).expect("there is docs/ci.md");
    let found = blocks(&text).into_iter().find(|b| b.language == "toml");
    let file = found.expect("it shows a file").text;
    let shown = folder.join("shown");
    fs::create_dir(&shown).expect("a folder");
    fs::write(shown.join("envs.toml"), file).expect("a file");
    let output = command("runenv", &shown).args(["ci", "github"]).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    let goldens = root().join("tests/golden/ci");
    let mut all = vec![shown];
    for entry in fs::read_dir(goldens).expect("there are goldens") {
        let golden = entry.expect("an entry");
        let project = folder.join(golden.file_name());
        fs::create_dir_all(project.join(".github/workflows")).expect("a folder");
        for file in [CALLER, CALLED] {
            fs::copy(golden.path().join(file), project.join(file)).expect("both are there");
        }
        all.push(project);
    }
    assert!(all.len() >= 13, "{all:?}");
    all
}

/// Runs a linter on one of the folders.
fn lint(program: &str, words: &[&str], folder: &Path) -> Output {
    let mut command = command(program, folder);
    let output = command.args(words).output();
    output.unwrap_or_else(|e| panic!("tests/engines/ci-clients.sh puts {program} into PATH: {e}"))
}

#[test]
fn linters_have_nothing_to_say() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let projects = projects(folder.path());
    let files: Vec<PathBuf> = projects
        .iter()
        .flat_map(|project| [project.join(CALLER), project.join(CALLED)])
        .collect();
    for (program, words, paths) in [
        (
            "check-jsonschema",
            &["--builtin-schema", "vendor.github-workflows"][..],
            &files,
        ),
        (
            "zizmor",
            &["--offline", "--no-config", "--quiet"],
            &projects,
        ),
        // It looks at its first word alone, and dots have to be said.
        ("actionlint", &["*/.github/workflows/*.yml"], &Vec::new()),
    ] {
        let paths = paths.iter().map(|path| path.to_str().expect("a path"));
        let words: Vec<&str> = words.iter().copied().chain(paths).collect();
        let output = lint(program, &words, folder.path());
        let text = said(&output);
        assert!(output.status.success(), "{program}: {text}");
        let count = format!("Checking {} workflow", files.len());
        assert!(program != "actionlint" || text.contains(&count), "{text}");
    }
}

/// The linters see what they are there to see.
#[test]
fn linters_find_what_is_wrong() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(CALLER);
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    let wrong = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      \
                 - run: echo ${{ github.head_ref }} ${{ needs.b.result }}\n";
    fs::write(file, wrong).expect("a file");
    for (program, words) in [
        (
            "zizmor",
            &["--offline", "--no-config", "--quiet", ".github/workflows"][..],
        ),
        ("actionlint", &[".github/workflows/*.yml"]),
    ] {
        assert!(
            !lint(program, words, folder.path()).status.success(),
            "{program}"
        );
    }
}
