//! Braces, ranges and globs in names.
//!
//! A text is taken apart once, and its names are put together from left to right; what would be too many is an error
//! before they are made.

use crate::problem::Problem;

/// More names than this from one expression are an error.
pub(crate) const MOST_NAMES: usize = 10_000;
const MOST_BYTES: usize = 4_000_000;
/// Braces within braces.
const DEEPEST: usize = 64;

/// Expands `a-{b,c-{d,e}}-{8..11}` from left to right.
pub(crate) fn expand(text: &str) -> Result<Vec<String>, Problem> {
    let found = Reader::new(text)
        .whole()
        .and_then(|parts| product(&parts, text.len()));
    found.map_err(|wrong| wrong.problem(text))
}

/// Some of the names, among them every alternative of every brace once: as many as alternatives are written, where all
/// would be their product.
pub(crate) fn each_alternative(text: &str) -> Result<Vec<String>, Problem> {
    let found = Reader::new(text).whole().and_then(|parts| {
        let number = |part: &Part<'_>| match part {
            Part::Text(_) => 1,
            Part::Choice(choice) => choice.len(),
        };
        let all = parts.iter().map(number).try_fold(1, usize::checked_mul);
        if all.is_none_or(|all| all > MOST_NAMES) {
            return Err(Wrong::TooMany);
        }
        let name = |varied: usize, which: usize| -> String {
            let piece = |(at, part): (usize, &Part<'_>)| match part {
                Part::Text(text) => (*text).to_owned(),
                Part::Choice(choice) => choice[if at == varied { which } else { 0 }].clone(),
            };
            parts.iter().enumerate().map(piece).collect()
        };
        let mut names = vec![name(0, 0)];
        for (at, part) in parts.iter().enumerate() {
            names.extend((1..number(part)).map(|which| name(at, which)));
        }
        Ok(names)
    });
    found.map_err(|wrong| wrong.problem(text))
}

/// The same for a list: its commas outside braces separate.
pub(crate) fn list(text: &str) -> Result<Vec<String>, Problem> {
    let (mut out, mut bytes) = (Vec::new(), 0);
    for part in split(text, &[',']) {
        let parts = Reader::new(part).whole();
        let new = parts.and_then(|parts| product(&parts, part.len()));
        let new = new.map_err(|wrong| wrong.problem(text))?;
        bytes += new.iter().map(String::len).sum::<usize>();
        out.extend(new);
        if out.len() > MOST_NAMES || bytes > MOST_BYTES {
            return Err(Wrong::TooMany.problem(text));
        }
    }
    Ok(out)
}

/// A family of values: each, and what its outermost braces gave, joined by `-`.
pub(crate) fn family(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let found = Reader::new(text).whole().and_then(|parts| {
        let values = product(&parts, text.len())?;
        let given = parts.into_iter().filter(|p| matches!(p, Part::Choice(_)));
        let given: Vec<Part> = given.collect();
        // One of these for each value: both are made from left to right.
        let mut dashed = Vec::new();
        for (at, part) in given.into_iter().enumerate() {
            dashed.extend((at > 0).then_some(Part::Text("-")));
            dashed.push(part);
        }
        let given = product(&dashed, text.len())?;
        Ok(values.into_iter().zip(given).collect())
    });
    found.map_err(|wrong| wrong.problem(text))
}

/// The parts between separators that stand outside braces.
pub(crate) fn split<'t>(text: &'t str, separators: &[char]) -> Vec<&'t str> {
    let mut depth = 0usize;
    let outside = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && separators.contains(&c)
    };
    text.split(outside).collect()
}

/// A stretch of a text: as it is, or what the braces give.
enum Part<'t> {
    Text(&'t str),
    Choice(Vec<String>),
}

