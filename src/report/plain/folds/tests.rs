//! What plain progress says in jobs of CI systems.

use snapbox::{assert_data_eq, str};

use super::*;
use crate::plan::annotate::Annotation;
use crate::report::told::{Told, begun, env, failed, passed, summary, told_in, words};
use crate::run::event::Kind;

const ENV: &str = "docker-a";

fn started(env: &'static str, stage: &'static str) -> Told<'static> {
    let (number, of) = (if stage == "built" { 1 } else { 2 }, 2);
    (env, stage, Kind::StageStarted { number, of })
}

fn command(env: &'static str, text: &str) -> Told<'static> {
    let text = text.to_owned();
    (env, "", Kind::CommandStarted { text })
}

fn output(env: &'static str, text: &str) -> Told<'static> {
    let bytes = text.as_bytes().to_vec();
    (env, "", Kind::Output { bytes })
}

fn ended(env: &'static str, result: StageResult) -> Told<'static> {
    (env, "", Kind::StageEnded { result })
}

fn end(results: Vec<EnvResult>) -> Told<'static> {
    let summary = summary(results, 13.0);
    ("", "", Kind::RunEnded { summary })
}

/// One stage passes, the next fails, in so many environments.
fn run(envs: &[&'static str]) -> Vec<(u64, Told<'static>)> {
    let mut events = vec![(0, begun(words(envs)))];
    let stages = || vec![passed("built", 3.0), failed("tested", 12.4)];
    for name in envs.iter().copied() {
        let stages = stages();
        events.extend([
            (1, started(name, "built")),
            (1, command(name, "make")),
            (2, output(name, "::error::x\nno end")),
            (4, ended(name, stages[0].clone())),
            (4, started(name, "tested")),
            (4, command(name, "make check")),
            (5, output(name, "checking…\n##[error]FAIL")),
            (17, ended(name, stages[1].clone())),
        ]);
    }
    let results = envs.iter().map(|name| env(name, State::Failed, stages()));
    events.push((17, end(results.collect())));
    events
}

#[test]
fn github_folds_what_passed_and_points_out_what_failed() {
    assert_data_eq!(
        told_in(Provider::Github, 0, &run(&[ENV]), 17),
        str![[r#"
== built (1/2)
::group::built passed in 3.00s
::stop-commands::TOKEN
$ make
::error::x
no end
::TOKEN::
::endgroup::
== tested (2/2)
== tested failed after 12.4s: exit code 2
::stop-commands::TOKEN
$ make check
checking…
##[error]FAIL
::TOKEN::
::error title=docker-a::tested failed after 12.4s: exit code 2%0Amake check%0AFAIL: test_foo

failed: docker-a
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
  look     runenv shell docker-a --failed
  again    runenv run docker-a --redo tested

1 failed in 13.0s

"#]]
    );
}

#[test]
fn gitlab_has_sections() {
    let text = told_in(Provider::Gitlab, 0, &run(&["docker-a", "docker-b"]), 17);
    let text = text.replace('\x1b', "ESC").replace('\r', "CR");
    let (folded, rest) = text.split_once("docker-b  ").unwrap();
    assert!(rest.contains("section_end"), "{rest}");
    assert_data_eq!(
        folded,
        str![[r#"
docker-a  built (1/2)
ESC[0Ksection_start:1735689601:runenv_1[collapsed=true]CRESC[0Kdocker-a built passed in 3.00s
$ make
::error::x
no end
ESC[0Ksection_end:1735689604:runenv_1CRESC[0K
docker-a  tested (2/2)
ESC[0Ksection_start:1735689604:runenv_2CRESC[0Kdocker-a tested failed after 12.4s: exit code 2
$ make check
checking…
##[error]FAIL
ESC[0Ksection_end:1735689617:runenv_2CRESC[0K

"#]]
    );
}

/// `-v` streams, and `-q` says nothing: a child's commands still do not act.
#[test]
fn what_streams_is_guarded_too() {
    assert_data_eq!(
        told_in(Provider::Github, 1, &run(&[ENV]), 17),
        str![[r#"
== built (1/2)
$ make
::stop-commands::TOKEN
::error::x
no end
== built passed in 3.00s
== tested (2/2)
$ make check
checking…
##[error]FAIL
== tested failed after 12.4s: exit code 2
::TOKEN::
::error title=docker-a::tested failed after 12.4s: exit code 2%0Amake check%0AFAIL: test_foo

failed: docker-a
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
  look     runenv shell docker-a --failed
  again    runenv run docker-a --redo tested

1 failed in 13.0s

"#]]
    );
    let quiet = told_in(Provider::Github, -1, &run(&[ENV]), 17);
    assert!(
        quiet.starts_with("::error title=docker-a::tested failed"),
        "{quiet}"
    );
}

#[test]
fn silence_ends_with_the_last_line() {
    let mut events = run(&[ENV]);
    events.truncate(4);
    let text = told_in(Provider::Github, 0, &events, 150);
    assert_data_eq!(
        text,
        str![[r#"
== built (1/2)
… still running docker-a built 1m00s: no end
… still running docker-a built 2m00s: no end

"#]]
    );
}

#[test]
fn a_stage_that_never_told_its_end_is_shown() {
    let mut events = run(&[ENV]);
    events.truncate(4);
    let mut result = env(ENV, State::Error, vec![]);
    result.problem = Some("the engine is gone".to_owned());
    events.push((
        9,
        (
            ENV,
            "",
            Kind::EnvEnded {
                result: result.clone(),
            },
        ),
    ));
    let mut other = result.clone();
    other.name = "docker-b".to_owned();
    events.push((9, end(vec![result, other])));
    assert_data_eq!(
        told_in(Provider::Github, 0, &events, 9),
        str![[r#"
== built (1/2)
== built has not come to its end
::stop-commands::TOKEN
$ make
::error::x
no end
::TOKEN::
::error title=docker-a and 1 more::the engine is gone

error  docker-a  the engine is gone
error  docker-b  the engine is gone

error: docker-a
  the engine is gone
  again    runenv run docker-a

error: docker-b
  the engine is gone
  again    runenv run docker-b

2 errors in 13.0s

"#]]
    );
}

#[test]
fn github_is_told_as_much_as_it_shows() {
    let annotation = |level, n: u32| Annotation {
        level,
        message: format!("line {n}"),
        file: Some("a.c".to_owned()),
        line: Some(n),
        column: None,
    };
    let mut result = failed("tested", 1.0);
    result.annotations = (0..30).map(|n| annotation(Level::Error, n)).collect();
    result.annotations.push(annotation(Level::Warning, 1));
    result.more_annotations = 5;
    let events = [
        (0, begun(words(&[ENV]))),
        (1, ended(ENV, result.clone())),
        (1, end(vec![env(ENV, State::Failed, vec![result])])),
    ];
    let text = told_in(Provider::Github, 0, &events, 1);
    let errors = text.lines().filter(|line| line.starts_with("::error "));
    assert_eq!(errors.count(), github::SHOWN, "{text}");
    assert!(text.contains("::warning file=a.c,line=1,title=docker-a::line 1\n"));
    assert!(text.contains("== 26 annotations more of tested: see its result.json\n"));
    assert!(text.contains("\n    | a.c:0: error: line 0\n"), "{text}");
    assert!(text.contains("\n    | … and 26 more\n"), "{text}");
    // GitLab has none, and the report has them.
    let text = told_in(Provider::Gitlab, 0, &events, 1);
    assert!(!text.contains("::error") && text.contains("| a.c:0: error: line 0\n"));
}

#[test]
fn what_may_fail_is_a_warning_and_folded() {
    let mut result = failed("tested", 1.0);
    result.allowed = true;
    let events = [
        (0, begun(words(&[ENV]))),
        (0, started(ENV, "tested")),
        (1, output(ENV, "said\n")),
        (1, ended(ENV, result.clone())),
        (1, end(vec![env(ENV, State::Passed, vec![result; 12])])),
    ];
    let text = told_in(Provider::Github, 0, &events, 1);
    assert!(text.contains("::group::tested failed after 1.00s: exit code 2 (allowed)\n"));
    assert_eq!(
        text.matches("::warning title=docker-a::tested failed")
            .count(),
        10
    );
    assert!(
        text.contains("2 allowed failures more: see the table\n"),
        "{text}"
    );
}
