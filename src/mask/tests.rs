//! Every form, every cut.

use proptest::prelude::*;

use super::*;

fn masked(mask: &Mask, text: &str) -> String {
    mask.text(text).into_owned()
}

fn in_pieces(mask: &Mask, bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
    let (mut masker, mut out, mut from) = (mask.masker(), Vec::new(), 0);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.push(bytes.len());
    cuts.sort_unstable();
    for cut in cuts {
        out.extend(masker.feed(&bytes[from..cut]).iter());
        from = cut;
    }
    out.extend(masker.rest());
    out
}

#[test]
fn a_secret_is_masked_however_it_is_written() {
    let mask = Mask::of(["it's \"so/so\" $x\n"]);
    for text in [
        r#"it's "so/so" $x"#,
        r#"it'\''s "so/so" $x"#,
        "it'\"'\"'s \"so/so\" $x",
        r#"it's \"so/so\" \$x"#,
        r#"it\'s\ \"so/so\"\ \$x"#,
        r#"it\'s "so/so" $x"#,
        r#"it's \"so\/so\" $x"#,
        "it&#39;s &quot;so/so&quot; $x",
        "it%27s%20%22so%2Fso%22%20%24x",
        "it%27s+%22so%2fso%22+%24x",
    ] {
        let out = masked(&mask, &format!("<{text}>"));
        let mixed = text.contains("%2f");
        assert_eq!(out == "<***>", !mixed, "{text} gives {out}");
    }
    assert_eq!(masked(&Mask::of(["abc", "a\nb\n"]), "abc a b"), "abc a b");
    assert!(is_short("abc\n") && !is_short("abcd"));
}

#[test]
fn lines_and_overlaps_are_masked() {
    let mask = Mask::of(["first line\nab\nthird line\n", "line of", "abcdef", "efgh"]);
    assert_eq!(masked(&mask, "a third line\nab\n"), "a ***\nab\n");
    assert_eq!(masked(&mask, "first line\nab\nthird line."), "***.");
    assert_eq!(masked(&mask, "third line of"), "***");
    assert_eq!(masked(&mask, "abcdefgh abcde efgh"), "*** abcde ***");
}

#[test]
fn base64_is_masked_at_every_offset_and_over_lines() {
    let secret = "a token of some length, longer than a line of base64 has place for: 0123456789";
    let mask = Mask::of([secret]);
    for before in ["", "u", "us", "user:"] {
        let whole = forms::base64(format!("{before}{secret} and more").as_bytes());
        for text in whole {
            let text = String::from_utf8(text).unwrap();
            let lines: Vec<&str> = [&text[..40], &text[40..76], &text[76..]].into();
            for text in [text.clone(), lines.join("\n"), lines.join("\r\n")] {
                let out = masked(&mask, &text);
                assert!(out.contains("***") && out.len() < 40, "{text} gives {out}");
            }
        }
    }
}

#[test]
fn what_is_no_secret_goes_through_at_once() {
    let mask = Mask::of(["secret"]);
    let mut masker = mask.masker();
    assert_eq!(&*masker.feed(b"a line\n"), b"a line\n");
    assert_eq!(&*masker.feed(b"not secre"), b"not ");
    assert_eq!(&*masker.feed(b"t\nsec"), b"***\n");
    assert_eq!(masker.rest(), b"sec");
    assert!(matches!(
        Mask::default().masker().feed(b"x"),
        Cow::Borrowed(b"x")
    ));
    let mut json = serde_json::json!({ "a": ["x secret", 1], "b": null });
    mask.json(&mut json);
    assert_eq!(json, serde_json::json!({ "a": ["x ***", 1], "b": null }));
}

/// Any cut gives the same, and nothing of a form is left.
#[test]
fn any_cut_of_the_stream_gives_the_same_bytes() {
    let value = "[ab'\n\"$é=]{4,12}";
    proptest!(|(
        values in proptest::collection::vec(value, 1..4),
        parts in proptest::collection::vec((0usize..4, 0usize..64, "[ab'\n]{0,5}"), 0..12),
        cuts in proptest::collection::vec(0usize..400, 0..12),
    )| {
        let mask = Mask::of(values.iter().map(String::as_str));
        let mut stream = Vec::new();
        for (value, form, between) in parts {
            let value = values[value % values.len()].trim_end_matches(['\n', '\r']);
            let forms: Vec<Vec<u8>> =
                forms::written(value).into_iter().chain(forms::base64(value.as_bytes())).collect();
            stream.extend(&forms[form % forms.len()]);
            stream.extend(between.bytes());
        }
        let whole = in_pieces(&mask, &stream, &[]);
        prop_assert_eq!(&in_pieces(&mask, &stream, &cuts), &whole);
        for value in values.iter().filter(|value| !is_short(value)) {
            let value = value.trim_end_matches(['\n', '\r']).as_bytes();
            prop_assert!(!whole.windows(value.len()).any(|w| w == value));
        }
    });
}

/// The slow and plain way finds the same.
#[test]
fn words_are_found_as_by_looking_at_every_place() {
    proptest!(|(words in proptest::collection::vec("[abc]{1,5}", 1..8), text in "[abc]{0,60}")| {
        let list: Vec<Vec<u8>> = words.iter().map(|w| w.clone().into_bytes()).collect();
        let automaton = Automaton::of(&list);
        let mut state = automaton::State::default();
        for end in 1..=text.len() {
            let found = automaton.step(&mut state, text.as_bytes()[end - 1]);
            let ends = words.iter().filter(|w| text[..end].ends_with(w.as_str()));
            prop_assert_eq!(found, ends.map(String::len).max().unwrap_or(0));
            let begins = (0..=end).find(|from| words.iter().any(|w| w.starts_with(&text[*from..end])));
            prop_assert_eq!(automaton.depth(state), end - begins.unwrap());
        }
    });
}

/// What programs of other languages print.
#[test]
fn json_of_every_language_is_masked() {
    let secret = "<é/&'+\"\u{1f511}\u{7f}\u{1}=`>";
    let mask = Mask::of([secret]);
    for text in [
        // Go, json.Marshal.
        r#"\u003cé/\u0026'+\"🔑"#.to_owned() + "\u{7f}" + r"\u0001=`\u003e",
        // Python, json.dumps.
        r#"<\u00e9/&'+\"\ud83d\udd11\u007f\u0001=`>"#.to_owned(),
        // PHP, json_encode.
        r#"<\u00e9\/&'+\"\ud83d\udd11\u007f\u0001=`>"#.to_owned(),
        // JavaScript, JSON.stringify.
        r#"<é/&'+\"🔑"#.to_owned() + "\u{7f}" + r"\u0001=`>",
        // Java, Gson.
        r#"\u003cé/\u0026\u0027+\"🔑"#.to_owned() + "\u{7f}" + r"\u0001\u003d`\u003e",
        // .NET, System.Text.Json.
        r"\u003C\u00E9/\u0026\u0027\u002B\u0022\uD83D\uDD11\u007F\u0001=\u0060\u003E".to_owned(),
    ] {
        assert_eq!(masked(&mask, &format!("[\"{text}\"]")), "[\"***\"]");
    }
}
