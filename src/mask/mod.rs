//! Takes secrets out of texts and of streams of bytes. Pure.
//!
//! Known are a value as it is, each of its lines, and what shells, JSON, XML, URLs and base64 make of them (`forms`).
//! Every byte that belongs to one is masked, whichever overlap; what is masked without a gap is one `***`. A stream may
//! be cut anywhere: held back is only what may still be the beginning of a secret, so that any cut gives the same bytes.

mod automaton;
mod forms;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use automaton::Automaton;

/// What stands for a secret.
const STARS: &[u8] = b"***";
/// A shorter value is a word like any other: masking it would garble the output and tell the value.
const SHORTEST: usize = 4;

/// What is to be masked; a copy is the same. The default masks nothing.
#[derive(Clone, Default)]
pub(crate) struct Mask(Option<Arc<Automata>>);

/// The forms of all secrets.
struct Automata {
    plain: Automaton,
    /// Forms in base64, which may be broken into lines anywhere: line ends are passed over.
    base64: Automaton,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Mask" } else { "no mask" })
    }
}

/// Is the value too short to be masked?
pub(crate) fn is_short(value: &str) -> bool {
    value.trim_end_matches(['\n', '\r']).len() < SHORTEST
}

impl Mask {
    /// Masks these values; those that are too short are left as they are.
    pub(crate) fn of<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        let (mut plain, mut base64) = (Vec::new(), Vec::new());
        for value in values {
            for piece in forms::pieces(value, SHORTEST) {
                plain.extend(forms::written(piece));
                base64.extend(forms::base64(piece.as_bytes()));
            }
        }
        if plain.is_empty() {
            return Self::default();
        }
        base64.retain(|form| form.len() >= SHORTEST);
        Self(Some(Arc::new(Automata {
            plain: Automaton::of(&plain),
            base64: Automaton::of(&base64),
        })))
    }

    /// Is there nothing to mask?
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// A text that is whole.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.0.is_none() {
            return Cow::Borrowed(text);
        }
        let mut masker = self.masker();
        let mut out = masker.feed(text.as_bytes()).into_owned();
        out.extend(masker.rest());
        Cow::Owned(String::from_utf8_lossy(&out).into_owned())
    }

    /// Every text of a JSON value; names of members are ours.
    pub(crate) fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(masked) = self.text(text) {
                    *text = masked;
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.json(value)),
            Value::Object(map) => map.values_mut().for_each(|value| self.json(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// For one stream.
    pub(crate) fn masker(&self) -> Masker {
        Masker {
            mask: self.clone(),
            ..Masker::default()
        }
    }
}

/// Masks one stream, piece by piece.
#[derive(Default)]
pub(crate) struct Masker {
    mask: Mask,
    plain: automaton::State,
    base64: automaton::State,
    /// What may be the beginning of a secret: each byte, and whether it is a part of one that is whole.
    held: Vec<(u8, bool)>,
    /// The last byte that was given out was masked.
    masked: bool,
}

fn ends_line(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

impl Masker {
    /// What can be given out now.
    pub(crate) fn feed<'b>(&mut self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let Some(automata) = self.mask.0.clone() else {
            return Cow::Borrowed(bytes);
        };
        for byte in bytes {
            self.held.push((*byte, false));
            let found = automata.plain.step(&mut self.plain, *byte);
            self.cover(found, |_| true);
            if !ends_line(*byte) {
                let found = automata.base64.step(&mut self.base64, *byte);
                self.cover(found, |byte| !ends_line(byte));
            }
        }
        let plain = automata.plain.depth(self.plain);
        let base64 = self.reach(automata.base64.depth(self.base64), |b| !ends_line(b));
        let ready = self.held.len() - plain.max(base64);
        Cow::Owned(self.give(ready))
    }

    /// What was held back when the stream ended.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        (self.plain, self.base64) = Default::default();
        let out = self.give(self.held.len());
        self.masked = false;
        out
    }

    /// How many bytes at the end have `count` of those that count among them.
    fn reach(&self, count: usize, counts: impl Fn(u8) -> bool) -> usize {
        let (mut left, mut reach) = (count, 0);
        for (byte, _) in self.held.iter().rev() {
            if left == 0 {
                break;
            }
            left -= usize::from(counts(*byte));
            reach += 1;
        }
        reach
    }

    /// Masks the last `count` bytes of those that count, and what is between them.
    fn cover(&mut self, count: usize, counts: impl Fn(u8) -> bool) {
        let from = self.held.len() - self.reach(count, counts);
        self.held[from..]
            .iter_mut()
            .for_each(|(_, masked)| *masked = true);
    }

    fn give(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count);
        for (byte, masked) in self.held.drain(..count) {
            if !masked {
                out.push(byte);
            } else if !self.masked {
                out.extend_from_slice(STARS);
            }
            self.masked = masked;
        }
        out
    }
}

#[cfg(test)]
mod tests;
