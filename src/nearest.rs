//! "Did you mean": the nearest of the words that would be right, and counted nouns.

/// The candidate that is nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = word.chars().count();
    let limit = match length {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    // A number is no slip of another, and something must be left of a word.
    let number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let kin = |c: &&str| *c != word && !(number(word) && number(c));
    candidates
        .into_iter()
        .filter(kin)
        .map(|c| (strsim::osa_distance(word, c), c))
        .filter(|(distance, c)| *distance <= limit && *distance < c.chars().count().min(length))
        .min_by_key(|(distance, c)| (*distance, c.len().abs_diff(word.len())))
        .map(|(_, c)| c)
}

/// `did you mean …?` where something is near, else the list of what is there.
pub(crate) fn advice<'a>(
    word: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(word, candidates.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    match candidates.len() {
        0 => format!("no {what} is declared"),
        1..=30 => format!("{what}: {}", candidates.join(", ")),
        n => format!("{what}: {}, … ({n} in all)", candidates[..30].join(", ")),
    }
}

/// `1 file`, `3 files`.
pub(crate) fn counted(noun: &str, n: usize) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
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
        assert_eq!(nearest("35x", ["35"]), Some("35"));
        assert_eq!(nearest("", known), None);
    }
}
