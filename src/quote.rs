//! Shell quoting: the only place where data becomes shell text.

use crate::late;

/// Is this character safe outside quotes in every POSIX shell?
fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c) || c == late::CPUS
}

/// One shell word that gives `text` byte for byte.
pub(crate) fn word(text: &str) -> String {
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Words joined by blanks.
pub(crate) fn words<S: AsRef<str>>(list: &[S]) -> String {
    list.iter()
        .map(|w| word(w.as_ref()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Words as a shell would split them; `None` where a quote is left open.
pub(crate) fn split(text: &str) -> Option<Vec<String>> {
    shlex::split(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_give_themselves() {
        assert_eq!(word("a-b=c/d"), "a-b=c/d");
        assert_eq!(word(""), "''");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word("a\nb$(c)"), "'a\nb$(c)'");
        assert_eq!(word("~"), "'~'");
        for text in [
            "", "a b", "'", "\"", "*", "{a,b}", "~x", "#x", "a\\b", "é", "-n", "%s",
        ] {
            assert_eq!(split(&word(text)), Some(vec![text.to_owned()]), "{text}");
        }
    }
}