enum Wrong {
    TooMany,
    /// The brace that is missing.
    Unbalanced(&'static str),
}

impl Wrong {
    fn problem(self, whole: &str) -> Problem {
        let shown = shown(whole);
        match self {
            Self::TooMany => Problem::new(
                format!("`{shown}` gives more than {MOST_NAMES} names"),
                "split it, or use fewer alternatives",
            ),
            Self::Unbalanced(missing) => Problem::new(
                format!("a brace is not closed or not opened in `{shown}`"),
                format!("add the missing `{missing}`"),
            ),
        }
    }
}

/// Reads a text from left to right.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn whole(mut self) -> Result<Vec<Part<'t>>, Wrong> {
        let parts = self.parts(0)?;
        if self.at < self.text.len() {
            return Err(Wrong::Unbalanced("{"));
        }
        Ok(parts)
    }

    /// Up to a closing brace, or a comma inside braces.
    fn parts(&mut self, depth: usize) -> Result<Vec<Part<'t>>, Wrong> {
        let mut parts = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let ends = |c| c == '{' || c == '}' || (c == ',' && depth > 0);
            let end = rest.find(ends).unwrap_or(rest.len());
            if end > 0 {
                parts.push(Part::Text(&rest[..end]));
            }
            self.at += end;
            if !rest[end..].starts_with('{') {
                return Ok(parts);
            }
            self.at += 1;
            parts.push(Part::Choice(self.choice(depth + 1)?));
        }
    }

    /// What a pair of braces gives; the opening one is behind us.
    fn choice(&mut self, depth: usize) -> Result<Vec<String>, Wrong> {
        if depth > DEEPEST {
            return Err(Wrong::TooMany);
        }
        let start = self.at;
        let (mut all, mut bytes, mut commas) = (Vec::new(), 0, false);
        loop {
            let from = self.at;
            let parts = self.parts(depth)?;
            let closed = match self.text[self.at..].chars().next() {
                Some(',') => false,
                Some(_) => true,
                None => return Err(Wrong::Unbalanced("}")),
            };
            let range = (closed && !commas)
                .then(|| range(&self.text[start..self.at]))
                .flatten();
            let new = match range {
                Some(range) => range,
                None => product(&parts, self.at - from)?,
            };
            bytes += new.iter().map(String::len).sum::<usize>();
            all.extend(new);
            if all.len() > MOST_NAMES || bytes > MOST_BYTES {
                return Err(Wrong::TooMany);
            }
            self.at += 1;
            commas = true;
            if closed {
                return Ok(all);
            }
        }
    }
}

/// Every way to take one of each part; `length` is about how long one is.
fn product(parts: &[Part<'_>], length: usize) -> Result<Vec<String>, Wrong> {
    let mut all = vec![String::with_capacity(length.min(64))];
    // What is the same for all waits for the next choice: it is written once.
    let mut same = String::new();
    for part in parts {
        match part {
            Part::Text(text) => same.push_str(text),
            Part::Choice(choice) if choice.len() == 1 => same.push_str(&choice[0]),
            Part::Choice(choice) => {
                let bytes = |all: &[String]| all.iter().map(String::len).sum::<usize>();
                let ends = bytes(choice) + choice.len() * same.len();
                let total = bytes(&all) * choice.len() + ends * all.len();
                if all.len() * choice.len() > MOST_NAMES || total > MOST_BYTES {
                    return Err(Wrong::TooMany);
                }
                let each = |head: &String| {
                    let head = head.clone() + &same;
                    choice.iter().map(move |end| joined(&head, end, length))
                };
                all = all.iter().flat_map(each).collect();
                same.clear();
            }
        }
    }
    if (all[0].len() + same.len()) * all.len() > MOST_BYTES {
        return Err(Wrong::TooMany);
    }
    for name in &mut all {
        name.push_str(&same);
    }
    Ok(all)
}

/// With room for what may still follow.
fn joined(head: &str, end: &str, length: usize) -> String {
    let mut name = String::with_capacity((head.len() + end.len()).max(length.min(64)));
    name.push_str(head);
    name.push_str(end);
    name
}

/// `8..11` as its numbers, `11..8` downwards.
fn range(text: &str) -> Option<Vec<String>> {
    let (from, to) = text.split_once("..")?;
    let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
    if from.abs_diff(to) as usize > MOST_NAMES {
        return None;
    }
    Some(if from <= to {
        (from..=to).map(|n| n.to_string()).collect()
    } else {
        (to..=from).rev().map(|n| n.to_string()).collect()
    })
}

/// At most 80 characters of a text, controls escaped: for messages.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(80)
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect();
    if text.chars().count() > 80 {
        short.push('…');
    }
    short
}

