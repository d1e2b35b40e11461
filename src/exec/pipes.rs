//! The threads at a child's pipes: they read its output and feed its input, and tell the owner by a channel.
//!
//! All pipe ends are close-on-exec from birth, so no other child holds them open. A thread that hangs on a pipe is
//! left behind; it ends with the pipe, or when it finds the channel closed.

use std::io::{self, BufWriter, PipeReader, PipeWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;

/// Makes a child's input while it is sent.
pub(crate) type Feed = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// So many bytes are read at once: what a pipe holds.
const CHUNK: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Out,
    Error,
}

/// What the owner of a child waits for.
pub(super) enum Event {
    Bytes(Channel, Vec<u8>),
    /// One output pipe has no writer any more.
    Closed,
    /// The leader ended (and is not reaped).
    Ended,
    /// The feed is done. When it failed the open pipe comes along: closed too early, half an input would look whole.
    Fed(Result<(), (io::Error, PipeWriter)>),
    /// Look at the cancel count.
    Wake,
}

/// Reads a pipe until nobody writes to it, or nobody listens.
pub(super) fn read(mut pipe: PipeReader, channel: Channel, events: &SyncSender<Event>) {
    let mut buffer = vec![0; CHUNK];
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                if events
                    .send(Event::Bytes(channel, buffer[..n].to_vec()))
                    .is_err()
                {
                    return;
                }
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let _ = events.send(Event::Closed);
}

/// Feeds a child. One that does not read its input to the end (EPIPE) has its reasons.
pub(super) fn feed(feed: Feed, pipe: PipeWriter, events: &SyncSender<Event>) {
    let mut writer = BufWriter::with_capacity(CHUNK, pipe);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        feed(&mut writer).and_then(|()| writer.flush())
    }));
    let (pipe, _) = writer.into_parts();
    let result = match outcome {
        Ok(Err(e)) if e.kind() != io::ErrorKind::BrokenPipe => Err((e, pipe)),
        Ok(_) => {
            drop(pipe);
            Ok(())
        }
        Err(_) => Err((io::Error::other("its maker panicked"), pipe)),
    };
    let _ = events.send(Event::Fed(result));
}
