//! GitLab's sections (docs.gitlab.com, "Custom collapsible sections"): a line that begins one and one that ends it.
//!
//! Both are told by a sequence that `report::harmless` takes out of what children write, and by a carriage return, which it
//! makes a line's end.

/// A section begins; its title stands in the log.
pub(crate) fn start(id: &str, at: i64, title: &str, collapsed: bool) -> String {
    let collapsed = if collapsed { "[collapsed=true]" } else { "" };
    format!("\x1b[0Ksection_start:{at}:{id}{collapsed}\r\x1b[0K{title}")
}

/// It ends.
pub(crate) fn end(id: &str, at: i64) -> String {
    format!("\x1b[0Ksection_end:{at}:{id}\r\x1b[0K")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::harmless::Cleaner;

    #[test]
    fn a_section_has_a_begin_and_an_end() {
        assert_eq!(
            start("runenv_1", 17, "built passed", true),
            "\x1b[0Ksection_start:17:runenv_1[collapsed=true]\r\x1b[0Kbuilt passed"
        );
        assert_eq!(
            start("runenv_2", 17, "tested failed", false),
            "\x1b[0Ksection_start:17:runenv_2\r\x1b[0Ktested failed"
        );
        assert_eq!(
            end("runenv_1", 20),
            "\x1b[0Ksection_end:20:runenv_1\r\x1b[0K"
        );
    }

    /// However it is cut, and with or without colours, nothing is left on which GitLab acts.
    #[test]
    fn a_childs_section_is_none() {
        let hostile = format!(
            "{}\n{}\nx\x1b[0Ksection_end:1:runenv_1\r\x1b[2Ky",
            start("a", 1, "t", true),
            end("a", 2)
        );
        let bytes = hostile.as_bytes();
        for colour in [false, true] {
            for cut in 0..bytes.len() {
                let (mut cleaner, mut shown) = (Cleaner::new(colour), String::new());
                cleaner.push(&bytes[..cut], &mut shown);
                cleaner.push(&bytes[cut..], &mut shown);
                cleaner.end_line(&mut shown);
                assert!(
                    !shown.contains('\r') && !shown.contains('\x1b'),
                    "{shown:?}"
                );
            }
        }
    }
}
