//! Reads a glob into the form it is compared in.

use regex::{Regex, RegexBuilder};

/// How a pattern is compared. moby's short cuts are not only faster: they match newlines where its regex does not.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Exact,
    /// Ends in its only wildcard, `**`.
    Prefix,
    /// Begins with its only wildcard, `**`.
    Suffix,
    Regex(Regex),
}

/// The largest compiled pattern, so that a huge one costs neither memory nor time.
const LIMIT: usize = 1 << 20;

pub(super) struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    regex: String,
    /// With what docker lets through to its regex.
    as_docker: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, as_docker: bool) -> Self {
        Self {
            rest: text.chars().peekable(),
            regex: String::from("^"),
            as_docker,
        }
    }

    pub(super) fn read(mut self) -> Result<Form, String> {
        let mut form = Some(Form::Exact);
        let mut first = true;
        while let Some(c) = self.rest.next() {
            form = match c {
                '*' if self.rest.next_if_eq(&'*').is_some() => {
                    self.double_star(form.as_ref(), first)
                }
                '*' | '?' | '\\' | '[' => {
                    self.wildcard(c)?;
                    None
                }
                '|' | '^' if self.as_docker => {
                    self.regex.push(c);
                    form
                }
                other => {
                    self.literal(other);
                    form
                }
            };
            first = false;
        }
        if let Some(form) = form {
            return Ok(form);
        }
        self.regex.push('$');
        let regex = RegexBuilder::new(&self.regex).size_limit(LIMIT).build();
        regex
            .map(Form::Regex)
            .map_err(|_| "it is too long".to_owned())
    }

    fn literal(&mut self, c: char) {
        self.regex
            .push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// `**` and `**/`: any number of folders. Gives the short cut that is left; `None` is a regex.
    fn double_star(&mut self, form: Option<&Form>, first: bool) -> Option<Form> {
        // `**/` at the end cannot be: the pattern is clean.
        let _ = self.rest.next_if_eq(&'/');
        let last = self.rest.peek().is_none();
        self.regex.push_str(if last { ".*" } else { "(?:.*/)?" });
        match form {
            Some(Form::Exact) if first => Some(Form::Suffix),
            Some(Form::Exact) if last => Some(Form::Prefix),
            _ => None,
        }
    }

    fn wildcard(&mut self, c: char) -> Result<(), String> {
        match c {
            '*' => self.regex.push_str("[^/]*"),
            '?' => self.regex.push_str("[^/]"),
            '[' => self.class()?,
            _ => self.escape()?,
        }
        Ok(())
    }

    /// `\c` is `c`. To docker, a letter's escape is that of Go's regexes, and one that they lack is an error.
    fn escape(&mut self) -> Result<(), String> {
        let c = self.rest.next().ok_or("a `\\` ends it")?;
        if !self.as_docker || (c.is_ascii() && !c.is_ascii_alphanumeric()) {
            self.literal(c);
            return Ok(());
        }
        self.regex.push_str(match c {
            'd' => "[0-9]",
            'D' => "[^0-9]",
            's' => r"[\t\n\f\r ]",
            'S' => r"[^\t\n\f\r ]",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            'b' => r"(?-u:\b)",
            'A' => r"\A",
            'z' => r"\z",
            'a' => r"\a",
            'f' => r"\f",
            't' => r"\t",
            'n' => r"\n",
            'r' => r"\r",
            'v' => r"\v",
            other => return Err(format!("`\\{other}` means nothing")),
        });
        Ok(())
    }

    /// `[a-z]`, `[^a]`, by the grammar of Go's `filepath.Match`.
    fn class(&mut self) -> Result<(), String> {
        self.regex.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.regex.push('^');
        }
        let mut empty = true;
        while empty || self.rest.next_if_eq(&']').is_none() {
            let low = self.class_character()?;
            let range = self.rest.next_if_eq(&'-').is_some();
            let high = if range { self.class_character()? } else { low };
            if low > high {
                return Err(format!("`{low}-{high}` is no range"));
            }
            self.literal(low);
            self.regex.push('-');
            self.literal(high);
            empty = false;
        }
        self.regex.push(']');
        Ok(())
    }

    fn class_character(&mut self) -> Result<char, String> {
        let c = match self.rest.next() {
            Some('-' | ']') => {
                return Err("a class `[…]` begins or ends with `-`, or is empty".to_owned());
            }
            Some('\\') => self.rest.next(),
            other => other,
        };
        c.filter(|_| self.rest.peek().is_some())
            .ok_or_else(|| "`[` is never closed".to_owned())
    }
}
