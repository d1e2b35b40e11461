//! Two texts, line by line: what is, and what would be. Pure.

use similar::TextDiff;

/// More lines than anybody reads.
const MOST_LINES: usize = 60;

/// What differs, as `diff -U1` says it; `None`: nothing does.
pub(crate) fn text(path: &str, old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let diff = TextDiff::from_lines(old, new);
    let mut hunks = diff.unified_diff();
    let said = hunks
        .context_radius(1)
        .header(path, "as it would be")
        .to_string();
    let lines: Vec<&str> = said.lines().collect();
    let mut out: String = lines
        .iter()
        .take(MOST_LINES)
        .map(|line| format!("{line}\n"))
        .collect();
    if lines.len() > MOST_LINES {
        out += &format!("… {} lines more\n", lines.len() - MOST_LINES);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(text("f", "a\nb\n", "a\nb\n"), None);
        let (old, new) = ("a\nb\nc\nd\ne\nf\n", "a\nx\nc\nd\ne\nf\ng\n");
        snapbox::assert_data_eq!(
            text("f", old, new).unwrap(),
            snapbox::str![[r#"
--- f
+++ as it would be
@@ -1,3 +1,3 @@
 a
-b
+x
 c
@@ -6 +6,2 @@
 f
+g

"#]]
        );
        let many = text("f", "", &"x\n".repeat(70)).unwrap();
        assert!(many.ends_with("+x\n… 13 lines more\n"), "{many}");
    }
}
