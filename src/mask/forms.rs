//! How a secret looks where it is printed: as it is, in quotes, escaped, as base64. Not known are those that turn it
//! into something else: hexadecimal digits, another alphabet, its bytes backwards.

use std::collections::BTreeSet;

/// The alphabets of base64 (RFC 4648), up to the two characters in which they differ.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The value, and each of its lines that is not shorter than this.
pub(super) fn pieces(value: &str, shortest: usize) -> BTreeSet<&str> {
    let value = value.trim_end_matches(['\n', '\r']);
    let lines = value.lines().map(|line| line.trim_end_matches('\r'));
    let all = std::iter::once(value).chain(lines);
    all.filter(|piece| piece.len() >= shortest).collect()
}

/// What shells, JSON, XML and URLs make of it.
pub(super) fn written(piece: &str) -> BTreeSet<Vec<u8>> {
    let json = |text: &str| json_but(text, |_| false);
    let html = |c: char| "<>&\u{2028}\u{2029}".contains(c);
    let not_ascii = |c: char| !(' '..='~').contains(&c) && !"\n\r\t\u{8}\u{c}".contains(c);
    // A word in quotes, and in a line that stands in quotes itself.
    let quoted = piece.replace('\'', r"'\''");
    let twice = quoted.replace('\'', r"'\''");
    let xml = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let all = [
        piece.to_owned(),
        // `set -x` of dash; that of bash and busybox is `quoted`.
        piece.replace('\'', "'\"'\"'"),
        // `export -p` of bash.
        escaped(piece, |c| "\\\"$`".contains(c)),
        // `printf %q` of bash.
        escaped(piece, |c| !(c.is_alphanumeric() || "%+-./:=@_".contains(c))),
        ansi(piece),
        json(piece),
        json(piece).replace('/', r"\/"),
        // Go, today and before 1.22; Gson; Python; PHP; .NET.
        json_but(piece, html),
        json_but(piece, |c| html(c) || "\u{8}\u{c}".contains(c)),
        json_but(piece, |c| html(c) || "='".contains(c)),
        json_but(piece, not_ascii),
        json_but(piece, not_ascii).replace('/', r"\/"),
        upper(&json_but(piece, |c| not_ascii(c) || "\"&'+<>`".contains(c))),
        json(&quoted),
        json(&twice),
        quoted,
        twice.replace('\'', r"'\''"),
        twice,
        xml(piece),
        xml(piece).replace('"', "&quot;"),
        xml(piece).replace('"', "&quot;").replace('\'', "&#39;"),
        xml(piece).replace('"', "&quot;").replace('\'', "&apos;"),
        percent(piece, "-._~", |hex| hex),
        percent(piece, "-._~", |hex| hex.to_ascii_lowercase()),
        percent(piece, "-._~/", |hex| hex),
        percent(piece, "-._~", |hex| hex).replace("%20", "+"),
    ];
    all.into_iter().map(String::into_bytes).collect()
}

/// As in JSON (RFC 8259), with these characters as `\u` and the digits of UTF-16, too.
fn json_but(text: &str, digits: impl Fn(char) -> bool) -> String {
    let mut json = String::new();
    for c in text.chars() {
        let short = match c {
            '"' | '\\' => c,
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            _ => '\0',
        };
        if digits(c) || c < ' ' && short == '\0' {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            json.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else if short == '\0' {
            json.push(c);
        } else {
            json.extend(['\\', short]);
        }
    }
    json
}

/// The digits behind `\u` as capitals.
fn upper(json: &str) -> String {
    let mut parts = json.split(r"\u");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (digits, rest) = part.split_at_checked(4).unwrap_or((part, ""));
        text + r"\u" + &digits.to_ascii_uppercase() + rest
    })
}

fn escaped(text: &str, special: impl Fn(char) -> bool) -> String {
    let each = text.chars().map(|c| (special(c).then_some('\\'), c));
    each.flat_map(|(slash, c)| slash.into_iter().chain([c]))
        .collect()
}

/// As bash writes it between `$'` and `'`.
fn ansi(text: &str) -> String {
    let each = text.chars().map(|c| match c {
        '\n' => r"\n".to_owned(),
        '\r' => r"\r".to_owned(),
        '\t' => r"\t".to_owned(),
        '\u{1b}' => r"\E".to_owned(),
        '\\' | '\'' => format!("\\{c}"),
        c if c.is_ascii_control() => format!("\\{:03o}", u32::from(c)),
        c => c.to_string(),
    });
    each.collect()
}

/// As in a URL (RFC 3986).
fn percent(text: &str, kept: &str, digits: impl Fn(String) -> String) -> String {
    let each = text.bytes().map(|byte| {
        if byte.is_ascii_alphanumeric() || kept.contains(char::from(byte)) {
            char::from(byte).to_string()
        } else {
            format!("%{}", digits(format!("{byte:02X}")))
        }
    });
    each.collect()
}

/// Its base64 at the three places where it can begin in a group of three bytes, in both alphabets: the characters that
/// nothing beside it acts on.
pub(super) fn base64(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut all = BTreeSet::new();
    for last in [b"+/", b"-_"] {
        let alphabet: Vec<u8> = ALPHABET.iter().chain(last).copied().collect();
        for before in 0..3 {
            let padded = [&[0, 0][..before], bytes].concat();
            let bit = |at: usize| (padded[at / 8] >> (7 - at % 8)) & 1;
            let (begin, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
            let digit =
                |at: usize| (at * 6..at * 6 + 6).fold(0, |n, at| n << 1 | usize::from(bit(at)));
            all.insert((begin..end).map(|at| alphabet[digit(at)]).collect());
        }
    }
    all
}
