//! A child's output made safe for a terminal: text and colours pass, nothing else acts.
//!
//! Other well-formed control sequences are dropped, everything else that would act is shown as a picture (`␛`, `␇`), so
//! no child moves our cursor, sets the clipboard or writes over our lines. A lone carriage return ends the line. May
//! not write and may not keep more than a bounded stretch, whatever the child does; the log has the exact bytes.
//!
//! ```ignore
//! cleaner.push(b"50%\r100%\x1b[2K", &mut text); // "50%\n100%"
//! ```

use std::fmt::Write as _;
use std::str;

/// The longest colour sequence, and the longest string sequence (a hyperlink, a title) that is dropped whole.
const CSI_LIMIT: usize = 64;
const STRING_LIMIT: usize = 4096;
/// The longest line that is shown of a text that is already there.
const LINE_LIMIT: usize = 400;
const RESET: &str = "\x1b[0m";

/// Where in a sequence the bytes stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After a carriage return.
    Return,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte: one more byte chooses a character set.
    Charset,
    /// After ESC `[`.
    Csi,
    /// In OSC, DCS, SOS, PM or APC.
    String,
    /// After ESC in those.
    StringEscape,
}

/// Cleans one stream of bytes, in chunks cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct Cleaner {
    colour: bool,
    state: State,
    /// The sequence so far, from ESC on.
    held: Vec<u8>,
    /// The character so far.
    partial: Vec<u8>,
    /// The child has set a colour.
    styled: bool,
    /// The last line has begun.
    inside: bool,
}

impl Cleaner {
    /// Without `colour`, colour sequences are dropped too.
    pub(crate) fn new(colour: bool) -> Self {
        Self {
            colour,
            ..Self::default()
        }
    }

    /// Adds to `out` what these bytes show.
    pub(crate) fn push(&mut self, mut bytes: &[u8], out: &mut String) {
        while let Some((&first, rest)) = bytes.split_first() {
            if self.state == State::Text && self.partial.is_empty() {
                // Nearly everything is plain text: copied in one go.
                let plain = |b: &&u8| matches!(b, b' '..=b'~');
                let count = bytes.iter().take_while(plain).count();
                if count > 0 {
                    out.push_str(str::from_utf8(&bytes[..count]).unwrap_or_default());
                    self.inside = true;
                    bytes = &bytes[count..];
                    continue;
                }
            }
            self.byte(first, out);
            bytes = rest;
        }
    }

    /// Ends the line that the child may have left open, and its colours: what comes next is ours.
    pub(crate) fn end_line(&mut self, out: &mut String) {
        match self.state {
            State::Text | State::Return => self.state = State::Text,
            State::Escape | State::Charset | State::Csi | State::String => self.give_up(out),
            State::StringEscape => {
                self.give_up(out);
                self.show('\x1b', out);
            }
        }
        self.flush_partial(out);
        if self.styled {
            out.push_str(RESET);
            self.styled = false;
        }
        if self.inside {
            self.newline(out);
        }
    }

    fn byte(&mut self, byte: u8, out: &mut String) {
        match self.state {
            State::Text => self.text(byte, out),
            State::Return => match byte {
                b'\r' => {}
                b'\n' => self.newline(out),
                _ => {
                    self.state = State::Text;
                    if self.inside {
                        self.newline(out);
                    }
                    self.text(byte, out);
                }
            },
            State::Escape => self.escape(byte, out),
            State::Charset => match byte {
                b'0'..=b'~' => self.drop_held(),
                _ => self.give_up_at(byte, out),
            },
            State::Csi => self.csi(byte, out),
            State::String => match byte {
                0x07 => self.drop_held(),
                0x1b => self.state = State::StringEscape,
                b' '..=b'~' | 0x80.. if self.held.len() < STRING_LIMIT => self.held.push(byte),
                _ => self.give_up_at(byte, out),
            },
            State::StringEscape if byte == b'\\' => self.drop_held(),
            State::StringEscape => {
                self.give_up(out);
                self.begin();
                self.escape(byte, out);
            }
        }
    }

    fn text(&mut self, byte: u8, out: &mut String) {
        if byte >= 0x80 {
            self.partial.push(byte);
            return self.decode(out);
        }
        self.flush_partial(out);
        match byte {
            b'\n' => self.newline(out),
            b'\r' => self.state = State::Return,
            0x1b => self.begin(),
            _ => self.show(char::from(byte), out),
        }
    }

