//! The two streams: results go to stdout, everything else to stderr; the only module that writes to them.
//!
//! May not make text of its own, but for the problem of a stream that cannot be written to. A reader that went away
//! (`| head`) is no error; a full disk under stdout is, because a result was lost. What cannot be said on stderr is lost
//! without effect on the exit code: a build has not failed because nobody listened.
//!
//! ```ignore
//! let out = Out::new(&host, Some("auto"), 0);
//! out.result("docker-fedora-35-maximal");
//! return out.finish(0);
//! ```

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::job::Provider;
use super::job::github;
use super::job::guard::Guard;
use super::{problem, style};
use crate::host::Host;
use crate::mask::Mask;
use crate::nearest::counted;
use crate::plan::annotate::Level;
use crate::problem::{Problem, Problems};

/// Where text goes; copies are the same two streams.
#[derive(Clone)]
pub(crate) struct Out {
    streams: Arc<Mutex<Streams>>,
    colour: bool,
    verbosity: i8,
    /// The CI system that reads what is told.
    provider: Option<Provider>,
}

struct Streams {
    /// What is never written.
    mask: Mask,
    result: Stream,
    tell: Stream,
    /// Where the reader acts on lines.
    guard: Option<Guard>,
}

struct Stream {
    to: Box<dyn Write + Send>,
    /// Nothing more can be written.
    closed: bool,
    /// Why, where it matters.
    error: Option<io::Error>,
}

impl Stream {
    fn new(to: Box<dyn Write + Send>) -> Self {
        Self {
            to,
            closed: false,
            error: None,
        }
    }

    fn write(&mut self, text: &str) {
        if self.closed {
            return;
        }
        if let Err(error) = push(&mut *self.to, text.as_bytes()) {
            self.closed = true;
            self.error = (error.kind() != io::ErrorKind::BrokenPipe).then_some(error);
        }
    }
}

/// A stream that is waited for where it is full: somebody else may have made our terminal or pipe non-blocking (it is a
/// flag of the open file, not of ours).
struct Patient<'a>(&'a mut dyn Write);

impl Write for Patient<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        patiently(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        patiently(|| self.0.flush())
    }
}

fn patiently<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match act() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Writes and flushes all of it.
fn push(to: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    let mut patient = Patient(to);
    patient.write_all(bytes)?;
    patient.flush()
}

impl Out {
    /// The process's own streams. `color` is what `--color` says; `verbosity` is -1 for `-q`, 1 for `-v`.
    pub(crate) fn new(host: &Host, color: Option<&str>, verbosity: i8) -> Self {
        Self::over(
            Box::new(io::stdout()),
            Box::new(io::stderr()),
            style::colour(color, host, host.stderr_is_terminal),
            verbosity,
        )
        .in_job(Provider::of(host))
    }

    /// The same for a reader that is a CI system.
    pub(super) fn in_job(mut self, provider: Option<Provider>) -> Self {
        let guard = (provider == Some(Provider::Github)).then(Guard::default);
        self.streams().guard = guard;
        self.provider = provider;
        self
    }

    pub(super) fn over(
        result: Box<dyn Write + Send>,
        tell: Box<dyn Write + Send>,
        colour: bool,
        verbosity: i8,
    ) -> Self {
        let streams = Streams {
            mask: Mask::default(),
            result: Stream::new(result),
            tell: Stream::new(tell),
            guard: None,
        };
        Self {
            streams: Arc::new(Mutex::new(streams)),
            colour,
            verbosity,
            provider: None,
        }
    }

    /// Whoever panicked while writing has left nothing here that could be wrong.
    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never writes these values from now on, in place of those of an earlier call.
    pub(crate) fn hide(&self, mask: Mask) {
        self.streams().mask = mask;
    }

    /// Writes a result: to stdout, ended by a newline.
    pub(crate) fn result(&self, text: &str) {
        let mut streams = self.streams();
        let text = streams.mask.text(&ended(text)).into_owned();
        streams.result.write(&text);
    }

    /// Writes a result for people to read; where a CI system acts on lines, it acts on none of these.
    pub(crate) fn shown(&self, text: &str) {
        if self.provider == Some(Provider::Github) && github::acts(text) {
            let mut guard = Guard::default();
            let text = guard.theirs(&ended(text));
            self.result(&(text + &guard.end()));
        } else {
            self.result(text);
        }
    }

    /// Writes a log as it is, but for GitHub's runner where that would act on a line of it.
    pub(crate) fn log(&self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if self.provider == Some(Provider::Github) && github::acts(&text) {
            self.shown(&text);
        } else {
            self.bytes(|out| out.write_all(bytes));
        }
    }