/// Does a name match a pattern in which `*` stands for any text and `?` for one character?
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    if pattern.is_ascii() && name.is_ascii() {
        return stands_for(pattern.as_bytes(), name.as_bytes(), b'*', b'?');
    }
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    stands_for(&p, &n, '*', '?')
}

/// Goes back to the last `many` only: what is before it stays as it was matched.
fn stands_for<T: Copy + PartialEq>(p: &[T], n: &[T], many: T, one: T) -> bool {
    let (mut i, mut j, mut star, mut mark) = (0, 0, None, 0);
    while j < n.len() {
        if i < p.len() && (p[i] == one || p[i] == n[j]) && p[i] != many {
            i += 1;
            j += 1;
        } else if i < p.len() && p[i] == many {
            star = Some(i);
            mark = j;
            i += 1;
        } else if let Some(s) = star {
            i = s + 1;
            mark += 1;
            j = mark;
        } else {
            return false;
        }
    }
    p[i..].iter().all(|c| *c == many)
}

/// Does the text hold a glob?
pub(crate) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_nest_and_ranges_count() {
        assert_eq!(expand("a").unwrap(), ["a"]);
        assert_eq!(expand("a-{b,c-{d,e}}").unwrap(), ["a-b", "a-c-d", "a-c-e"]);
        assert_eq!(expand("gcc_{8..10}").unwrap(), ["gcc_8", "gcc_9", "gcc_10"]);
        assert_eq!(expand("{a,b}{c,}").unwrap(), ["ac", "a", "bc", "b"]);
        for bad in ["{a", "a}", "{a,{b}", "a}{b}"] {
            assert!(expand(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_family_knows_what_its_braces_gave() {
        let family = |text| {
            let all = family(text).unwrap().into_iter();
            all.map(|(v, m)| format!("{v}={m}")).collect::<Vec<_>>()
        };
        assert_eq!(family("gcc_{8..9}"), ["gcc_8=8", "gcc_9=9"]);
        let two = ["a1-x.z=1-x", "a1-y.z=1-y", "a2-x.z=2-x", "a2-y.z=2-y"];
        assert_eq!(family("a{1,2}-{x,y}.z"), two);
        assert_eq!(family("v{a{1..2},b}"), ["va1=a1", "va2=a2", "vb=b"]);
        assert_eq!(family("plain"), ["plain="]);
    }

    #[test]
    fn each_alternative_stands_in_one_name_at_least() {
        let names = each_alternative("a-{b,c-{d,e}}-{8..10}").unwrap();
        assert_eq!(names, ["a-b-8", "a-c-d-8", "a-c-e-8", "a-b-9", "a-b-10"]);
        assert_eq!(each_alternative("plain").unwrap(), ["plain"]);
        assert!(each_alternative(&"{a,b}".repeat(40)).is_err());
        assert!(each_alternative("{a").is_err());
    }

    #[test]
    fn an_explosion_is_an_error_at_once() {
        assert!(expand(&"{a,b}".repeat(40)).is_err());
        assert!(expand(&"{a,{b,".repeat(40)).is_err());
        assert!(expand(&"{{".repeat(100_000)).is_err());
        assert_eq!(expand(&"{a}".repeat(70)).unwrap(), ["a".repeat(70)]);
        assert_eq!(expand(&"{}".repeat(100_000)).unwrap(), [""]);
        let long = format!("{{1..10000}}{}", "{a}".repeat(100_000));
        assert!(expand(&long).is_err());
        assert!(list(&"{1..6000},".repeat(2)).is_err());
        assert!(expand("{1..999999}").is_ok_and(|v| v == ["1..999999"]));
    }

    #[test]
    fn globs() {
        assert!(matches("docker-*-minimal", "docker-ubuntu-focal-minimal"));
        assert!(matches("*", "") && matches("a?c", "abc") && matches("*a*b", "xaxxb"));
        assert!(!matches("docker-*", "podman-x") && !matches("a?", "a"));
    }
}
