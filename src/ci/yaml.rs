//! YAML as a value and as text: what is not plain for certain is quoted, so no text can become anything but itself.

/// A value of a file that is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    /// A key without a value.
    Nothing,
    Flag(bool),
    Number(i64),
    Decimal(f64),
    Text(String),
    /// Lines of a script: each on its own line.
    Lines(String),
    /// What stands elsewhere, by the keys that lead there: GitLab's `!reference`.
    Reference(Vec<String>),
    List(Vec<Yaml>),
    Map(Vec<Entry>),
}

/// A key of a table, with what is said of it: in lines before it, and behind a value of one line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    key: String,
    value: Yaml,
    before: String,
    behind: String,
}

/// A key and its value.
pub(crate) fn entry(key: impl Into<String>, value: Yaml) -> Entry {
    Entry {
        key: key.into(),
        value,
        before: String::new(),
        behind: String::new(),
    }
}

impl Entry {
    /// Lines that stand before it, as a comment.
    pub(crate) fn before(mut self, text: impl Into<String>) -> Self {
        self.before = text.into();
        self
    }

    /// Words that stand behind its value, as a comment.
    pub(crate) fn behind(mut self, text: impl Into<String>) -> Self {
        self.behind = text.into();
        self
    }
}

/// A table.
pub(crate) fn map(entries: impl IntoIterator<Item = Entry>) -> Yaml {
    Yaml::Map(entries.into_iter().collect())
}

/// A text as it is.
pub(crate) fn text(text: impl Into<String>) -> Yaml {
    Yaml::Text(text.into())
}

impl Yaml {
    /// The whole as a document; `header` stands at its top, as a comment.
    pub(crate) fn document(&self, header: &str) -> String {
        let mut out = comment(header, "");
        if !out.is_empty() {
            out.push('\n');
        }
        match self {
            Self::Map(entries) => entries.iter().for_each(|e| e.write(&mut out, 0)),
            Self::Nothing
            | Self::Flag(_)
            | Self::Number(_)
            | Self::Decimal(_)
            | Self::Text(_)
            | Self::Lines(_)
            | Self::Reference(_)
            | Self::List(_) => {
                out += &self.flow();
                out.push('\n');
            }
        }
        out
    }

    /// The value behind a key or a dash, with what separates them; `at` is where its lines begin.
    fn write(&self, out: &mut String, at: usize) {
        match self {
            Self::Nothing => out.push('\n'),
            Self::Lines(lines) if is_block(lines) => {
                *out += " |\n";
                for line in lines.trim_end_matches('\n').split('\n') {
                    let indent = if line.is_empty() { 0 } else { at };
                    *out += &format!("{:indent$}{line}\n", "");
                }
            }
            Self::List(all) if !all.is_empty() => {
                out.push('\n');
                for one in all {
                    one.item(out, at);
                }
            }
            Self::Map(all) if !all.is_empty() => {
                out.push('\n');
                for entry in all {
                    entry.write(out, at);
                }
            }
            Self::Flag(_)
            | Self::Number(_)
            | Self::Decimal(_)
            | Self::Text(_)
            | Self::Lines(_)
            | Self::Reference(_)
            | Self::List(_)
            | Self::Map(_) => *out += &format!(" {}\n", self.flow()),
        }
    }

    /// An element of a list.
    fn item(&self, out: &mut String, at: usize) {
        if let Self::Map(entries) = self
            && let [first, rest @ ..] = entries.as_slice()
        {
            *out += &comment(&first.before, &" ".repeat(at));
            *out += &format!("{:at$}- ", "");
            first.write_key(out, at + 2);
            for entry in rest {
                entry.write(out, at + 2);
            }
        } else {
            *out += &format!("{:at$}-", "");
            self.write(out, at + 2);
        }
    }

