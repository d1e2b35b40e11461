//! The stretch of a source that a problem shows: short enough to be read, its spans always inside.
//!
//! Makes no text of its own and may not panic, wherever the spans lie: a source may have changed, or been cut.
//!
//! ```ignore
//! let excerpt = Excerpt::new(&source.text, &[7..13]); // the line around 7..13
//! ```

use std::ops::Range;

use super::harmless;

/// How much of a line is kept behind the last span in it, and how many lines of a span.
const BEHIND: usize = 200;
const LINES: usize = 6;

/// Some lines of a source, without what is too long to show.
#[derive(Debug, PartialEq)]
pub(super) struct Excerpt {
    pub(super) text: String,
    /// The number of the first line, from 1.
    pub(super) line: usize,
    /// The spans, in the order they came, in `text`.
    pub(super) spans: Vec<Range<usize>>,
}

impl Excerpt {
    /// `spans` are byte offsets in `source`.
    pub(super) fn new(source: &str, spans: &[Range<usize>]) -> Self {
        let spans: Vec<_> = spans.iter().map(|span| clamp(source, span)).collect();
        let start = spans.iter().map(|s| s.start).min().unwrap_or(0);
        let end = spans.iter().map(|s| s.end).max().unwrap_or(0);
        let start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let end = source[end..].find('\n').map_or(source.len(), |at| end + at);

        let mut excerpt = Self {
            text: String::new(),
            line: source[..start].matches('\n').count() + 1,
            spans: vec![0..0; spans.len()],
        };
        let mut offset = start;
        for line in source[start..end].split_inclusive('\n') {
            excerpt.line(line, offset, &spans);
            offset += line.len();
        }
        // What lies at the very end lies behind the last character.
        for (from, to) in spans.iter().zip(&mut excerpt.spans) {
            if from.start == end {
                to.start = excerpt.text.len();
            }
            if from.end == end {
                to.end = excerpt.text.len();
            }
        }
        excerpt
    }

    /// Adds a line that begins at `offset`; maps the ends of spans that lie in it.
    fn line(&mut self, line: &str, offset: usize, spans: &[Range<usize>]) {
        let ends = spans.iter().flat_map(|s| [s.start, s.end]);
        let inside = ends.filter(|at| (offset..offset + line.len()).contains(at));
        let keep = inside.max().unwrap_or(offset) - offset + BEHIND;
        for (at, c) in line.char_indices() {
            for (from, to) in spans.iter().zip(&mut self.spans) {
                if from.start == offset + at {
                    to.start = self.text.len();
                }
                if from.end == offset + at {
                    to.end = self.text.len();
                }
            }
            // A carriage return that ends a line is part of its end.
            let ends = c == '\r' && matches!(&line[at + 1..], "" | "\n");
            if c == '\n' || at < keep && !ends {
                self.text.push(match c {
                    '\n' => c,
                    _ => harmless::picture(c),
                });
            }
        }
    }
}

/// The span inside the source, on whole characters, not longer than is worth showing.
fn clamp(source: &str, span: &Range<usize>) -> Range<usize> {
    let whole = |mut at: usize| {
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let mut start = whole(span.start.min(source.len()));
    if start == source.len() && source.ends_with('\n') {
        // Behind the last newline there is no line to show.
        start -= 1;
    }
    let end = whole(span.end.clamp(start, source.len()));
    let newlines = source[start..end].match_indices('\n');
    let end = newlines
        .map(|(at, _)| start + at)
        .nth(LINES - 1)
        .unwrap_or(end);
    // A line as long as a book is not underlined to its end either.
    let first = source[start..end].find('\n').map_or(end, |at| start + at);
    if first > start + BEHIND {
        return start..whole(start + BEHIND);
    }
    start..end
}
