//! Short commands whose output is an answer: questions to engines and git, and small steps such as `create` or `rm`.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::pipes::Channel;
use super::{Cancel, Exit, Limits, Stopper, stream};
use crate::command::Command;
use crate::problem::Problem;

/// An engine that answers more is broken; the list of files of a huge repository is far below.
const MOST: usize = 256 * 1024 * 1024;

/// The limit of each command that runs in the background.
const BACKGROUND: Duration = Duration::from_secs(120);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) exit: Exit,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Output {
    /// What it printed on stdout, trimmed; bytes that are not text become U+FFFD.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }

    /// The last line that it printed on stderr: where programs say why they failed.
    pub(crate) fn error_line(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        match last {
            Some(line) => line.to_owned(),
            None if self.exit.success() => String::new(),
            None => format!("it says nothing ({})", self.exit.ended),
        }
    }
}

/// Runs a command and keeps all that it prints. That it fails or is stopped is in `Output::exit`.
pub(crate) fn capture(
    command: &Command,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Output, Problem> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let exit = stream::run(
        command,
        None,
        (&Stopper::Group, limits, cancel),
        false,
        &mut |channel, bytes| {
            match channel {
                Channel::Out => stdout.extend_from_slice(bytes),
                Channel::Error => stderr.extend_from_slice(bytes),
            }
            if stdout.len() + stderr.len() > MOST {
                Err("prints more than 256 MB".to_owned())
            } else {
                Ok(())
            }
        },
    )?;
    Ok(Output {
        exit,
        stdout,
        stderr,
    })
}

/// Commands that run one after another beside us; dropping it waits for them.
#[must_use]
pub(crate) struct Background(Option<JoinHandle<Vec<Result<Output, Problem>>>>);

/// Starts them. No signal stops them: they clean up, often because of one.
pub(crate) fn background(commands: Vec<Command>) -> Background {
    background_within(commands, BACKGROUND)
}

/// The same with another limit for each.
pub(crate) fn background_within(commands: Vec<Command>, limit: Duration) -> Background {
    let limits = Limits {
        time: Some(limit),
        ..Limits::default()
    };
    if commands.is_empty() {
        return Background(None);
    }
    let work = move || {
        commands
            .iter()
            .map(|command| capture(command, &limits, &Cancel::never()))
            .collect()
    };
    Background(Some(thread::spawn(work)))
}

impl Background {
    /// Waits for all of them and gives their answers.
    pub(crate) fn join(mut self) -> Vec<Result<Output, Problem>> {
        self.wait()
    }

    fn wait(&mut self) -> Vec<Result<Output, Problem>> {
        self.0
            .take()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Stdin;
    use crate::exec::{Ended, Stop};

    fn sh(script: &str) -> Command {
        Command::new(["sh", "-c", script])
    }

    fn ask(command: &Command) -> Output {
        capture(command, &Limits::default(), &Cancel::never()).unwrap()
    }

    #[test]
    fn an_answer_has_two_channels_and_an_end() {
        let output = ask(&sh("echo ' out '; echo why >&2; echo >&2; exit 7"));
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b" out \n"[..], &b"why\n\n"[..])
        );
        assert_eq!(
            (output.text().as_str(), output.error_line().as_str()),
            ("out", "why")
        );
        assert_eq!(
            output.exit,
            Exit {
                ended: Ended::Code(7),
                stopped: None,
                leaked: false
            }
        );
        assert!(ask(&Command::new(["true"])).exit.success());
        assert_eq!(ask(&sh(r"printf 'a\377b'")).text(), "a\u{fffd}b");
    }

    #[test]
    fn both_channels_are_read_at_once() {
        let output = ask(&sh(
            "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero",
        ));
        assert_eq!(
            (output.stdout.len(), output.stderr.len()),
            (300_000, 300_000)
        );
    }

    #[test]
    fn input_environment_and_folder_arrive() {
        assert_eq!(
            ask(&Command::new(["cat"]).stdin(Stdin::Text("a\0b".into()))).stdout,
            b"a\0b"
        );
        assert!(ask(&Command::new(["cat"])).stdout.is_empty());
        let mut command = sh("echo $A-$B-$HOME-$PATH; pwd");
        command.clean = true;
        command.dir = Some("/".into());
        command.unset = vec!["A".into()];
        let pair = |name: &str, value: &str| (name.to_owned(), value.into());
        command.env = vec![
            pair("A", "1"),
            pair("B", "1"),
            pair("B", "2"),
            pair("PATH", "/bin:/usr/bin"),
        ];
        assert_eq!(ask(&command).text(), "1-2--/bin:/usr/bin\n/");
    }

    #[test]
    fn what_cannot_be_started_says_why() {
        let title = |command: &Command| {
            capture(command, &Limits::default(), &Cancel::never())
                .unwrap_err()
                .title
        };
        assert_eq!(
            title(&Command::new(["no-such-program"])),
            "cannot start `no-such-program`: not found"
        );
        assert_eq!(
            title(&Command::new(["/"])),
            "cannot start `/`: permission denied"
        );
        let mut command = Command::new(["true"]);
        command.dir = Some("/no/such".into());
        assert_eq!(
            title(&command),
            "cannot start `true` in `/no/such`: no such folder"
        );
        let long = "x".repeat(200_000);
        assert_eq!(
            title(&Command::new(["true", &long])),
            "cannot start `true`: too many arguments"
        );
    }

    #[test]
    fn a_question_has_a_time_limit() {
        let limits = Limits {
            time: Some(Duration::from_millis(100)),
            ..Limits::default()
        };
        let output = capture(&sh("echo half; sleep 60"), &limits, &Cancel::never()).unwrap();
        assert_eq!(
            (output.exit.stopped, output.text().as_str()),
            (Some(Stop::TimeLimit), "half")
        );
        assert!(!output.exit.success());
    }

    #[test]
    fn signals_are_as_new_in_children() {
        let output = ask(&sh(
            "grep -E '^Sig(Blk|Ign)' /proc/self/status; kill -PIPE $$",
        ));
        let mask = |name: &str| {
            let text = output.text();
            let hex = text
                .lines()
                .find_map(|line| line.strip_prefix(name).map(str::trim).map(str::to_owned));
            u64::from_str_radix(&hex.unwrap(), 16).unwrap()
        };
        assert_eq!(mask("SigBlk:"), 0);
        assert_eq!(
            mask("SigIgn:") & (1 << (signal_hook::consts::SIGPIPE - 1)),
            0
        );
        assert_eq!(output.exit.ended.to_string(), "signal PIPE");
    }

    #[test]
    fn the_background_runs_in_order_and_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let say = |word: &str| {
            let mut command = sh(&format!("echo {word} >>log"));
            command.dir = Some(folder.path().into());
            command
        };
        let results = background(vec![
            say("one"),
            Command::new(["no-such-program"]),
            say("two"),
        ])
        .join();
        assert_eq!(
            results.iter().map(Result::is_ok).collect::<Vec<_>>(),
            [true, false, true]
        );
        drop(background(vec![sh("sleep 0.1"), say("three")]));
        let log = crate::files::read(&folder.path().join("log")).unwrap();
        assert_eq!(log, b"one\ntwo\nthree\n");
    }
}
