//! "Did you mean": the nearest of the words that would be right, and counted nouns.

use std::fmt::Display;

/// No more candidates than this are told, though they be as near.
const MOST: usize = 3;

/// The candidate that is nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    all_nearest(word, candidates).first().copied()
}

/// `did you mean …?` of candidates that are near.
pub(crate) fn did_you_mean(near: impl IntoIterator<Item = String>) -> String {
    let near = near.into_iter().take(MOST).map(|word| format!("`{word}`"));
    format!("did you mean {}?", near.collect::<Vec<_>>().join(" or "))
}

/// A text without its digits and what stands between them: `gcc_` has the stem of `gcc_12`.
pub(crate) fn stem(text: &str) -> String {
    let versions = |c: &char| !c.is_ascii_digit() && !['.', '_'].contains(c);
    text.chars().filter(versions).collect()
}

/// A text without what joins its words.
fn bare(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !['-', '_', '.'].contains(c))
}

/// The candidates that begin with `word` or have it as one of their factors, without those that go on from another.
pub(crate) fn holding<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let holds = |c: &&str| c.starts_with(word) || c.split('-').any(|factor| factor == word);
    let all: Vec<&str> = candidates.into_iter().filter(holds).collect();
    let goes_on = |c: &str| {
        let after = |other: &&str| {
            c.strip_prefix(*other)
                .is_some_and(|rest| rest.starts_with('-'))
        };
        all.iter().any(after)
    };
    let mut first: Vec<&str> = all.iter().copied().filter(|c| !goes_on(c)).collect();
    first.dedup();
    first
}

/// Is one of the two the other with one slip: a character too many, too few, another, or two turned round?
pub(crate) fn one_slip(one: &str, two: &str) -> bool {
    strsim::osa_distance(one, two) <= 1
}

/// The candidates that differ from `word` in `-`, `_` and `.` alone; else those that are as near to it as the nearest
/// one, those of its length first.
pub(crate) fn all_nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let length = word.chars().count();
    let mut limit = match length {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    // A number or a version is no slip of another, and something must be left of a word.
    let number =
        |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && stem(text).is_empty();
    let kin = |c: &&str| *c != word && !(number(word) && number(c));
    let candidates: Vec<&str> = candidates.into_iter().filter(kin).collect();
    let mut near = Vec::<&str>::new();
    let alike = candidates.iter().filter(|c| bare(c).eq(bare(word)));
    near.extend(alike);
    if !near.is_empty() {
        return near;
    }
    for candidate in candidates {
        let its = candidate.chars().count();
        // Every character more is a step more: long texts are not compared.
        if its.abs_diff(length) > limit {
            continue;
        }
        let distance = strsim::osa_distance(word, candidate);
        if distance > limit || distance >= its.min(length) {
            continue;
        }
        if distance < limit {
            limit = distance;
            near.clear();
        }
        if !near.contains(&candidate) {
            near.push(candidate);
        }
    }
    near.sort_by_key(|c| c.len().abs_diff(word.len()));
    near
}

/// `did you mean …?` where something is near, else the list of what is there.
pub(crate) fn advice<'a>(
    word: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let near = all_nearest(word, candidates.iter().copied());
    if !near.is_empty() {
        return did_you_mean(near.into_iter().map(str::to_owned));
    }
    all(what, &candidates)
}

/// What there is.
pub(crate) fn all(what: &str, candidates: &[&str]) -> String {
    match candidates.len() {
        0 => format!("no {what} is declared"),
        1..=30 => format!("{what}: {}", candidates.join(", ")),
        n => format!("{what}: {}, … ({n} in all)", candidates[..30].join(", ")),
    }
}

/// `1 file`, `3 files`.
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(noun: &str, n: N) -> String {
    format!("{n} {noun}{}", if n == N::from(1) { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_found_and_strangers_are_not() {
        let known = ["fedora", "debian", "ubuntu", "focal"];
        assert_eq!(nearest("fedroa", known), Some("fedora"));
        assert_eq!(nearest("debain", known), Some("debian"));
        assert_eq!(nearest("xyzzy", known), None);
        assert_eq!(nearest("q", ["a", "8"]), None);
        assert_eq!(nearest("43", ["40", "42"]), None);
        assert_eq!(nearest("15.7", ["15.0", "15.1"]), None);
        assert_eq!(nearest("35x", ["35"]), Some("35"));
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn what_joins_words_is_the_smallest_slip() {
        assert_eq!(all_nearest("gcc9", ["gcc_8", "gcc_9"]), ["gcc_9"]);
        assert_eq!(all_nearest("stream8", ["stream", "stream-8"]), ["stream-8"]);
        assert_eq!(stem("python3.12"), "python");
    }

    #[test]
    fn a_part_of_a_word_is_found() {
        let known = ["nvidia-cuda", "nvidia-cuda-11.0", "archlinux", "sudo"];
        assert_eq!(holding("cuda", known), ["nvidia-cuda"]);
        assert_eq!(holding("arch", known), ["archlinux"]);
        assert!(holding("linux", known).is_empty());
    }

    #[test]
    fn those_that_are_as_near_are_all_told() {
        let advice = |word, known: &[&'static str]| advice(word, "keys", known.iter().copied());
        let known = ["cpu", "cpus", "caps", "cxs", "env"];
        assert_eq!(
            advice("cps", &known),
            "did you mean `cpu` or `cxs` or `cpus`?"
        );
        assert_eq!(advice("cpuss", &known), "did you mean `cpus`?");
        assert_eq!(advice("envv", &known), "did you mean `env`?");
        assert_eq!(advice("jobs", &known), "keys: cpu, cpus, caps, cxs, env");
        assert_eq!(
            advice("fedroa", &["fedora", "fedora"]),
            "did you mean `fedora`?"
        );
    }
}
