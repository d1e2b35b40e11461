//! Cases of moby's own tests by meaning, and what differs between a file's text and a list of patterns.

use super::*;

fn excludes(lines: &str, path: &str) -> bool {
    Patterns::parse_ignore(".dockerignore", lines.as_bytes())
        .unwrap()
        .excludes(path.as_bytes())
}

#[test]
fn double_stars() {
    for (pattern, path, expected) in [
        ("**", "file", true),
        ("**/", "dir/file", true),
        ("**/**", "dir/file", true),
        ("dir/**", "dir/dir2/file", true),
        ("abc/**", "abc", false),
        ("abc/**", "abcd", false),
        ("abc**", "abcd/e", true),
        ("**/dir", "dir", true),
        ("**/dir", "dir/file", true),
        ("**/dir2/*", "dir/dir2/file", true),
        ("**/dir2/**", "dir/dir2/dir3/file", true),
        ("**file", "dir/dir/file", true),
        ("**file", "dir/profile", true),
        ("**/file", "dir/profile", false),
        ("**/.foo", "bar.foo", false),
        ("**/file*.txt*", "dir/dir/file.txt", true),
        ("**/**/*.txt", "file.txt", true),
        ("**/**/*.txt2", "dir/dir/file.txt", false),
        ("a**/*.txt", "a/dir/dir/file.txt", true),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b/z", true),
        ("a/*.txt**", "a/file.txt", true),
        ("***", "a", true),
    ] {
        assert_eq!(excludes(pattern, path), expected, "{pattern} {path}");
    }
}

#[test]
fn single_wildcards_classes_and_escapes() {
    for (pattern, path, expected) in [
        ("a/*.txt", "a/dir/file.txt", false),
        ("a/*.txt", "a/file.txt", true),
        ("*", "a/b", true),
        ("*/b", "a/b/c", true),
        ("*/b", "b", false),
        ("a[b-d]e", "ace", true),
        ("a[b-d]e", "aae", false),
        ("a[^b-d]e", "aze", true),
        ("a[\\]\\-]e", "a]e", true),
        ("[*]", "*", true),
        (".*", "foo", false),
        ("abc.def", "abcZdef", false),
        ("abc?def", "abcZdef", true),
        ("a?b", "aéb", true),
        ("a?b", "a/b", false),
        ("a\\*b", "a*b", true),
        ("a\\*b", "axb", false),
        ("a\\\\", "a\\", true),
        ("a.|)$(}+{bc", "a.|)$(}+{bc", true),
        ("a(b)c/def", "a(b)c/def", true),
        ("*.{a,b}", "x.{a,b}", true),
    ] {
        assert_eq!(excludes(pattern, path), expected, "{pattern} {path}");
    }
}

#[test]
fn what_docker_lets_through_to_its_regex() {
    for (pattern, path, expected) in [
        ("a|b*", "bcd", true),
        ("a|b*", "x/abcd", true),
        ("a|b", "a", false),
        ("\\d", "7", true),
        ("\\d", "d", false),
        ("\\a", "a", false),
        ("a^*", "a^b", false),
    ] {
        assert_eq!(excludes(pattern, path), expected, "{pattern} {path}");
        let own = Pattern::parse(pattern.as_bytes()).unwrap();
        let name = pattern.replace('\\', "");
        assert!(
            own.matches(name.as_bytes()) && !own.matches(b"b"),
            "{pattern}"
        );
    }
    let refused = Patterns::parse_ignore("i", b"\\q");
    assert!(refused.is_err() && Pattern::parse(b"\\q").is_ok());
    assert!(!excludes("*\n!\\d/x", "7/x"));
}

#[test]
fn the_last_line_that_matches_wins() {
    for (lines, path, expected) in [
        ("docs\n!docs/README.md", "docs/README.md", false),
        ("docs/\n!docs/README.md", "docs/README.md", false),
        ("docs/*\n!docs/README.md", "docs/other.md", true),
        ("!a.go\n*.go", "a.go", true),
        ("*.go\n!a.go", "a.go", false),
        ("**\n!util/docker/web", "util/docker/web/foo", false),
        (
            "**\n!util/docker/web\nutil/docker/web/foo",
            "util/docker/web/foo",
            true,
        ),
        ("**\n!dist/*.whl", "dist/a+b.whl", false),
        ("*\n!**/*.py", "d/x.py", false),
        ("a\n!a\na", "a/b", true),
    ] {
        assert_eq!(excludes(lines, path), expected, "{lines:?} {path}");
    }
}

