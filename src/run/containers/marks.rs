//! Takes the script's marks out of a stage's output, wherever the chunks are cut.

use crate::plan::script::MARK;

/// What a mark says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Begin(usize),
    End(usize, i32),
    OnFailure,
    Done,
}

/// A piece of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Output(Vec<u8>),
    Mark(Mark),
}

/// Longer than any mark: what is held back while one may still be coming.
const LONGEST: usize = 96;

pub(crate) struct Marks {
    /// `RS word`, followed by a blank.
    lead: Vec<u8>,
    held: Vec<u8>,
}

impl Marks {
    pub(crate) fn new(word: &str) -> Self {
        let mut lead = vec![MARK];
        lead.extend_from_slice(word.as_bytes());
        lead.push(b' ');
        Self {
            lead,
            held: Vec::new(),
        }
    }

    /// Everything up to a possible mark that is not whole yet.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.held.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        let mut from = 0;
        while let Some(at) = self.held[from..]
            .iter()
            .position(|b| *b == MARK)
            .map(|at| from + at)
        {
            let rest = &self.held[at..];
            let shown = rest.len().min(self.lead.len());
            if rest[..shown] != self.lead[..shown] {
                from = at + 1;
                continue;
            }
            let Some(end) = rest.iter().take(LONGEST).position(|b| *b == b'\n') else {
                if rest.len() >= LONGEST {
                    from = at + 1;
                    continue;
                }
                // A mark may be coming: give out what stands before it and wait.
                let tail = self.held.split_off(at);
                push(&mut pieces, std::mem::replace(&mut self.held, tail));
                return pieces;
            };
            let Some(mark) = parse(&rest[self.lead.len()..end]) else {
                from = at + 1;
                continue;
            };
            let tail = self.held.split_off(at + end + 1);
            let mut before = std::mem::replace(&mut self.held, tail);
            before.truncate(at);
            push(&mut pieces, before);
            pieces.push(Piece::Mark(mark));
            from = 0;
        }
        push(&mut pieces, std::mem::take(&mut self.held));
        pieces
    }

    /// What was held back when the stream ended.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

fn push(pieces: &mut Vec<Piece>, bytes: Vec<u8>) {
    if !bytes.is_empty() {
        pieces.push(Piece::Output(bytes));
    }
}

fn parse(text: &[u8]) -> Option<Mark> {
    let mut words = std::str::from_utf8(text).ok()?.split(' ');
    let mark = match words.next()? {
        "begin" => Mark::Begin(words.next()?.parse().ok()?),
        "end" => Mark::End(words.next()?.parse().ok()?, words.next()?.parse().ok()?),
        "on-failure" => Mark::OnFailure,
        "done" => Mark::Done,
        _ => return None,
    };
    words.next().is_none().then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_however_the_stream_is_cut() {
        let stream = b"a\x1eW begin 1\nout\x1eother\n no newline\x1eW end 1 137\n\x1eW done\n";
        let whole = {
            let mut marks = Marks::new("W");
            joined(marks.feed(stream))
        };
        assert_eq!(whole.1, [Mark::Begin(1), Mark::End(1, 137), Mark::Done]);
        assert_eq!(whole.0, b"aout\x1eother\n no newline");
        for size in 1..stream.len() {
            let mut marks = Marks::new("W");
            let mut pieces: Vec<Piece> = stream.chunks(size).flat_map(|c| marks.feed(c)).collect();
            push(&mut pieces, marks.rest());
            assert_eq!(joined(pieces), whole, "chunks of {size}");
        }
    }

    #[test]
    fn what_only_looks_like_a_mark_is_output() {
        let mut marks = Marks::new("W");
        let text = b"\x1eW begin x\n\x1eW end 1\n\x1eX done\n";
        assert_eq!(joined(marks.feed(text)), (text.to_vec(), vec![]));
        assert_eq!(marks.feed(b"\x1eW"), []);
        assert_eq!(marks.rest(), b"\x1eW");
    }

    fn joined(pieces: Vec<Piece>) -> (Vec<u8>, Vec<Mark>) {
        let (mut output, mut marks) = (Vec::new(), Vec::new());
        for piece in pieces {
            match piece {
                Piece::Output(bytes) => output.extend(bytes),
                Piece::Mark(mark) => marks.push(mark),
            }
        }
        (output, marks)
    }
}
