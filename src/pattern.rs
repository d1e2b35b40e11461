//! Globs and `.dockerignore` files, with the meaning that moby's patternmatcher gives them.
//!
//! `*` and `?` stop at `/`, `**` does not, `[a-z]` is a class, `\` takes the next character as it is. A pattern that
//! matches a folder holds for all below it. Paths are bytes, relative, with `/` between. No disk is touched here.
//!
//! In a `.dockerignore`, `|` and `^` beside a wildcard, and `\d`, have the meaning of a regex, because they have it in
//! docker, though its manual does not say so. In other globs they are themselves.
//!
//! ```ignore
//! let ignored = Patterns::parse_ignore(".dockerignore", b"*\n!src\n")?;
//! assert!(ignored.excludes(b"docs/a") && !ignored.excludes(b"src/a"));
//! ```

mod glob;

use std::borrow::Cow;

use glob::{Form, Reader};

use crate::problem::{Problem, Source};

/// One glob.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: Vec<u8>,
    form: Form,
}

impl Pattern {
    /// Reads a glob; the error is a reason such as "`[` is never closed".
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        if leads_out(text) {
            return Err("it has a `..`".to_owned());
        }
        Self::read(text, false)
    }

    fn read(text: &[u8], as_docker: bool) -> Result<Self, String> {
        let text = clean(text);
        let form = Reader::new(&lossy(&text), as_docker).read()?;
        Ok(Self { text, form })
    }

    /// The pattern as cleaned: `./a//b/` is `a/b`.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Does it match this very path? What is above it does not count.
    pub(crate) fn matches(&self, path: &[u8]) -> bool {
        match &self.form {
            Form::Exact => path == self.text,
            Form::Prefix => path.starts_with(&self.text[..self.text.len() - 2]),
            Form::Suffix => {
                let suffix = &self.text[2..];
                path.ends_with(suffix) || suffix.strip_prefix(b"/") == Some(path)
            }
            Form::Regex(regex) => regex.is_match(&lossy(path)),
        }
    }

    /// The leading part without wildcards, escapes resolved, and whether that is all of it.
    pub(crate) fn fixed(&self) -> (Vec<u8>, bool) {
        let mut fixed = Vec::new();
        for segment in self.text.split(|b| *b == b'/') {
            let Some(plain) = plain(segment) else {
                return (fixed, false);
            };
            if !fixed.is_empty() {
                fixed.push(b'/');
            }
            fixed.extend(plain);
        }
        (fixed, true)
    }

    /// How many names deep it can match; `None` where that is not known.
    pub(crate) fn depth(&self) -> Option<usize> {
        // A class may hold a `/`.
        let unbounded = self.text.windows(2).any(|w| w == b"**") || self.text.contains(&b'[');
        (!unbounded).then(|| self.text.split(|b| *b == b'/').count())
    }
}

/// Is a name of this glob `..`, or with its escapes resolved `.` or `..`?
pub(crate) fn leads_out(glob: &[u8]) -> bool {
    let mut names = glob.split(|b| *b == b'/').filter(|name| *name != b".");
    names.any(|name| plain(name).is_some_and(|name| name == b"." || name == b".."))
}

/// A name without wildcards, escapes resolved.
fn plain(segment: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = segment.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'*' | b'?' | b'[' => return None,
            b'\\' => out.push(*bytes.next()?),
            other => out.push(*other),
        }
    }
    Some(out)
}

/// The path's folders from the top, then the path.
#[cfg(test)]
fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = path
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'/')
        .map(|(at, _)| at);
    ends.chain([path.len()]).map(|end| &path[..end])
}

/// Text in which each byte that is not UTF-8 is one U+FFFD: what Go's regexes see.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    Cow::Owned(out)
}

/// Go's `filepath.Clean`: no `.`, no doubled or last `/`, `..` taken out with the name before it where there is one.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.first() == Some(&b'/');
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|b| *b == b'/') {
        match name {
            b"" | b"." => {}
            b".." if names.last().is_some_and(|last| last != b"..") => {
                names.pop();
            }
            b".." if rooted => {}
            name => names.push(name),
        }
    }
    let joined = names.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

/// A line of a `.dockerignore`.
#[derive(Clone, Debug)]
struct Line {
    pattern: Pattern,
    /// Begins with `!`: takes back what lines before it excluded.
    exception: bool,
    /// The part without wildcards, to tell where an exception can act.
    fixed: Vec<u8>,
}

