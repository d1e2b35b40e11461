//! Texts taken apart: what acts, what does not, and how long it may take.

use super::*;

fn names(text: &str) -> Vec<String> {
    let name = |p: &Part| match p {
        Part::Use(used) => format!("<{}>", used.name),
        Part::Text(text) => text.clone(),
        Part::Element => "<>".into(),
    };
    Template::parse(text).0.iter().map(name).collect()
}

#[test]
fn only_names_in_braces_act() {
    assert_eq!(names("make -j{jobs} x"), ["make -j", "<jobs>", " x"]);
    for alone in [
        "${HOME}",
        "{a,b}",
        "awk '{print $1}'",
        "{ x }",
        "{A}",
        "{a b}",
        "{9}",
    ] {
        assert_eq!(names(alone), [alone], "{alone}");
    }
    assert_eq!(names("{{name}}"), ["{name}"]);
    assert_eq!(names("{env:HOME}{x}"), ["<env:HOME>", "<x>"]);
    assert_eq!(names("a{}b"), ["a", "<>", "b"]);
}

#[test]
fn defaults_and_filters_nest() {
    let parsed = Template::parse("{env:X:{y:1|2}|words}");
    let used = parsed.only().expect("one substitution");
    assert_eq!(used.name, "env:X");
    assert_eq!(used.filters, [Filter::Words]);
    assert_eq!(
        used.default
            .as_ref()
            .and_then(Template::only)
            .map(|u| u.name.as_str()),
        Some("y")
    );
    let each = Template::parse("{package-keys|each:--with-system-{}=yes}");
    let Some(Use { filters, .. }) = each.only() else {
        panic!("one substitution")
    };
    assert!(matches!(&filters[0], Filter::Each(t) if t.0.len() == 3));
}

#[test]
fn what_is_not_closed_is_text() {
    for text in [
        "{a:", "{a|", "{a:{b", "{a:{", "x{{a", "{{{", "{a:}x{", "${a:",
    ] {
        let whole: String = names(text).concat();
        let expected = text.replace("{a:}", "<a>");
        assert_eq!(whole, expected, "{text}");
    }
    assert_eq!(names("{a:{b}"), ["{a:", "<b>"]);
    assert_eq!(names("${a:{b}}"), ["${a:", "<b>", "}"]);
    assert_eq!(names("{a:x|y}z"), ["<a>", "z"]);
}

#[test]
fn what_braces_gave_is_put_in_where_the_name_acts() {
    for (text, expected) in [
        ("gcc-{match} {x}", "gcc-9 {x}"),
        ("{match}{match}", "99"),
        ("{{match}}", "{{match}}"),
        ("${match}", "${match}"),
        ("{matches} {match ", "{matches} {match "),
    ] {
        assert_eq!(give(text, "9"), expected, "{text}");
    }
    for (text, expected) in [
        ("{x{match}}", "{x9}"),
        ("{{{match}}}", "{{match}}"),
        ("${CC:-gcc-{match}}", "${CC:-gcc-9}"),
    ] {
        let given = give(text, "9");
        let part = |part: Part| match part {
            Part::Text(text) => text,
            Part::Use(used) => used.given.expect("it is given"),
            Part::Element => String::new(),
        };
        let whole: String = Template::parse(&given).0.into_iter().map(part).collect();
        assert_eq!(whole, expected, "{text}");
    }
    let given = give("{env:X:{match|raw}}{match|each:a{}b}{match:d}", "9-a");
    let parsed = Template::parse(&given);
    let [Part::Use(x), Part::Use(each), Part::Use(with_default)] = parsed.0.as_slice() else {
        panic!("{parsed:?}")
    };
    let inner = x.default.as_ref().and_then(Template::only).unwrap();
    assert_eq!(inner.given.as_deref(), Some("9-a"));
    assert_eq!(inner.filters, [Filter::Raw]);
    assert!(matches!(&each.filters[0], Filter::Each(t) if t.0.len() == 3));
    assert_eq!(with_default.given.as_deref(), Some("9-a"));
    assert!(with_default.default.is_some());
}

/// Time and depth stay small, whatever the text is.
#[test]
fn a_text_of_braces_is_read_in_no_time() {
    let n = 100_000;
    for text in ["{a:", "{", "{{a", "{a|each:", "}{", "{a:x}", "{a|b"] {
        Template::parse(&text.repeat(n));
    }
    let nested = "{a:".repeat(n) + &"}".repeat(n);
    let (mut template, mut depth) = (Template::parse(&nested), 0);
    while let Some(inner) = template.only().and_then(|used| used.default.clone()) {
        (template, depth) = (inner, depth + 1);
    }
    assert_eq!(depth, DEEPEST);
    let deepest = template.only().expect("the last one that is read");
    assert_eq!(deepest.filters, [Filter::TooDeep]);
}
