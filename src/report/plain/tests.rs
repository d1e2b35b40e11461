//! Whole runs as plain progress tells them.

use snapbox::{assert_data_eq, str};

use super::*;
use crate::report::told::{begun, cached, env, failed, passed, summary, told, told_at, words};
use crate::run::result::State;

const STAGES: [&str; 4] = ["with-system-packages", "configured", "built", "tested"];
const NAME: &str = "docker-debian-bookworm-standard";
const OTHER: &str = "docker-fedora-35-maximal";

type Told = (&'static str, &'static str, Kind);

fn run(envs: &[&str]) -> Told {
    begun(words(envs))
}

fn begin(env: &'static str) -> Told {
    let stages = words(&STAGES);
    (env, "", Kind::EnvStarted { stages })
}

fn found(env: &'static str, stage: usize) -> [Told; 1] {
    [(env, STAGES[stage], Kind::StageCached { needed: true })]
}

/// A stage runs a command that writes something, and ends.
fn does(
    env: &'static str,
    stage: usize,
    command: &str,
    output: &str,
    result: StageResult,
) -> [Told; 4] {
    let start = Kind::StageStarted {
        number: stage + 1,
        of: 4,
    };
    let bytes = output.as_bytes().to_vec();
    let text = command.to_owned();
    let kinds = [
        start,
        Kind::CommandStarted { text },
        Kind::Output { bytes },
        Kind::StageEnded { result },
    ];
    kinds.map(|kind| (env, STAGES[stage], kind))
}

fn end(results: Vec<EnvResult>) -> Vec<Told> {
    let name = |r: &EnvResult| if r.name == NAME { NAME } else { OTHER };
    let mut events: Vec<Told> = results
        .iter()
        .map(|r| (name(r), "", Kind::EnvEnded { result: r.clone() }))
        .collect();
    let summary = summary(results, 185.0);
    events.push(("", "", Kind::RunEnded { summary }));
    events
}

fn all_cached() -> EnvResult {
    env(
        NAME,
        State::Passed,
        STAGES.iter().map(|s| cached(s)).collect(),
    )
}

fn cached_run() -> Vec<Told> {
    let mut events = vec![run(&[NAME]), begin(NAME)];
    events.extend((0..4).flat_map(|n| found(NAME, n)));
    events.extend(end(vec![all_cached()]));
    events
}

fn first_run() -> Vec<Told> {
    let mut events = vec![run(&[NAME]), begin(NAME)];
    let script = "set -e\napt-get update\napt-get install gcc\n";
    let times = [41.2, 12.4, 125.0, 6.3].into_iter().zip(STAGES);
    let results: Vec<_> = times.map(|(time, stage)| passed(stage, time)).collect();
    events.extend(does(NAME, 0, script, "Get:1 gcc\n", results[0].clone()));
    events.extend(does(NAME, 1, "./configure", "yes\n", results[1].clone()));
    let output = "10%\r\x1b[K100%";
    events.extend(does(NAME, 2, "make -j8", output, results[2].clone()));
    events.extend(does(NAME, 3, "make check", "ok\n", results[3].clone()));
    events.extend(end(vec![env(NAME, State::Passed, results)]));
    events
}

fn failing_run() -> Vec<Told> {
    let mut events = vec![run(&[OTHER]), begin(OTHER)];
    events.extend((0..3).flat_map(|n| found(OTHER, n)));
    let output = "checking…\nFAIL: test_foo\n";
    events.extend(does(OTHER, 3, "make check", output, failed("tested", 12.4)));
    events.extend(end(vec![bad()]));
    events
}

fn bad() -> EnvResult {
    let mut stages: Vec<_> = STAGES[..3].iter().map(|s| cached(s)).collect();
    stages.push(failed("tested", 12.4));
    env(OTHER, State::Failed, stages)
}

fn two() -> Vec<Told> {
    let mut events = vec![run(&[OTHER, NAME]), begin(OTHER), begin(NAME)];
    events.extend((0..3).flat_map(|n| found(OTHER, n)));
    events.extend((0..4).flat_map(|n| found(NAME, n)));
    let output = "\x1b[31mchecking…\nFAIL: \rtest_foo";
    events.extend(does(OTHER, 3, "make check", output, failed("tested", 12.4)));
    events.extend(end(vec![bad(), all_cached()]));
    events
}

