//! What patterns take, and the problems of those that take nothing or what cannot be copied.

use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::super::tree::Tree;

fn sample() -> Tree {
    Tree::new()
        .file("configure.ac", "x")
        .file("build/a.c", "x")
        .file("build/deep/b.c", "x")
        .file("build/deep/run", "x")
        .mode("build/deep/run", 0o654)
        .folder("empty/inner")
        .link("empty/out", "/etc/shadow")
        .link("loop", "build")
        .file(".runenv/files.cache", "x")
        .file("sub/.runenv/x", "x")
}

#[test]
fn patterns_take_files_folders_and_links_as_they_are() {
    let tree = sample();
    for (patterns, expected) in [
        (vec!["configure.ac"], vec!["configure.ac"]),
        (
            vec!["./build//deep/"],
            vec!["build/deep/", "build/deep/b.c", "build/deep/run*"],
        ),
        (
            vec!["build/**"],
            vec![
                "build/a.c",
                "build/deep/",
                "build/deep/b.c",
                "build/deep/run*",
            ],
        ),
        (vec!["**/*.c"], vec!["build/a.c", "build/deep/b.c"]),
        (vec!["*/*.c"], vec!["build/a.c"]),
        (
            vec!["*/d*"],
            vec!["build/deep/", "build/deep/b.c", "build/deep/run*"],
        ),
        (
            vec!["empty"],
            vec!["empty/", "empty/inner/", "empty/out -> /etc/shadow"],
        ),
        (vec!["l*"], vec!["loop -> build"]),
        (
            vec!["loop", "build/*.c", "build/a.c"],
            vec!["build/a.c", "loop -> build"],
        ),
        (vec!["sub"], vec!["sub/", "sub/.runenv/", "sub/.runenv/x"]),
    ] {
        assert_eq!(tree.list(&patterns), expected, "{patterns:?}");
    }
}

#[test]
fn everything_is_all_but_our_own_folder() {
    let everything = sample().list(&["."]);
    assert_eq!(everything.len(), 13);
    assert!(
        !everything.iter().any(|path| path.starts_with(".runenv")),
        "{everything:?}"
    );
    assert_eq!(sample().list(&["**"]), everything);
}

#[test]
fn dockerignore_is_obeyed_and_takes_back() {
    let tree = sample().file(".dockerignore", "*\n!build\nbuild/deep/*\n!**/run\n");
    assert_eq!(
        tree.list(&["."]),
        ["build/", "build/a.c", "build/deep/", "build/deep/run*"]
    );
    assert_eq!(
        tree.list(&["build/deep"]),
        ["build/deep/", "build/deep/run*"]
    );
    let tree = sample().file(".dockerignore", "build\n!build/deep/b.c\n");
    assert_eq!(tree.list(&["build"]), ["build/deep/b.c"]);
}

/// Pattern, what the title holds, what the help holds; beside `build`, with `configure.ac` left out.
const REFUSED: [(&str, &str, &str); 18] = [
    (
        "biuld/deep",
        "`biuld/deep` matches no file",
        "did you mean `build`?",
    ),
    ("build/dep", "matches no file", "did you mean `build/deep`?"),
    (
        "build/xyzzyx",
        "matches no file",
        "there is no `build/xyzzyx`",
    ),
    ("biuld/**", "matches no file", "did you mean `build`?"),
    (
        "build/*.h",
        "matches no file",
        "`build` is there, but nothing in it has such a name",
    ),
    (
        "*.h",
        "matches no file",
        "the tree is there, but nothing in it has such a name",
    ),
    (
        "build/a.c/x",
        "matches no file",
        "`build/a.c` is not a folder",
    ),
    (
        "configure.ac",
        "matches no file",
        "`.dockerignore` leaves out all",
    ),
    ("c*", "matches no file", "`.dockerignore` leaves out all"),
    (
        ".runenv/files.cache",
        "matches no file",
        "runenv's own folder",
    ),
    ("../x", "leads out of the tree", "only files below"),
    (r"\../x", "leads out of the tree", "only files below"),
    ("/etc", "not a path inside the tree", "relative"),
    ("~/x", "not a path inside the tree", "relative"),
    (
        "a[",
        "no pattern: `[` is never closed",
        "for the character itself",
    ),
    ("", "an empty or broken path", "name a file"),
    (
        "loop/a.c",
        "`loop` is a link, to `build`",
        "name the folder itself",
    ),
    (
        "loop/**",
        "`loop` is a link, to `build`",
        "name the folder itself",
    ),
];

#[test]
fn what_takes_nothing_is_named_with_its_place_and_an_advice() {
    let tree = sample().file(".dockerignore", "configure.ac");
    for (pattern, title, help) in REFUSED {
        let problem = tree.collect(&["build", pattern]).unwrap_err();
        assert!(
            problem.title.contains(title) && problem.help[0].contains(help),
            "{pattern}: {problem:?}"
        );
        assert_eq!(problem.places[0].to_string(), "envs.toml:2:1");
    }
}

#[test]
fn special_files_are_named_and_never_opened() {
    let tree = Tree::new().file("d/a", "").file("ok", "");
    mknodat(
        CWD,
        tree.root().join("d/pipe"),
        FileType::Fifo,
        Mode::RWXU,
        0,
    )
    .unwrap();
    let problem = tree.collect(&["d"]).unwrap_err();
    assert_eq!(problem.title, "`d/pipe` is a pipe, which cannot be copied");
    assert_eq!(problem.places[0].to_string(), "envs.toml:1:1");
    assert_eq!(tree.list(&["d/a", "ok"]), ["d/a", "ok"]);
    let tree = tree.file(".dockerignore", "**/pipe\n.dockerignore");
    assert_eq!(tree.list(&["."]), ["d/", "d/a", "ok"]);
    let _socket = UnixListener::bind(tree.root().join("s\n")).unwrap();
    assert_eq!(
        tree.collect(&["."]).unwrap_err().title,
        "`s\\n` is a socket, which cannot be copied"
    );
}

#[test]
fn names_are_any_bytes() {
    let long = "n".repeat(250);
    let tree = Tree::new()
        .file(b"\xff\xfe", "1")
        .file("a\nb", "2")
        .file(format!("{long}/{long}"), "3")
        .file("-n", "4");
    let manifest = tree.collect(&["."]).unwrap();
    let paths: Vec<&[u8]> = manifest
        .entries()
        .iter()
        .map(|e| e.path.as_slice())
        .collect();
    let deep = format!("{long}/{long}");
    assert_eq!(
        paths,
        [
            b"-n".as_slice(),
            b"a\nb",
            long.as_bytes(),
            deep.as_bytes(),
            b"\xff\xfe"
        ]
    );
}
