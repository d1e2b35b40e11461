//! The texts alone; `tests/cli/managers.rs` runs them.

use super::*;
use crate::catalog::managers::{self, MANAGERS};

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}

fn texts(job: &Job<'_>) -> Vec<String> {
    lines(job).into_iter().map(|line| line.evaluated).collect()
}

fn job<'a>(manager: &'a Manager, names: &'a [String]) -> Job<'a> {
    Job {
        manager,
        names,
        options: &[],
        before: &[],
        after: &[],
        ignore_missing: false,
        image: true,
        archive: None,
    }
}

#[test]
fn every_manager_has_its_functions() {
    for manager in &MANAGERS {
        let name = manager.name;
        assert!(!manager.missing().is_empty(), "{name}");
        assert!(manager.install().contains("$options "), "{name}");
        assert!(!manager.clean().is_empty(), "{name}");
        assert!(!manager.installed().is_empty(), "{name}");
        assert!(manager.update().is_some() || name == "conda");
        for function in ["rewrite", "used", "restore"] {
            let begin = format!("{function}() {{\n");
            assert!(manager.archive.is_none_or(|a| a.contains(&begin)), "{name}");
        }
    }
}

#[test]
fn names_and_options_stay_one_quoted_word_each() {
    let (names, options) = (words(&["foo; reboot", "x[y]"]), words(&["--opt=a b"]));
    for manager in &MANAGERS {
        for ignore_missing in [false, true] {
            let text = texts(&Job {
                options: &options,
                ignore_missing,
                ..job(manager, &names)
            });
            let text = text.join("\n");
            assert!(text.contains("set -- 'foo; reboot' 'x[y]'\n"), "{text}");
            assert!(text.contains(" '--opt=a b' "), "{text}");
            assert!(!text.contains("$options"), "{text}");
        }
    }
}

#[test]
fn lines_of_the_file_stand_around() {
    let manager = managers::find("apt").unwrap();
    let (before, after, names) = (words(&["a"]), words(&["b"]), words(&["make"]));
    let around = Job {
        before: &before,
        after: &after,
        archive: Some(("2001-02-03", "http://x/debian")),
        ..job(manager, &[])
    };
    let all = texts(&around);
    assert_eq!(all[1..], ["a", "b"]);
    assert!(all[0].contains("-gt 20010203 ]"), "{}", all[0]);
    let told = lines(&Job {
        names: &names,
        ..around
    });
    let told: Vec<&str> = told.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(told[0], told[2]);
    assert!(told[0].ends_with(" # after 2001-02-03 from http://x/debian"));
    assert_eq!((told.len(), told[1], told[4]), (6, "a", "b"));
    // Nothing that is asked for, nothing that is done.
    assert_eq!(texts(&job(manager, &[])).len(), 0);
}

#[test]
fn a_person_gets_one_line_to_type() {
    let names = words(&["a b", "c"]);
    let expected = [
        ("zypper", "zypper -n install --no-recommends -- 'a b' c"),
        ("yum", "yum -y install -- 'a b' c"),
        (
            "slackpkg",
            "slackpkg -batch=on -default_answer=y install 'a b' c",
        ),
        ("brew", "brew install 'a b' c"),
    ];
    for (name, line) in expected {
        assert_eq!(install_line(managers::find(name).unwrap(), &names), line);
    }
}