    /// A value in one line.
    fn flow(&self) -> String {
        match self {
            Self::Nothing => "null".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Decimal(number) => format!("{number:?}"),
            Self::Text(text) | Self::Lines(text) => scalar(text),
            Self::Reference(keys) => {
                let keys: Vec<String> = keys.iter().map(|key| scalar(key)).collect();
                format!("!reference [{}]", keys.join(", "))
            }
            Self::List(all) => {
                let all: Vec<String> = all.iter().map(Self::flow).collect();
                format!("[{}]", all.join(", "))
            }
            Self::Map(all) => {
                let all = all
                    .iter()
                    .map(|e| format!("{}: {}", scalar(&e.key), e.value.flow()));
                format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl Entry {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    fn write(&self, out: &mut String, at: usize) {
        let indent = " ".repeat(at);
        *out += &comment(&self.before, &indent);
        *out += &indent;
        self.write_key(out, at);
    }

    fn write_key(&self, out: &mut String, at: usize) {
        *out += &format!("{}:", scalar(&self.key));
        let start = out.len();
        self.value.write(out, at + 2);
        if !self.behind.is_empty() {
            let end = out[start..].find('\n').map_or(out.len(), |end| start + end);
            out.insert_str(end, &format!(" # {}", line(&self.behind)));
        }
    }
}

/// Each line of a text as a comment.
fn comment(text: &str, indent: &str) -> String {
    let lines = text.lines().map(line);
    let mark = |line: String| {
        format!(
            "{indent}#{}{line}\n",
            if line.is_empty() { "" } else { " " }
        )
    };
    lines.map(mark).collect()
}

/// What can stand in a comment: nothing that some reader takes for the end of the line.
fn line(text: &str) -> String {
    text.chars().filter(|c| is_printable(*c)).collect()
}

/// Is it one for every reader? Others are escaped.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~') || (c > '\u{a0}' && c.is_alphanumeric())
}

/// Can these lines stand as they are below a `|`?
fn is_block(lines: &str) -> bool {
    let body = lines.trim_end_matches('\n');
    body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && lines.len() - body.len() <= 1
        && lines.ends_with('\n')
        && lines.chars().all(|c| c == '\n' || is_printable(c))
}

/// A text: bare where every reader of YAML 1.1 and 1.2 takes it for a text, else in double quotes.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn is_plain(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let word =
        ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&lower.as_str());
    let start = text.starts_with(|c: char| c.is_ascii_alphabetic() || "_./$".contains(c));
    // A number has a digit at its start, or `.5`, or is `.inf`.
    let number = text.starts_with('.') && !text.starts_with("./") && !text.starts_with(".runenv");
    let marks = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    // In braces and brackets these end a value.
    let flow =
        text.contains([',', '[', ']']) || (text.contains(['{', '}']) && !is_expression(text));
    let plain = text.chars().all(|c| matches!(c, ' '..='~'));
    start
        && plain
        && !word
        && !number
        && !marks
        && !flow
        && !text.contains(['"', '`', '&', '*', '!'])
}

/// One expression of a workflow and nothing else: nobody writes it between braces.
fn is_expression(text: &str) -> bool {
    text.starts_with("${{ ") && text.ends_with(" }}")
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '\r' => out += "\\r",
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xffff => out += &format!("\\u{:04x}", u32::from(c)),
            c => out += &format!("\\U{:08x}", u32::from(c)),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that are something else when they stand bare, to one reader or another.
    #[rustfmt::skip]
    const ODD: &[&str] = &[
        "", "yes", "No", "null", "~", "1", "1.5", "0x1f", "-1", ".5", ".inf", "- a", "a: b", "a:", "a #b", "#a", "&a", "*a", "!a", "a, b", "[a]", "{a}", "'a", "\"a", "%a", "@a", "`a", "a ", " a", "é", "? a", "| a", "> a", "12:30:45", "2001-01-01", "${{ a }} {",
    ];

    #[test]
    fn what_might_be_something_else_is_quoted() {
        for plain in [
            "ubuntu-latest",
            "contents",
            "${{ inputs.env }}",
            "a b",
            "./x.yml",
            "_a",
        ] {
            assert_eq!(scalar(plain), plain);
        }
        for &text in ODD {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
        assert_eq!(
            scalar("a\n\u{85}\u{2028}\u{1f600}\0\u{7f}\"\\"),
            r#""a\n\u0085\u2028\U0001f600\u0000\u007f\"\\""#
        );
    }

    #[test]
    fn a_document_is_indented_and_commented() {
        let step = Yaml::Map(vec![
            entry("uses", text("a/b@0123")).behind("v4\u{2028}jobs:"),
            entry("with", Yaml::Map(vec![entry("n", Yaml::Number(3))])),
            entry("run", Yaml::Lines("one\n\ntwo: \"x\"\n".to_owned())),
        ]);
        let document = Yaml::Map(vec![
            entry("on", Yaml::Map(vec![entry("push", Yaml::Nothing)])).before("Why.\nAnd how."),
            entry(
                "steps",
                Yaml::List(vec![step, text("yes"), Yaml::List(vec![])]),
            ),
            entry("none", Yaml::Map(vec![])),
        ]);
        let expected = "# Made.\n\n# Why.\n# And how.\n\"on\":\n  push:\nsteps:\n  - uses: a/b@0123 # v4jobs:\n    with:\n      \"n\": 3\n    run: |\n      one\n\n      two: \"x\"\n  - \"yes\"\n  - []\nnone: {}\n";
        assert_eq!(document.document("Made."), expected);
    }

    #[test]
    fn lines_that_a_block_would_change_are_quoted() {
        for lines in [
            "one",
            " a\nb\n",
            "a\nb\n\n",
            "a\rb\nc\n",
            "a\tb\nc\n",
            "\na\n",
        ] {
            let whole = Yaml::Map(vec![entry("run", Yaml::Lines(lines.to_owned()))]);
            assert!(!whole.document("").contains('|'), "{lines:?}");
        }
    }
}
