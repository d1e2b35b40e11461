//! What a child may write, and what a terminal gets of it.

use super::*;

fn clean<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, colour: bool) -> String {
    let mut cleaner = Cleaner::new(colour);
    let mut out = String::new();
    for chunk in chunks {
        cleaner.push(chunk, &mut out);
    }
    cleaner.end_line(&mut out);
    out
}

/// What a child writes, and what of it a terminal with colours gets.
const NASTY: [(&[u8], &str); 38] = [
    (b"", ""),
    (b"plain\n", "plain\n"),
    (b"no newline", "no newline\n"),
    (b"\n\n", "\n\n"),
    (b"\ta\tb\n", "\ta\tb\n"),
    (b"\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n"),
    (b"\x1b[1;38;5;0mleft on\n", "\x1b[1;38;5;0mleft on\n\x1b[0m"),
    (
        b"\x1b[4:3;58:2::1:2:3mx\x1b[m\n",
        "\x1b[4:3;58:2::1:2:3mx\x1b[m\n",
    ),
    (b"\x1b[01m\x1b[Kgcc\x1b[m\x1b[K\n", "\x1b[01mgcc\x1b[m\n"),
    (b"\x1b(B\x1b[mtput\n", "\x1b[mtput\n"),
    (b"a\x1b[2J\x1b[1;1Hb\x1b[6n\x1b[?25lc\n", "abc\n"),
    (b"\x1b[>4;2mkeys\x1b[?4m\n", "keys\n"),
    (b"\x1b[3 qcursor\x1b[1$p\n", "cursor\n"),
    (b"\x1b]52;c;cm0gLXJm\x07x\n", "x\n"),
    (b"\x1b]0;title\x1b\\x\n", "x\n"),
    (
        b"\x1b]8;;http://a/\xc3\xa4\x1b\\link\x1b]8;;\x1b\\\n",
        "link\n",
    ),
    (
        b"\x1bP+q544e\x1b\\\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\x\n",
        "x\n",
    ),
    (
        b"\x1b]0;never ends\nnext\n",
        "\u{241b}]0;never ends\nnext\n",
    ),
    (b"\x1b]0;t\xc3\xa4", "\u{241b}]0;t\u{e4}\n"),
    (b"\x1b]0;a\x1b[31mb\n", "\u{241b}]0;a\x1b[31mb\n\x1b[0m"),
    (b"\x1b]0;a\x1b", "\u{241b}]0;a\u{241b}\n"),
    (
        b"\x1bcreset\x1b7\x1b8\x1bM\n",
        "\u{241b}creset\u{241b}7\u{241b}8\u{241b}M\n",
    ),
    (b"\x1b\x1b\x1b[31m\n", "\u{241b}\u{241b}\x1b[31m\n\x1b[0m"),
    (b"\x1b", "\u{241b}\n"),
    (b"\x1b[31", "\u{241b}[31\n"),
    (b"\x1b[31\nx\n", "\u{241b}[31\nx\n"),
    (b"\x1b[3\xc3\xa41m\n", "\u{241b}[3\u{e4}1m\n"),
    (
        b"\xc2\x9b31mc1\xc2\x9d0;x\x07\n",
        "\u{241b}31mc1\u{241b}0;x\u{2407}\n",
    ),
    (b"\x9b2J\x90\n", "\u{fffd}2J\u{fffd}\n"),
    (b"a\r\nb\r\r\nc\n", "a\nb\nc\n"),
    (b"10%\r20%\rdone\n", "10%\n20%\ndone\n"),
    (b"\rx\r", "x\n"),
    (b"x\r\x1b[31my\n", "x\n\x1b[31my\n\x1b[0m"),
    (
        b"ab\x08\x08\x07\x00\x7f\x0e\x0b\n",
        "ab\u{2408}\u{2408}\u{2407}\u{2400}\u{2421}\u{240e}\u{240b}\n",
    ),
    (
        b"\xff\xe2\x82\xf0\x9f\x98x\xc3\n",
        "\u{fffd}\u{fffd}\u{fffd}x\u{fffd}\n",
    ),
    (b"\xf0\x9f\x98\x80 \xe2\x82\xac", "\u{1f600} \u{20ac}\n"),
    (b"\xed\xa0\x80\n", "\u{fffd}\u{fffd}\u{fffd}\n"),
    (b"\xe2\x80\xaeabc\xe2\x81\xa6\n", "\u{fffd}abc\u{fffd}\n"),
];

#[test]
fn nothing_acts_but_colours_however_it_is_cut() {
    for (input, expected) in NASTY {
        assert_eq!(clean([input], true), expected, "{input:?}");
        assert_eq!(clean(input.chunks(1), true), expected, "{input:?} by bytes");
        for at in 0..=input.len() {
            let (before, after) = input.split_at(at);
            assert_eq!(
                clean([before, after], true),
                expected,
                "{input:?} cut at {at}"
            );
        }
    }
}

#[test]
fn without_colour_nothing_acts_at_all() {
    for (input, _) in NASTY {
        let out = clean([input], false);
        let acts = |c: &char| c.is_control() && !matches!(c, '\n' | '\t');
        assert_eq!(out.chars().find(acts), None, "{input:?}");
    }
    assert_eq!(clean([&b"\x1b[31mred\x1b[0m\n"[..]], false), "red\n");
}

#[test]
fn every_pair_of_bytes_gives_harmless_text() {
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let out = clean([&[0x1b, first, second, b'm'][..], &[first, second]], false);
            let acts = |c: &char| c.is_control() && !matches!(c, '\n' | '\t');
            assert_eq!(out.chars().find(acts), None, "{first:#x} {second:#x}");
        }
    }
}

#[test]
fn endless_sequences_are_shown_and_not_kept() {
    for start in ["\x1b]0;", "\x1bP", "\x1b["] {
        let mut cleaner = Cleaner::new(true);
        let mut out = String::from(start);
        cleaner.push(start.as_bytes(), &mut out);
        for _ in 0..100 {
            cleaner.push(&[b'1'; 1000], &mut out);
        }
        assert!(cleaner.held.capacity() <= 2 * STRING_LIMIT, "{start:?}");
        assert!(out.ends_with("1111"), "{start:?}");
        assert_eq!(out.matches('1').count(), 100_000, "{start:?}");
    }
}

#[test]
fn lines_that_are_there_are_one_line_each() {
    assert_eq!(line("a\r\n", false), "a");
    assert_eq!(line("10%\r20%\x1b[K", false), "… 20%");
    assert_eq!(line("\x1b[31mred", true), "\x1b[31mred\x1b[0m");
    assert_eq!(
        line(&"ä".repeat(1_000_000), false).chars().count(),
        LINE_LIMIT + 2
    );
    assert_eq!(visible("a\nb\x1b]"), "a␊b␛]");
    assert_eq!(visible_lines("1\n2\x07\n3", 2), ["1", "2␇", "…"]);
}
