//! Records by hand: each kind of edit is told by its name, with old and new, from a record and from a label.

use super::*;

fn said(parts: &[(&str, &[&str])]) -> Said {
    let part = |(name, texts): &(&str, &[&str])| {
        let items = texts.iter().map(|text| Item::new(*text)).collect();
        Part {
            list: !name.starts_with("env."),
            ..Part::list(name, items)
        }
    };
    Said {
        acts: parts.iter().map(part).collect(),
        ..Said::default()
    }
}

fn record(parts: &[(&str, &[&str])]) -> Record {
    Record {
        key: format!("{parts:?}"),
        said: said(parts),
        rest: BTreeMap::from([("script".to_owned(), mark(b"script"))]),
        ..Record::default()
    }
}

fn with_files(files: &[(&str, &str)]) -> Record {
    let files = files
        .iter()
        .map(|(path, entry)| ((*path).to_owned(), (*entry).to_owned()));
    Record {
        files: files.collect(),
        ..record(&[])
    }
}

/// The changes in words, as a record and as a label tell them.
fn words(old: &Record, new: &Record) -> (Vec<String>, Vec<String>) {
    let told = |old: &Record| changes(old, new).iter().map(Change::words).collect();
    let label = Record::of_label(&old.label(), &old.key, old.parent.clone()).unwrap();
    (told(old), told(&label))
}

#[track_caller]
fn says(old: &Record, new: &Record, known: &[&str], of_a_label: &[&str]) {
    let (told, label) = words(old, new);
    assert_eq!(told, known);
    assert_eq!(label, of_a_label);
}

#[test]
fn settings_are_told_with_old_and_new_and_lists_by_element() {
    let with = |packages: &[&str], cc: &[&str], run: &[&str]| {
        let mut parts = vec![("packages", packages), ("run", run)];
        parts.extend((!cc.is_empty()).then_some(("env.CC", cc)));
        record(&parts)
    };
    let (packages, cc, run) = (["gcc", "make"], ["gcc"], ["a", "b"]);
    let base = with(&packages, &cc, &run);
    let more = with(&["gcc", "bison", "make"], &cc, &run);
    let added = ["package `bison` added"];
    says(&base, &more, &added, &added);
    let removed = ["package `bison` removed"];
    says(&more, &base, &removed, &["package removed"]);
    let other = ["packages are in another order"];
    says(&base, &with(&["make", "gcc"], &cc, &run), &other, &other);
    let changed = [
        "run[2] changed from `b` to `c`",
        "env.CC changed from `gcc` to `clang`",
    ];
    let unknown = ["run[2] changed", "env.CC changed"];
    let other = with(&packages, &["clang"], &["a", "c"]);
    says(&base, &other, &changed, &unknown);
    let gone = ["env.CC `gcc` removed"];
    let less = with(&packages, &[], &run);
    says(&base, &less, &gone, &["env.CC removed"]);
    says(&base, &base, &[], &[]);
}

#[test]
fn files_are_told_by_path_and_from_a_label_by_folder() {
    let base = with_files(&[("a", "file 1 x"), ("l", "link a"), ("src/b", "file 2 y")]);
    let one = |path: &str, entry: &str| {
        let mut new = base.clone();
        new.files.insert(path.to_owned(), entry.to_owned());
        new
    };
    says(
        &base,
        &one("src/b", "file 3 z"),
        &["src/b changed"],
        &["src/ changed"],
    );
    says(
        &base,
        &one("a", "program 1 x"),
        &["a is executable now"],
        &["a changed"],
    );
    says(
        &one("a", "program 1 x"),
        &base,
        &["a is not executable any more"],
        &["a changed"],
    );
    says(
        &base,
        &one("l", "link c"),
        &["l links to `c`, not `a`"],
        &["l changed"],
    );
    says(
        &base,
        &one("l", "file 1 x"),
        &["l is a file now, not a link"],
        &["l changed"],
    );
    says(
        &base,
        &one("src/c", "folder"),
        &["src/c added"],
        &["src/ changed"],
    );
    says(
        &one("c d=%", "folder"),
        &base,
        &["c d=% removed"],
        &["c d=% removed"],
    );
}

