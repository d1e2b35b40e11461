//! Braces, ranges and globs in names.

use crate::problem::Problem;

/// More names than this from one expression are an error.
const MOST_NAMES: usize = 10_000;
const MOST_BYTES: usize = 4_000_000;

/// Expands `a-{b,c-{d,e}}-{8..11}` from left to right.
pub(crate) fn expand(text: &str) -> Result<Vec<String>, Problem> {
    let mut out = Vec::new();
    let mut bytes = 0;
    expand_into(String::new(), text, &mut out, &mut bytes, text, 0)?;
    Ok(out)
}

/// The same for a list: its commas outside braces separate.
pub(crate) fn list(text: &str) -> Result<Vec<String>, Problem> {
    let (mut out, mut bytes) = (Vec::new(), 0);
    for part in split(text) {
        expand_into(String::new(), part, &mut out, &mut bytes, text, 0)?;
    }
    Ok(out)
}

/// The parts between commas that stand outside braces.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0usize;
    let outside = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(outside).collect()
}

fn expand_into(
    head: String,
    rest: &str,
    out: &mut Vec<String>,
    bytes: &mut usize,
    whole: &str,
    depth: usize,
) -> Result<(), Problem> {
    if depth > 64 {
        return Err(too_many(whole));
    }
    let Some(open) = rest.find('{') else {
        if rest.contains('}') {
            return Err(unbalanced(whole, "{"));
        }
        *bytes += head.len() + rest.len();
        if out.len() >= MOST_NAMES || *bytes > MOST_BYTES {
            return Err(too_many(whole));
        }
        out.push(head + rest);
        return Ok(());
    };
    if rest[..open].contains('}') {
        return Err(unbalanced(whole, "{"));
    }
    let (parts, after) = alternatives(&rest[open + 1..]).ok_or_else(|| unbalanced(whole, "}"))?;
    for part in parts {
        let next = format!("{part}{after}");
        expand_into(
            format!("{head}{}", &rest[..open]),
            &next,
            out,
            bytes,
            whole,
            depth + 1,
        )?;
    }
    Ok(())
}

/// The alternatives up to the closing brace, and what stands behind it.
fn alternatives(inside: &str) -> Option<(Vec<String>, &str)> {
    let (mut depth, mut start, mut parts) = (0usize, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                parts.push(inside[start..at].to_owned());
                if let [only] = parts.as_slice()
                    && let Some(range) = range(only)
                {
                    parts = range;
                }
                return Some((parts, &inside[at + 1..]));
            }
            ',' if depth == 0 => {
                parts.push(inside[start..at].to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    None
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

fn unbalanced(whole: &str, missing: &str) -> Problem {
    Problem::new(
        format!("a brace is not closed or not opened in `{}`", shown(whole)),
        format!("add the missing `{missing}`"),
    )
}

fn too_many(whole: &str) -> Problem {
    let title = format!("`{}` gives more than {MOST_NAMES} names", shown(whole));
    Problem::new(title, "split it, or use fewer alternatives")
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
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut i, mut j, mut star, mut mark) = (0, 0, None, 0);
    while j < n.len() {
        if i < p.len() && (p[i] == '?' || p[i] == n[j]) && p[i] != '*' {
            i += 1;
            j += 1;
        } else if i < p.len() && p[i] == '*' {
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
    p[i..].iter().all(|c| *c == '*')
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
    fn an_explosion_is_an_error_at_once() {
        assert!(expand(&"{a,b}".repeat(40)).is_err());
        assert!(expand("{1..999999}").is_ok_and(|v| v == ["1..999999"]));
    }

    #[test]
    fn globs() {
        assert!(matches("docker-*-minimal", "docker-ubuntu-focal-minimal"));
        assert!(matches("*", "") && matches("a?c", "abc") && matches("*a*b", "xaxxb"));
        assert!(!matches("docker-*", "podman-x") && !matches("a?", "a"));
    }
}