/// The lines of a `.dockerignore`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns {
    lines: Vec<Line>,
}

/// What a folder's lines mean for what is in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    matched: Vec<bool>,
    pub(crate) excluded: bool,
}

impl Patterns {
    /// Reads a `.dockerignore`; `name` is for messages.
    pub(crate) fn parse_ignore(name: &str, text: &[u8]) -> Result<Self, Problem> {
        let mut lines = Vec::new();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut start = 0;
        for raw in text.split_inclusive(|b| *b == b'\n') {
            let line = raw.strip_suffix(b"\n").unwrap_or(raw);
            if !line.starts_with(b"#") {
                match Line::parse(line) {
                    Ok(line) => lines.extend(line),
                    Err(reason) => return Err(bad_line(name, text, start, line, &reason)),
                }
            }
            start += raw.len();
        }
        Ok(Self { lines })
    }

    /// Is this path left out? For tests: the walk judges folder by folder.
    #[cfg(test)]
    pub(crate) fn excludes(&self, path: &[u8]) -> bool {
        prefixes(path)
            .fold(Verdict::default(), |above, p| self.judge(&above, p))
            .excluded
    }

    /// The verdict on a path, given that on the folder it is in.
    ///
    /// A line that cannot change anything where it stands is not asked, and what is below does not inherit it: so
    /// does docker since 23 (`MatchesUsingParentResults`).
    pub(crate) fn judge(&self, above: &Verdict, path: &[u8]) -> Verdict {
        let mut verdict = Verdict {
            matched: vec![false; self.lines.len()],
            excluded: false,
        };
        for (n, line) in self.lines.iter().enumerate() {
            let inherited = above.matched.get(n).copied().unwrap_or(false);
            if inherited || (line.exception == verdict.excluded && line.pattern.matches(path)) {
                verdict.matched[n] = true;
                verdict.excluded = !line.exception;
            }
        }
        verdict
    }

    /// Can an exception take back something below this folder?
    pub(crate) fn may_take_back_below(&self, folder: &[u8]) -> bool {
        self.lines
            .iter()
            .any(|l| l.exception && (below(&l.fixed, folder) || below(folder, &l.fixed)))
    }
}

/// Is `path` this folder or something in it?
fn below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| folder.is_empty() || rest.is_empty() || rest[0] == b'/')
}

impl Line {
    /// `None` for a blank line.
    fn parse(line: &[u8]) -> Result<Option<Self>, String> {
        let line = trim(line);
        if line.is_empty() {
            return Ok(None);
        }
        let (exception, line) = line
            .strip_prefix(b"!")
            .map_or((false, line), |rest| (true, trim(rest)));
        let cleaned = if line.is_empty() {
            Vec::new()
        } else {
            clean(line)
        };
        let relative = trim(cleaned.strip_prefix(b"/").unwrap_or(&cleaned));
        // Docker cleans first and looks for `!` after it, too: `/!a` and `./!a` are exceptions.
        let (exception, relative) = match relative.strip_prefix(b"!") {
            Some(rest) if !exception => (true, rest),
            _ => (exception, relative),
        };
        if relative.is_empty() {
            return if exception {
                Err("nothing follows the `!`".to_owned())
            } else {
                Ok(None)
            };
        }
        let pattern = Pattern::read(relative, true)?;
        // What docker lets through to its regex is no text to go by.
        let odd = relative.iter().any(|b| b"|^\\".contains(b));
        let fixed = if odd { Vec::new() } else { pattern.fixed().0 };
        Ok(Some(Self {
            pattern,
            exception,
            fixed,
        }))
    }
}

/// Without white space around it.
fn trim(bytes: &[u8]) -> &[u8] {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.trim_ascii(), |text| text.trim().as_bytes())
}

fn bad_line(name: &str, text: &[u8], start: usize, line: &[u8], reason: &str) -> Problem {
    // The place is found anew: in a source, bytes that are not UTF-8 are three.
    let before = lossy(&text[..start]).len();
    let source = Source::new(name, lossy(text));
    let span = before..before + lossy(line).trim_end().len();
    Problem::new(
        format!("`{name}` has a line that is no pattern: {reason}"),
        "docker refuses it, too; write `\\[` or `\\\\` for the character itself",
    )
    .at(&source, span, "")
}

#[cfg(test)]
mod tests;