#[test]
fn lines_are_read_as_docker_reads_them() {
    for (lines, path, expected) in [
        ("\u{feff}a\r\n\r\n  b  \r\n", "a", true),
        ("\u{feff}a\r\n\r\n  b  \r\n", "b", true),
        ("#a\n", "#a", false),
        (" #a\n", "#a", true),
        ("\\#a\n", "#a", true),
        ("/a/file/here", "a/file/here", true),
        ("./a//b/../c/", "a/c/d", true),
        ("../a", "a", false),
        ("/../a", "a", true),
        ("a/..", "a", false),
        ("/", "a", false),
        (".", "a", false),
        ("*\n! /a", "a", false),
        ("*\n/!a", "a", false),
        ("a\n!!a", "a", true),
    ] {
        assert_eq!(excludes(lines, path), expected, "{lines:?} {path}");
    }
}

#[test]
fn no_name_of_a_glob_leads_out_by_an_escape() {
    for text in ["../a", "a/../b", r"\../a", r".\.", r"a/\.\./b", r"a/\."] {
        assert!(Pattern::parse(text.as_bytes()).is_err(), "{text}");
    }
    for text in [".", "./a", r"\.a", r"..\.", ".[.]/a"] {
        assert!(Pattern::parse(text.as_bytes()).is_ok(), "{text}");
    }
    assert!(excludes(r"\../a", "../a"));
}

#[test]
fn a_line_that_is_no_pattern_is_shown_at_its_place() {
    for (line, reason) in [
        ("[", "never closed"),
        ("ab[c", "never closed"),
        ("[]a]", "empty"),
        ("[x-]", "begins or ends"),
        ("[-x]", "begins"),
        ("a\\", "ends it"),
        ("!", "follows"),
        ("!/", "follows"),
        ("[z-a]", "no range"),
    ] {
        let text = format!("good\n{line}\n");
        let problem = Patterns::parse_ignore(".dockerignore", text.as_bytes()).unwrap_err();
        assert!(problem.title.contains(reason), "{line}: {}", problem.title);
        assert_eq!(problem.places[0].to_string(), ".dockerignore:2:1");
        assert_eq!(
            &problem.places[0].source.text[problem.places[0].span.clone()],
            line
        );
    }
}

#[test]
fn names_that_are_not_text_are_compared_as_bytes() {
    let ignore = Patterns::parse_ignore("i", b"ab\xff\n?\xfe*\n**/x\xfd").unwrap();
    assert!(ignore.excludes(b"ab\xff") && !ignore.excludes(b"ab\xfe"));
    assert!(ignore.excludes(b"\xe2\xfe1") && !ignore.excludes("é\u{301}".as_bytes()));
    assert!(ignore.excludes(b"d/x\xfd") && !ignore.excludes(b"d/x\xfc"));
    assert!(excludes("?", "\n") && excludes("a*", "a\n"));
}

#[test]
fn a_huge_pattern_is_refused_and_a_long_one_is_fast() {
    assert!(Pattern::parse("?".repeat(100_000).as_bytes()).is_err());
    let pattern = Pattern::parse("*a".repeat(200).as_bytes()).unwrap();
    assert!(
        !pattern.matches("a".repeat(199).as_bytes())
            && pattern.matches("a".repeat(4000).as_bytes())
    );
}

#[test]
fn what_a_walk_asks() {
    let of = |text: &str| {
        let pattern = Pattern::parse(text.as_bytes()).unwrap();
        let (fixed, whole) = pattern.fixed();
        (String::from_utf8(fixed).unwrap(), whole, pattern.depth())
    };
    assert_eq!(of("a/b/*.c"), ("a/b".into(), false, Some(3)));
    assert_eq!(of("a\\*/b/"), ("a*/b".into(), true, Some(2)));
    assert_eq!(of("build/**"), ("build".into(), false, None));
    assert_eq!(of("[^a]"), (String::new(), false, None));
    let ignore = Patterns::parse_ignore("i", b"*\n!a/b\n!c/*.py").unwrap();
    for (folder, expected) in [
        ("a", true),
        ("a/b/c", true),
        ("a/x", false),
        ("ab", false),
        ("c", true),
        ("c/d", true),
    ] {
        assert_eq!(
            ignore.may_take_back_below(folder.as_bytes()),
            expected,
            "{folder}"
        );
    }
}
