//! The example's README: its blocks are run, and its wrong names are refused as it says.

use crate::{example, sage};

const WRONG: &str = include_str!("wrong.tsv");

fn readme() -> String {
    std::fs::read_to_string(example().join("README.md")).expect("the example has one")
}

/// Texts of its `sh` blocks.
fn scripts(text: &str) -> Vec<&str> {
    let blocks = text.split("```sh\n").skip(1);
    let ended = blocks.map(|rest| rest.split_once("```").expect("it is closed"));
    ended.map(|(script, _)| script).collect()
}

#[test]
fn blocks_are_run() {
    let (sage, text) = (sage(), readme());
    let mut lines = 0;
    for line in scripts(&text).iter().flat_map(|script| script.lines()) {
        let words = shlex::split(line).expect("quotes are closed");
        let (program, words) = words.split_first().expect("a command");
        assert_eq!(program, "runenv", "{line}");
        let ran = sage.project.runenv(words.to_vec()).exits(0);
        assert!(!ran.stdout.is_empty(), "{line}");
        lines += 1;
    }
    assert!(lines >= 5, "{lines} lines");
}

#[test]
fn wrong_names_are_those_of_the_test() {
    let text = readme();
    let (_, rest) = text.split_once("## Ten wrong names").expect("the section");
    let (section, _) = rest.split_once("\n## ").expect("one more section");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(" | ").collect()).collect();
    assert_eq!(rows.len(), 10);
    for row in rows {
        let name = row[0].trim_matches(['|', ' ', '`']);
        let told = row[2].trim_end_matches(['|', ' ']);
        let line = format!("{name}\t{told}\t");
        assert!(WRONG.lines().any(|row| row.starts_with(&line)), "{line}");
    }
}

#[test]
fn its_counts_are_true() {
    let text = readme();
    let wrong = WRONG.lines().filter(|line| !line.starts_with('#')).count();
    let names = crate::rows::rows().len();
    let said = format!("{names} names and what each comes to, {wrong} wrong");
    assert!(text.replace('\n', " ").contains(&said), "{said}");
}