#[test]
fn a_run_that_was_there_is_short() {
    assert_data_eq!(
        told(false, 0, &cached_run()),
        str![[r#"
docker-debian-bookworm-standard
  with-system-packages  cached
  configured            cached
  built                 cached
  tested                cached
1 passed in 3m05s, all stages cached

"#]]
    );
}

#[test]
fn a_single_environment_streams() {
    assert_data_eq!(
        told(false, 0, &first_run()),
        str![[r#"
docker-debian-bookworm-standard
== with-system-packages (1/4)
$ set -e …
Get:1 gcc
== with-system-packages passed in 41.2s
== configured (2/4)
$ ./configure
yes
== configured passed in 12.4s
== built (3/4)
$ make -j8
10%
100%
== built passed in 2m05s
== tested (4/4)
$ make check
ok
== tested passed in 6.30s
1 passed in 3m05s

"#]]
    );
}

#[test]
fn a_failure_ends_with_what_to_do() {
    assert_data_eq!(
        told(false, 0, &failing_run()),
        str![[r#"
docker-fedora-35-maximal
  with-system-packages  cached
  configured            cached
  built                 cached
== tested (4/4)
$ make check
checking…
FAIL: test_foo
== tested failed after 12.4s: exit code 2

failed: docker-fedora-35-maximal
  stage    tested failed after 12.4s: exit code 2
  command  make check
  at       envs.toml:41:9
  on-failure
    | == test.log
    | expected 1, got 2
  last lines
    | checking…
    | FAIL: test_foo
  log      .runenv/docker-a/log/01-tested.log
  look     runenv shell docker-fedora-35-maximal --failed
  again    runenv run docker-fedora-35-maximal --redo tested

1 failed in 3m05s

"#]]
    );
}

#[test]
fn several_are_kept_apart() {
    assert_data_eq!(
        told(false, 0, &two()),
        str![[r#"
docker-fedora-35-maximal         cached: with-system-packages, configured, built
docker-fedora-35-maximal         tested (4/4)
docker-fedora-35-maximal         tested failed after 12.4s: exit code 2
docker-debian-bookworm-standard  passed, all stages cached

        environment                      with-system-packages  configured  built   tested
passed  docker-debian-bookworm-standard  cached                cached      cached  cached
failed  docker-fedora-35-maximal         cached                cached      cached  failed 12.4s

failed: docker-fedora-35-maximal
  stage    tested failed after 12.4s: exit code 2
  command  make check
  at       envs.toml:41:9
  on-failure
    | == test.log
    | expected 1, got 2
  last lines
    | checking…
    | FAIL: test_foo
  log      .runenv/docker-a/log/01-tested.log
  look     runenv shell docker-fedora-35-maximal --failed
  again    runenv run docker-fedora-35-maximal --redo tested

1 passed, 1 failed in 3m05s

"#]]
    );
}

#[test]
fn verbose_puts_the_name_in_front() {
    let text = told(false, 1, &two());
    let (start, _) = text.split_once("\n\n").unwrap();
    assert_data_eq!(
        start,
        str![[r#"
docker-fedora-35-maximal         cached: with-system-packages, configured, built
docker-fedora-35-maximal         tested (4/4)
docker-fedora-35-maximal         $ make check
docker-fedora-35-maximal         | checking…
docker-fedora-35-maximal         | FAIL: 
docker-fedora-35-maximal         | test_foo
docker-fedora-35-maximal         tested failed after 12.4s: exit code 2
docker-debian-bookworm-standard  passed, all stages cached
"#]]
    );
}

#[test]
fn quiet_tells_failures_and_the_last_line() {
    assert_eq!(told(false, -1, &first_run()), "1 passed in 3m05s\n");
    assert_data_eq!(
        told(false, -1, &failing_run()),
        str![[r#"
failed: docker-fedora-35-maximal
  stage    tested failed after 12.4s: exit code 2
  command  make check
  at       envs.toml:41:9
  on-failure
    | == test.log
    | expected 1, got 2
  last lines
    | checking…
    | FAIL: test_foo
  log      .runenv/docker-a/log/01-tested.log
  look     runenv shell docker-fedora-35-maximal --failed
  again    runenv run docker-fedora-35-maximal --redo tested

1 failed in 3m05s

"#]]
    );
}

#[test]
fn colour_is_only_colour() {
    for events in [cached_run(), first_run(), failing_run(), two()] {
        for verbosity in [0, 1] {
            let mut plain = String::new();
            let text = told(true, verbosity, &events);
            Cleaner::new(false).push(text.as_bytes(), &mut plain);
            assert_eq!(plain, told(false, verbosity, &events));
        }
    }
}

#[test]
fn our_lines_begin_after_a_child_s() {
    let output = |text: &str| Kind::Output { bytes: text.into() };
    let events = [
        (NAME, "built", output("\x1b[31mhalf")),
        (
            NAME,
            "built",
            Kind::Note {
                text: "still \x1bc here".to_owned(),
            },
        ),
        (NAME, "built", output("a\x1b]0;")),
        (
            NAME,
            "built",
            Kind::Warning {
                problem: Problem::warning("x", "y"),
            },
        ),
    ];
    assert_eq!(
        told(true, 0, &events).split("\x1b[33m").next(),
        Some("\x1b[31mhalf\x1b[0m\n== still ␛c here\na␛]0;\n\x1b[1m")
    );
}

/// A stage that begins after this many seconds.
fn silent(second: u64, env: &'static str, stage: usize) -> (u64, Told) {
    let kind = Kind::StageStarted {
        number: stage + 1,
        of: 4,
    };
    (second, (env, STAGES[stage], kind))
}

#[test]
fn after_a_minute_of_silence_it_says_what_runs() {
    let start = |envs: &[&str]| (0, run(envs));
    let output = |second, text: &str| {
        let bytes = text.as_bytes().to_vec();
        (second, (NAME, STAGES[2], Kind::Output { bytes }))
    };
    let alone = [
        start(&[NAME]),
        (0, begin(NAME)),
        silent(0, NAME, 2),
        output(100, "half"),
    ];
    assert_data_eq!(
        told_at(false, 0, &alone, 221),
        str![[r#"
docker-debian-bookworm-standard
== built (3/4)
… still running docker-debian-bookworm-standard built 1m00s
half
… still running docker-debian-bookworm-standard built 2m40s
… still running docker-debian-bookworm-standard built 3m40s

"#]]
    );
    let ended = Kind::StageEnded {
        result: passed(STAGES[2], 130.0),
    };
    let two = [
        start(&[NAME, OTHER]),
        (0, begin(NAME)),
        (0, begin(OTHER)),
        silent(0, NAME, 2),
        silent(50, OTHER, 3),
        output(100, "not told\n"),
        (120, (NAME, STAGES[2], ended)),
    ];
    assert_data_eq!(
        told_at(false, 0, &two, 200),
        str![[r#"
docker-debian-bookworm-standard  built (3/4)
docker-fedora-35-maximal         tested (4/4)
… still running docker-debian-bookworm-standard built 1m50s
… still running docker-fedora-35-maximal tested 1m00s
docker-debian-bookworm-standard  built passed in 2m10s
… still running docker-fedora-35-maximal tested 2m10s

"#]]
    );
    assert_eq!(told_at(false, -1, &two, 10_000), "");
}

#[test]
fn a_half_line_of_one_of_several_is_told_in_pieces() {
    let output = |second, text: &str| {
        let bytes = text.as_bytes().to_vec();
        (second, (NAME, STAGES[2], Kind::Output { bytes }))
    };
    let events = [
        (0, run(&[NAME, OTHER])),
        (0, begin(NAME)),
        output(0, "one\ntw"),
        output(1, "o\nthree"),
    ];
    assert_data_eq!(
        told_at(false, 1, &events, 2),
        str![[r#"
docker-debian-bookworm-standard  | one
docker-debian-bookworm-standard  | tw
docker-debian-bookworm-standard  : o
docker-debian-bookworm-standard  | three

"#]]
    );
}