    /// Shows the character if it is whole, and what cannot become one as U+FFFD.
    fn decode(&mut self, out: &mut String) {
        loop {
            match str::from_utf8(&self.partial) {
                Ok(text) => {
                    let done: Vec<char> = text.chars().collect();
                    self.partial.clear();
                    return done.into_iter().for_each(|c| self.show(c, out));
                }
                Err(error) => match error.error_len() {
                    None => return,
                    Some(bad) => {
                        self.partial.drain(..bad);
                        self.show(char::REPLACEMENT_CHARACTER, out);
                    }
                },
            }
        }
    }

    fn flush_partial(&mut self, out: &mut String) {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.show(char::REPLACEMENT_CHARACTER, out);
        }
    }

    fn show(&mut self, c: char, out: &mut String) {
        out.push(picture(c));
        self.inside = true;
    }

    fn newline(&mut self, out: &mut String) {
        out.push('\n');
        self.inside = false;
        self.state = State::Text;
    }

    fn begin(&mut self) {
        self.held.push(0x1b);
        self.state = State::Escape;
    }

    fn escape(&mut self, byte: u8, out: &mut String) {
        self.state = match byte {
            b'[' => State::Csi,
            b']' | b'P' | b'X' | b'^' | b'_' => State::String,
            b' '..=b'/' => State::Charset,
            _ => return self.give_up_at(byte, out),
        };
        self.held.push(byte);
    }

    fn csi(&mut self, byte: u8, out: &mut String) {
        match byte {
            b' '..=b'?' if self.held.len() < CSI_LIMIT => self.held.push(byte),
            b'm' if self.held[2..].iter().all(|b| matches!(b, b'0'..=b';')) => {
                let parameters: String = self.held[2..].iter().map(|&b| char::from(b)).collect();
                if self.colour {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\x1b[{parameters}m");
                    self.styled = !parameters.bytes().all(|b| b == b'0');
                }
                self.drop_held();
            }
            b'@'..=b'~' => self.drop_held(),
            _ => self.give_up_at(byte, out),
        }
    }

    /// The sequence was whole and does nothing now.
    fn drop_held(&mut self) {
        self.held.clear();
        self.state = State::Text;
    }

    /// Shows what was held: it is no sequence that we know.
    fn give_up(&mut self, out: &mut String) {
        let held = std::mem::take(&mut self.held);
        self.state = State::Text;
        for (at, byte) in held.into_iter().enumerate() {
            // Only the first can be ESC.
            if at == 0 {
                self.show('\x1b', out);
            } else {
                self.text(byte, out);
            }
        }
        self.flush_partial(out);
    }

    /// The same, and this byte comes after it.
    fn give_up_at(&mut self, byte: u8, out: &mut String) {
        self.give_up(out);
        self.text(byte, out);
    }
}

/// The character itself, or a picture where it would act on a terminal or turn text around.
pub(super) fn picture(c: char) -> char {
    match c {
        '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('␛'),
        '\x7f' => '␡',
        '\u{80}'..='\u{9f}' => '␛',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ => c,
    }
}

/// A text of the user's or an engine's with nothing in it that acts, not even newlines.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(picture).collect()
}

/// The same for some lines: at most `limit`, each cut to what is worth reading.
pub(crate) fn visible_lines(text: &str, limit: usize) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .take(limit)
        .map(|line| visible(&cut(line)))
        .collect();
    if text.lines().nth(limit).is_some() {
        lines.push("…".to_owned());
    }
    lines
}

/// One line of a child's output that is already there, without its newline. Of a line written over and over with
/// carriage returns, as progress bars do, the last is what was to be seen.
pub(crate) fn line(text: &str, colour: bool) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    let shown = match text.rsplit_once('\r') {
        Some((_, last)) => format!("… {last}"),
        None => text.to_owned(),
    };
    let mut cleaner = Cleaner::new(colour);
    let mut out = String::new();
    cleaner.push(cut(&shown).as_bytes(), &mut out);
    cleaner.end_line(&mut out);
    out.replace('\n', "")
}

/// The text, or its beginning and a mark.
pub(crate) fn cut(text: &str) -> String {
    cut_to(text, LINE_LIMIT)
}

/// The same with at most so many characters of it.
pub(crate) fn cut_to(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{} …", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
