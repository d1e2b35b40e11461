//! Long answers that are read as they come, and not kept: an archive.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use super::capture::Output;
use super::pipes::Channel;
use super::{Cancel, Limits, Stopper, stream};
use crate::command::Command;
use crate::problem::Problem;

/// So many chunks wait for a slow reader; then the child waits.
const QUEUE: usize = 16;
/// More of what it says on stderr is not kept.
const MOST_SAID: usize = 64 * 1024;

/// The child's output, chunk by chunk.
struct Chunks {
    chunks: Receiver<Vec<u8>>,
    chunk: io::Cursor<Vec<u8>>,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.chunk.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            match self.chunks.recv() {
                Ok(chunk) => self.chunk = io::Cursor::new(chunk),
                Err(_) => return Ok(0),
            }
        }
    }
}

/// Runs a command and gives what it prints on stdout to `reader`, on a thread of its own. A reader that ends before
/// the output does has the child ended, which then is a problem. The second value is what the reader made of it.
pub(crate) fn read<T: Send>(
    command: &Command,
    limits: &Limits,
    cancel: &Cancel,
    reader: impl FnOnce(&mut dyn Read) -> T + Send,
) -> (Result<Output, Problem>, T) {
    let (sender, chunks) = sync_channel(QUEUE);
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let chunk = io::Cursor::new(Vec::new());
            reader(&mut Chunks { chunks, chunk })
        });
        let mut stderr = Vec::new();
        let ends = (&Stopper::Group, limits, cancel);
        let exit = stream::run(command, None, ends, false, &mut |channel, bytes| {
            match channel {
                Channel::Out => {
                    let sent = sender.send(bytes.to_vec());
                    return sent.map_err(|_| "prints what nobody reads".to_owned());
                }
                Channel::Error if stderr.len() < MOST_SAID => stderr.extend_from_slice(bytes),
                Channel::Error => {}
            }
            Ok(())
        });
        drop(sender);
        let made = reading.join();
        let made = made.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let stdout = Vec::new();
        let output = exit.map(|exit| Output {
            exit,
            stdout,
            stderr,
        });
        (output, made)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        Command::new(["sh", "-c", script])
    }

    fn run<T: Send>(
        script: &str,
        reader: impl FnOnce(&mut dyn Read) -> T + Send,
    ) -> (Result<Output, Problem>, T) {
        read(&sh(script), &Limits::default(), &Cancel::never(), reader)
    }

    #[test]
    fn all_of_it_comes_and_stderr_beside_it() {
        let script = "echo why >&2; head -c 3000000 /dev/zero; exit 3";
        let (output, n) = run(script, |from| io::copy(from, &mut io::sink()).unwrap());
        let output = output.unwrap();
        assert_eq!((n, output.error_line().as_str()), (3_000_000, "why"));
        assert!(!output.exit.success());
    }

    #[test]
    fn a_reader_that_has_enough_ends_the_child() {
        let (output, first) = run("exec yes", |from| {
            let mut byte = [0];
            from.read_exact(&mut byte).unwrap();
            byte[0]
        });
        assert_eq!((first, output.is_err()), (b'y', true));
    }
}