#[test]
fn what_is_behind_a_change_comes_first() {
    let using = |value: &str| {
        let mut new = record(&[("run", &[value])]);
        new.said.acts[0].items[0].uses = vec!["target".to_owned()];
        new.said.names.insert("target".to_owned(), Item::new(value));
        new
    };
    let (old, new) = (using("all"), using("check"));
    let told = changes(&old, &new);
    assert_eq!(told[0].words(), "vars.target changed from `all` to `check`");
    assert_eq!(told[1].because.as_deref(), Some("vars.target"));
    assert_eq!(brief(&told), "vars.target changed from `all` to `check`");
    let ignoring = |files: &[(&str, &str)], lines: &[&str]| {
        let mut new = with_files(files);
        let lines = lines.iter().map(|line| Item::new(*line)).collect();
        new.said.tells.push(Part::list(IGNORE, lines));
        new
    };
    let old = ignoring(&[("a", "folder"), ("b", "folder")], &["*.o"]);
    let new = ignoring(&[("a", "folder")], &["*.o", "b"]);
    let told = changes(&old, &new);
    assert_eq!(told[0].words(), ".dockerignore `b` added");
    assert_eq!(told[1].because.as_deref(), Some(".dockerignore"));
    assert_eq!(brief(&told), ".dockerignore `b` added");
}

#[test]
fn another_key_is_never_nothing() {
    let old = record(&[("run", &["a"])]);
    let mut new = old.clone();
    new.key = "another".to_owned();
    new.rest.insert("script".to_owned(), "x".to_owned());
    let told = changes(&old, &new);
    assert_eq!(told[0].what, What::Script);
    assert!(brief(&told).contains("runenv's own lines"));
}

/// Whatever is in a record, a label is short; and what it leaves out is not told as new.
#[test]
fn a_key_that_is_not_known_is_no_change() {
    let known = record(&[("run", &["a"])]);
    let unknown = Record {
        key: String::new(),
        ..known.clone()
    };
    assert_eq!(changes(&known, &unknown), []);
}

#[test]
fn a_label_is_bounded() {
    let words: Vec<String> = (0..3000).map(|n| format!("package-{n}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let names: Vec<String> = (0..500).map(|n| format!("env.A_LONG_NAME_{n}")).collect();
    let mut parts: Vec<(&str, &[&str])> = vec![("packages", &words)];
    let old = record(&parts);
    assert!(old.label().len() < 100, "{}", old.label());
    let new = record(&[("packages", &words[1..])]);
    says(
        &old,
        &new,
        &["package `package-0` removed"],
        &["packages changed"],
    );
    parts.extend(names.iter().map(|name| (name.as_str(), ["x"].as_slice())));
    let old = record(&parts);
    let label = old.label();
    assert!(label.len() <= 4096, "{}", label.len());
    says(&old, &old, &[], &[]);
    let back = Record::of_label(&label, &old.key, None).unwrap();
    assert!(back.cut && back.said.acts.len() > 100);
}

#[test]
fn a_label_that_is_broken_says_nothing() {
    let label = record(&[("env.CC", &["gcc"]), ("run", &[])]).label();
    assert_eq!(label, ".script=6c737280 env.CC=390bdbc1 run=");
    let of = |label: &str| Record::of_label(label, "key", None);
    assert!(of(&label).is_some());
    for broken in [
        "",
        " ",
        "=",
        "env.CC=390bdbc1",
        ".script",
        ".script=",
        ".script=6c73728",
        ".script=\u{1b}[2J5b5b",
        ".script=6c737280  env.CC=390bdbc1",
        ".script=6c737280 =390bdbc1",
        ".script=6c737280 env.CC=390bdbc1,",
        ".script=6c737280 env.CC=gcc",
        ".script=6c737280 $x=",
        "{\"script\":1}",
    ] {
        assert!(of(broken).is_none(), "{broken:?}");
    }
}
