//! How children are ended, and what is left of them.

use super::*;

#[test]
fn a_time_limit_ends_the_whole_group() {
    let start = time::start();
    let command = sh(
        "trap '' TERM; sleep 60 & echo $$ $!; sleep 61 >/dev/null 2>&1 & echo $!; wait; sleep 62",
    );
    let (exit, pids) = with(
        &command,
        &Stopper::Group,
        &limits(Some(300), 300),
        &Cancel::never(),
    );
    assert_eq!(
        exit,
        Exit {
            ended: Ended::Signal(9),
            stopped: Some(Stop::TimeLimit),
            leaked: false
        }
    );
    assert_eq!(pids.split_whitespace().count(), 3);
    assert_gone(&pids);
    assert!(start.elapsed() >= Duration::from_millis(600));
}

#[test]
fn who_ends_well_after_term_is_not_killed_and_no_success() {
    let command = sh("trap 'echo bye; exit 0' TERM; echo ready; while :; do :; done");
    let (exit, printed) = interrupted(&command, &Stopper::Group, &limits(None, 20_000), false);
    assert_eq!(
        exit,
        Exit {
            ended: Ended::Code(0),
            stopped: Some(Stop::Interrupted),
            leaked: false
        }
    );
    assert_eq!(printed, "ready\nbye\n");
    assert!(!exit.success());
}

#[test]
fn a_quiet_rest_of_a_stopped_group_goes_too() {
    let command = sh("(trap '' TERM; exec sleep 60) >/dev/null 2>&1 & echo $!; sleep 61");
    let (_, pids) = interrupted(&command, &Stopper::Group, &limits(None, 20_000), false);
    assert_gone(&pids);
}

#[test]
fn who_is_stopped_hears_term() {
    let (exit, _) = interrupted(
        &sh("echo ready; kill -STOP $$"),
        &Stopper::Group,
        &limits(None, 20_000),
        false,
    );
    assert_eq!(exit.ended, Ended::Signal(15));
}

#[test]
fn a_second_request_kills_at_once() {
    let start = time::start();
    let command = sh("trap '' TERM; echo $$; while :; do sleep 60; done");
    let (exit, pids) = interrupted(&command, &Stopper::Group, &limits(None, 60_000), true);
    assert_eq!(
        exit,
        Exit {
            ended: Ended::Signal(9),
            stopped: Some(Stop::Interrupted),
            leaked: false
        }
    );
    assert_gone(&pids);
    assert!(start.elapsed() < LONG);
}

#[test]
fn nothing_starts_after_a_request() {
    let cancel = Cancel::never();
    cancel.request();
    let (exit, printed) = with(
        &sh("echo started"),
        &Stopper::Group,
        &Limits::default(),
        &cancel,
    );
    assert_eq!(
        (exit.stopped, printed.as_str()),
        (Some(Stop::Interrupted), "")
    );
}

#[test]
fn a_daemon_that_holds_the_pipe_is_ended_and_told() {
    let (exit, pids) = plain(&sh("sleep 60 & echo $!"));
    assert_eq!(
        exit,
        Exit {
            ended: Ended::Code(0),
            stopped: None,
            leaked: true
        }
    );
    assert_gone(&pids);
}

#[test]
fn a_process_that_left_the_group_does_not_hold_us() {
    let start = time::start();
    let (exit, pids) = plain(&sh(
        "setsid sh -c 'echo $$; while :; do sleep 1; echo tick; done' & sleep 0.3",
    ));
    assert!(exit.leaked && exit.success(), "{exit:?}");
    assert!(start.elapsed() < LONG);
    // It is nobody's any more; we have its number, if it has not found its output closed yet.
    let pid = pids.split_whitespace().next().unwrap();
    plain(&sh(&format!("kill -KILL {pid}")));
    assert_gone(pid);
}

#[test]
fn a_client_is_stopped_by_commands() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |script: &str| {
        let mut command = sh(script);
        command.dir = Some(folder.path().into());
        command
    };
    // A client that ends when its "container" does; to end that is to write to the pipe.
    let client = inside("mkfifo c; echo ready; exec cat c");
    let stopper = |stop: &str, kill: &str| Stopper::Command {
        stop: vec![inside("echo asked >>log"), inside(stop)],
        kill: inside(kill),
    };
    let well = stopper("echo stopped >>log; : >c; rm c", "echo never >>log");
    let (exit, _) = interrupted(&client, &well, &limits(None, 20_000), false);
    assert_eq!(
        exit,
        Exit {
            ended: Ended::Code(0),
            stopped: Some(Stop::Interrupted),
            leaked: false
        }
    );
    let deaf = stopper("echo unheard >>log", "echo killed >>log; : >c");
    // After a signal there is less time.
    let hurried = Limits {
        hurry: Some(Duration::from_millis(100)),
        ..limits(None, 60_000)
    };
    let (exit, _) = interrupted(&client, &deaf, &hurried, false);
    assert_eq!(exit.ended, Ended::Code(0));
    let slow = stopper("sleep 0", "echo at once >>log");
    let (exit, _) = interrupted(
        &inside("echo ready; sleep 60"),
        &slow,
        &limits(None, 60_000),
        true,
    );
    assert_eq!(exit.ended, Ended::Signal(9));
    let log = files::read(&folder.path().join("log")).unwrap();
    let log = String::from_utf8(log).unwrap();
    let rest = log.strip_prefix("asked\nstopped\nasked\nunheard\nkilled\n");
    // Two signals: what the first began may be told behind what the second did.
    let rest = rest.unwrap_or_else(|| panic!("{log}"));
    assert!(rest.contains("at once\n"), "{log}");
}
