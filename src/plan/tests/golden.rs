//! Fifty keys, in a file: a change of any of them is another format.

use std::fs;
use std::path::Path;

use super::super::key::FORMAT;
use super::{SETTINGS, keys_of, plan_of};
use crate::digest::Digest;

/// A line a plan: the keys of its stages, shortened, and the setting that it has more than the first.
fn keys() -> String {
    let mut text = format!("format {FORMAT}\n");
    for line in SETTINGS {
        let plan = plan_of(line, &[], "");
        let (_, keys, _) = keys_of(&plan, "text");
        let keys: Vec<String> = keys.iter().map(Digest::short).collect();
        text += format!("{} {line}", keys.join(".")).trim_end();
        text.push('\n');
    }
    text
}

/// Who means to change keys raises the format, or takes the file away: it is then written anew.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its golden file")]
fn keys_are_what_they_were() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/keys.txt");
    let (now, then) = (keys(), fs::read_to_string(&path).unwrap_or_default());
    let format = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    if format(&now) != format(&then) {
        fs::write(&path, &now).expect("the golden file");
        return;
    }
    let lines = now.lines().zip(then.lines());
    let other: Vec<_> = lines.filter(|(now, then)| now != then).collect();
    assert!(
        other.is_empty() && now.lines().count() == then.lines().count(),
        "keys changed, and the format did not: whoever has images would build all anew, unsaid\n{other:#?}"
    );
    let mut all: Vec<&str> = now
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(
        all.len(),
        SETTINGS.len() + 1,
        "each setting acts, and each in its own way"
    );
}
