//! Two texts, line by line: what is, and what would be.

/// More lines of a file than anybody reads.
const MOST_LINES: usize = 20;

/// The lines from the first that differs to the last; `None`: none does.
pub(crate) fn text(path: &str, old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let first = old.iter().zip(&new).take_while(same).count();
    let (left, right) = (&old[first..], &new[first..]);
    let behind = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(same)
        .count();
    let (left, right) = (&left[..left.len() - behind], &right[..right.len() - behind]);
    let mut out = format!("{path}:{}\n", first + 1);
    for (mark, lines) in [('-', left), ('+', right)] {
        for line in lines.iter().take(MOST_LINES) {
            out += &format!("{mark} {line}\n");
        }
        if lines.len() > MOST_LINES {
            out += &format!("{mark} … {} lines more\n", lines.len() - MOST_LINES);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(text("f", "a\nb\n", "a\nb\n"), None);
        assert_eq!(
            text("f", "a\nb\nc\n", "a\nx\ny\nc\n").unwrap(),
            "f:2\n- b\n+ x\n+ y\n"
        );
        assert_eq!(text("f", "", "a\n").unwrap(), "f:1\n+ a\n");
        assert_eq!(text("f", "a\na\n", "a\n").unwrap(), "f:2\n- a\n");
        let many = "x\n".repeat(30);
        assert!(
            text("f", "", &many)
                .unwrap()
                .ends_with("+ … 10 lines more\n")
        );
    }
}
