//! Values that the host alone knows: `{cpus}`, `{root}`, `{env-dir}`.
//!
//! They act, but a key must not depend on the machine. So texts carry a mark in their place, a
//! Unicode noncharacter, until a command is run; keys are computed over the marks. Texts of the user that hold such a
//! character are refused when they are read.

/// The number of processors: digits, so it needs no quotes anywhere.
pub(crate) const CPUS: char = '\u{fdd0}';
const ROOT: char = '\u{fdd1}';
const ENV_DIR: char = '\u{fdd2}';
const MARKS: [(char, &str); 3] = [(CPUS, "cpus"), (ROOT, "root"), (ENV_DIR, "env-dir")];

/// What the marks stand for on this machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Late {
    pub(crate) cpus: String,
    pub(crate) root: String,
    pub(crate) env_dir: String,
}

impl Late {
    /// Puts the values where the marks are, byte for byte: for argv, environment values and paths.
    pub(crate) fn fill(&self, text: &str) -> String {
        self.replace(text, str::to_owned)
    }

    /// The same in shell text. A mark of a path always stands inside single quotes (`quote::word` sees to it), so
    /// only a single quote in its value needs care.
    pub(crate) fn fill_shell(&self, text: &str) -> String {
        self.replace(text, |value| value.replace('\'', r"'\''"))
    }

    fn replace(&self, text: &str, make: impl Fn(&str) -> String) -> String {
        if !text.contains(is_mark) {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            match c {
                CPUS => out.push_str(&self.cpus),
                ROOT => out.push_str(&make(&self.root)),
                ENV_DIR => out.push_str(&make(&self.env_dir)),
                c => out.push(c),
            }
        }
        out
    }
}

/// The text as the file has it: `{cpus}` where the mark is.
pub(crate) fn shown(text: &str) -> String {
    let name = |c: &char| MARKS.iter().find(|(mark, _)| mark == c);
    let shown = |c: char| match name(&c) {
        Some((_, name)) => format!("{{{name}}}"),
        None => c.to_string(),
    };
    if text.contains(is_mark) {
        text.chars().map(shown).collect()
    } else {
        text.to_owned()
    }
}

/// The number of processors that a limit such as `1.5` leaves: two; `None` where it is no number.
pub(crate) fn processors(limit: &str) -> Option<String> {
    let limit = limit.parse::<f64>().ok();
    limit.map(|limit| format!("{:.0}", limit.ceil().max(1.0)))
}

/// The mark of a late name, if it is one.
pub(crate) fn mark(name: &str) -> Option<char> {
    MARKS.iter().find(|(_, n)| *n == name).map(|(c, _)| *c)
}

/// Is this one of the characters that stand for a late value?
pub(crate) fn is_mark(c: char) -> bool {
    (CPUS..='\u{fdef}').contains(&c)
}
