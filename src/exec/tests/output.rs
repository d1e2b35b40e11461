//! What goes in and what comes out.

use std::io::{self, Write};

use super::*;
use crate::command::Stdin;
use crate::problem::Problem;

#[test]
fn both_outputs_come_merged_and_in_order() {
    let (exit, printed) = plain(&sh(
        "for i in 1 2 3; do echo out$i; echo err$i >&2; done; printf end; exit 7",
    ));
    assert_eq!(printed, "out1\nerr1\nout2\nerr2\nout3\nerr3\nend");
    assert_eq!(
        exit,
        Exit {
            ended: Ended::Code(7),
            stopped: None,
            leaked: false
        }
    );
    assert_eq!(plain(&sh("kill -KILL $$")).0.ended, Ended::Signal(9));
}

#[test]
fn output_comes_while_the_child_runs() {
    // It goes on only after we took its first word.
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let mut command = sh("mkfifo pipe && echo ready && read answer <pipe && echo $answer");
    command.dir = Some(folder.path().into());
    let mut printed = Vec::new();
    let exit = stream(
        &command,
        None,
        &Stopper::Group,
        &limits(Some(20_000), 0),
        &Cancel::never(),
        &mut |bytes| {
            if printed.is_empty() {
                std::fs::OpenOptions::new()
                    .write(true)
                    .open(&pipe)
                    .unwrap()
                    .write_all(b"yes\n")
                    .unwrap();
            }
            printed.extend_from_slice(bytes);
        },
    );
    assert!(exit.unwrap().success());
    assert_eq!(printed, b"ready\nyes\n");
}

#[test]
fn input_that_is_not_read_does_not_matter() {
    let text = "x".repeat(1_000_000);
    let unread = Command::new(["true"]).stdin(Stdin::Text(text.clone()));
    assert!(plain(&unread).0.success());
    let (exit, printed) = plain(&Command::new(["cat"]).stdin(Stdin::Text(text.clone())));
    assert!(exit.success() && printed == text);
}

fn fed(command: &Command, feed: Feed) -> Result<(Exit, Vec<u8>), Problem> {
    let mut printed = Vec::new();
    let (stopper, limits, cancel) = (Stopper::Group, Limits::default(), Cancel::never());
    let exit = stream(command, Some(feed), &stopper, &limits, &cancel, &mut |b| {
        printed.extend_from_slice(b);
    })?;
    Ok((exit, printed))
}

#[test]
fn a_feed_makes_the_input() {
    let cat = Command::new(["cat"]).stdin(Stdin::Made("seq 100000".into()));
    let (exit, printed) = fed(
        &cat,
        Box::new(|pipe| (1..=100_000).try_for_each(|n| writeln!(pipe, "{n}"))),
    )
    .unwrap();
    assert!(exit.success());
    assert_eq!(
        (printed.len(), printed.ends_with(b"\n100000\n")),
        (588_895, true)
    );
    let head = sh("head -n 1").stdin(Stdin::Made("yes".into()));
    let (exit, printed) = fed(
        &head,
        Box::new(|pipe| {
            loop {
                writeln!(pipe, "y")?;
            }
        }),
    )
    .unwrap();
    assert!(exit.success());
    assert_eq!(printed, b"y\n");
}

#[test]
fn half_an_input_never_looks_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = sh("cat >half; echo done >whole").stdin(Stdin::Made(String::new()));
    command.dir = Some(folder.path().into());
    let feed: Feed = Box::new(|pipe| {
        pipe.write_all(&vec![b'x'; 100_000])?;
        Err(io::Error::other("`a` is gone"))
    });
    let problem = fed(&command, feed).unwrap_err();
    assert_eq!(problem.title, "`sh` cannot be sent its input: `a` is gone");
    assert!(folder.path().join("half").exists() && !folder.path().join("whole").exists());
}

#[test]
fn a_slow_reader_of_ours_loses_nothing() {
    // The child ends while the queue is full and the rest is in the pipe; the rest takes us longer than the grace.
    let mut length = 0;
    let command = sh("for i in $(seq 60); do printf x; sleep 0.004; done");
    let (limits, cancel) = (Limits::default(), Cancel::never());
    let exit = stream(
        &command,
        None,
        &Stopper::Group,
        &limits,
        &cancel,
        &mut |bytes| {
            let first = length == 0;
            length += bytes.len();
            let pause = if first {
                1000
            } else if length == 60 {
                2200
            } else {
                10
            };
            thread::sleep(Duration::from_millis(pause));
        },
    );
    assert_eq!((length, exit.unwrap().leaked), (60, false));
}