    /// Writes bytes that are made as they are written: a tar, a log. `None`: the reader went away, or it failed
    /// (`trouble` says why).
    pub(crate) fn bytes<T>(&self, make: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> Option<T> {
        let mut streams = self.streams();
        let stream = &mut streams.result;
        if stream.closed {
            return None;
        }
        let mut patient = Patient(&mut *stream.to);
        match make(&mut patient).and_then(|made| patient.flush().map(|()| made)) {
            Ok(made) => Some(made),
            Err(error) => {
                stream.closed = true;
                stream.error = (error.kind() != io::ErrorKind::BrokenPipe).then_some(error);
                None
            }
        }
    }

    /// The exit code, when everything is said: a result that was lost makes a success none.
    pub(crate) fn finish(&self, code: u8) -> u8 {
        let trouble = self.trouble();
        if let Some(problem) = &trouble {
            self.problem(problem);
        }
        self.settle();
        if trouble.is_some() { code.max(3) } else { code }
    }

    /// Lets a CI system act on lines again, for whoever writes after us.
    pub(super) fn settle(&self) {
        let mut streams = self.streams();
        if let Some(guard) = &mut streams.guard {
            let text = guard.end();
            streams.tell.write(&text);
        }
    }

    /// The same streams, more or less talkative: -1 for `-q`, 1 for `-v`.
    pub(crate) fn with_verbosity(&self, verbosity: i8) -> Self {
        Self {
            verbosity,
            ..self.clone()
        }
    }

    /// Says something: on stderr, ended by a newline.
    pub(crate) fn tell(&self, text: &str) {
        self.say(&ended(text), Guard::ours);
    }

    /// Writes to stderr just this, which others wrote; the caller knows where lines end.
    pub(super) fn stream(&self, text: &str) {
        self.say(text, Guard::theirs);
    }

    /// Writes a line on which the CI system is to act.
    pub(super) fn command(&self, line: &str) {
        self.say(&ended(line), |guard, text| guard.command(text.trim_end()));
    }

    fn say(&self, text: &str, guarded: impl FnOnce(&mut Guard, &str) -> String) {
        if text.is_empty() {
            return;
        }
        let mut streams = self.streams();
        let mut text = streams.mask.text(text).into_owned();
        if let Some(guard) = &mut streams.guard {
            text = guarded(guard, &text);
        }
        streams.tell.write(&text);
    }

    /// A text without secrets, for whoever writes it in another form.
    pub(super) fn masked(&self, text: &str) -> String {
        self.streams().mask.text(text).into_owned()
    }

    /// Shows why nothing was run, also where a CI system shows it first.
    pub(crate) fn refuse(&self, problems: &Problems) {
        self.problems(problems);
        let (Some(Provider::Github), [first, others @ ..]) = (self.provider, &problems.0[..])
        else {
            return;
        };
        let more = match others.len() {
            0 => String::new(),
            more => format!(" (and {})", counted("problem", more) + " more"),
        };
        let text = self.masked(&format!("{}{more}", first.title));
        self.command(&github::annotation(Level::Error, &[], &text));
    }

    /// Shows a problem on stderr.
    pub(crate) fn problem(&self, problem: &Problem) {
        self.tell(&problem::render(problem, self.colour));
    }

    /// Shows all problems on stderr, with their number.
    pub(crate) fn problems(&self, problems: &Problems) {
        self.tell(&problem::render_all(problems, self.colour));
    }

    /// Why not all results reached stdout: the exit code may not be 0 then. A reader that went away is no reason.
    pub(crate) fn trouble(&self) -> Option<Problem> {
        let streams = self.streams();
        let error = streams.result.error.as_ref()?;
        Some(Problem::engine(
            format!("cannot write to standard output: {error}"),
            "the result is not complete; send it to where there is space",
        ))
    }

    /// The CI system in whose job this is.
    pub(super) fn provider(&self) -> Option<Provider> {
        self.provider
    }

    /// Is stderr coloured?
    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// Columns and rows of the terminal that stderr is; those of the oldest where nobody knows.
    pub(super) fn size() -> (usize, usize) {
        let size = rustix::termios::tcgetwinsize(io::stderr()).ok();
        let size = size.map(|size| (size.ws_col.into(), size.ws_row.into()));
        size.filter(|(columns, rows)| *columns > 0 && *rows > 0)
            .unwrap_or((80, 24))
    }

    /// -1 for `-q`, 0, 1 for `-v`.
    pub(crate) fn verbosity(&self) -> i8 {
        self.verbosity
    }
}

/// The text with a newline at its end; nothing stays nothing.
fn ended(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') {
        text.to_owned()
    } else {
        format!("{text}\n")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Answers what it is told to, then takes one byte a time.
    struct Moody(VecDeque<io::ErrorKind>, Arc<Mutex<Vec<u8>>>);

    impl Write for Moody {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(kind) = self.0.pop_front() {
                return Err(kind.into());
            }
            self.1.lock().unwrap().push(bytes[0]);
            Ok(1)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write(moods: &[io::ErrorKind]) -> (String, Out) {
        written(moods, |out| {
            out.result("one");
            out.result("two\n");
            out.result("");
        })
    }

    fn written(moods: &[io::ErrorKind], say: impl FnOnce(&Out)) -> (String, Out) {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let result = Moody(moods.iter().copied().collect(), Arc::clone(&taken));
        let out = Out::over(Box::new(result), Box::new(io::sink()), false, 0);
        say(&out);
        let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
        (text, out)
    }

    #[test]
    fn a_reader_that_went_away_is_no_trouble() {
        let (text, out) = write(&[io::ErrorKind::BrokenPipe]);
        assert_eq!(text, "");
        assert!(out.trouble().is_none());
    }

    #[test]
    fn a_full_disk_is_trouble() {
        let (text, out) = write(&[io::ErrorKind::StorageFull]);
        assert_eq!(text, "");
        assert_eq!(
            out.trouble().unwrap().title,
            "cannot write to standard output: no storage space"
        );
    }

    #[test]
    fn a_full_pipe_is_waited_for() {
        let moods = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
        let (text, out) = write(&moods);
        assert_eq!(text, "one\ntwo\n");
        assert!(out.trouble().is_none());
        let bytes = |out: &Out| assert!(out.bytes(|to| to.write_all(b"a tar")).is_some());
        let (text, out) = written(&moods, bytes);
        assert_eq!(text, "a tar");
        assert!(out.trouble().is_none());
    }
}
