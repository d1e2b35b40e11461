//! Results as JUnit's XML, for CI systems: a test suite for each environment, a test case for each stage.
//!
//! Reads results only. What may fail and did is a skipped test, since JUnit has no word for it; an environment without
//! stages has one test case, `environment`.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{failure, harmless};
use crate::run::result::{CACHED, EnvResult, StageResult, State};
use crate::run::results::RunResult;

/// The whole file.
pub(crate) fn render(run: &RunResult) -> String {
    let mut report = Report::new("runenv");
    report.set_time(run.seconds.0);
    report.add_test_suites(run.envs.iter().map(suite));
    let text = report.to_string();
    text.expect("a text takes everything that is written to it")
}

fn suite(env: &EnvResult) -> TestSuite {
    let mut suite = TestSuite::new(env.name.as_str());
    suite.set_time(env.seconds.0);
    if !env.started.is_empty() {
        let started = env.started.trim_end_matches('Z');
        suite.extra.insert("timestamp".into(), started.into());
    }
    suite.add_test_cases(env.stages.iter().map(|stage| case(env, stage)));
    // What stopped it is told where no stage has told it.
    let told = env.stages.iter().any(StageResult::is_bad);
    if env.stages.is_empty() || (env.state.is_bad() && !told) {
        let problem = env.problem.as_deref().unwrap_or_default();
        let status = status(env.state, problem, "");
        suite.add_test_case(named("environment", env, status, Duration::ZERO));
    }
    suite
}

fn named(name: &str, env: &EnvResult, status: TestCaseStatus, time: Duration) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(env.name.as_str());
    case.set_time(time);
    case
}

fn case(env: &EnvResult, stage: &StageResult) -> TestCase {
    let reason = failure::reason(stage);
    let status = if stage.allowed {
        let mut status = TestCaseStatus::skipped();
        let how = format!("{}, and may: {reason}", stage.state.word());
        status.set_message(how.trim_end_matches(": "));
        status.set_description(said(stage));
        status
    } else {
        status(stage.state, &reason, &said(stage))
    };
    let mut case = named(&stage.name, env, status, stage.seconds.0);
    for (is, mark) in [
        (stage.cached, CACHED),
        (stage.not_needed, "not-needed"),
        (stage.leaked, "leaked"),
    ] {
        if is {
            case.add_property((mark, "true"));
        }
    }
    if !stage.missing_packages.is_empty() {
        case.add_property((
            "missing-packages",
            stage.missing_packages.join(" ").as_str(),
        ));
    }
    case
}

/// How something ended, with the word for it as the failure's type.
fn status(state: State, message: &str, text: &str) -> TestCaseStatus {
    let mut status = match state {
        State::Passed => return TestCaseStatus::success(),
        State::Skipped | State::NotRun => TestCaseStatus::skipped(),
        State::Failed | State::TimedOut | State::OutOfMemory => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
        State::Interrupted | State::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let message = if message.is_empty() {
        state.word()
    } else {
        message
    };
    status.set_message(message);
    status.set_type(state.word());
    if !text.is_empty() {
        status.set_description(text);
    }
    status
}

/// The command that failed, the last lines of its output, what `on-failure` printed, and where the log is.
fn said(stage: &StageResult) -> String {
    let mut text = String::new();
    if let Some(command) = &stage.command {
        text += &format!("$ {}\n", command.text.trim());
        if !command.place.is_empty() {
            text += &format!("at {}\n", command.place);
        }
    }
    let mut lines = |lines: &[String]| {
        for line in lines {
            text += &harmless::line(line, false);
            text += "\n";
        }
    };
    lines(&stage.tail);
    if !stage.on_failure_output.is_empty() {
        lines(&["on-failure:".to_owned()]);
        lines(&stage.on_failure_output);
    }
    if !stage.log.is_empty() {
        text += &format!("log {}\n", stage.log);
    }
    text
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, file};

    use super::*;
    use crate::report::told::{cached, env, failed, passed, summary, words};

    #[test]
    fn every_way_to_end_has_its_element() {
        let mut ill = failed("tested", 12.4);
        ill.tail = words(&["\x1b[31mFAIL\x1b[0m <a> & ]]>", "10%\r20%\n"]);
        let mut may = failed("docs", 1.0);
        may.allowed = true;
        may.tail.clear();
        let mut late = StageResult::new("checked", State::TimedOut);
        late.detail = Some("the time limit of 1h00m ran out".to_owned());
        let last = StageResult::new("packed", State::NotRun);
        let stages = vec![cached("built"), passed("made", 1.5), may, ill, late, last];
        let mut skipped = env("docker-b", State::Skipped, vec![]);
        skipped.problem = Some("it runs on macos only".to_owned());
        let mut lost = env("docker-c", State::Error, vec![cached("built")]);
        lost.problem = Some("no engine".to_owned());
        let all = vec![env("docker-a", State::Failed, stages), skipped, lost];
        assert_data_eq!(
            render(&RunResult::of(&summary(all, 185.0))),
            file!["../../tests/golden/reports/every-way-to-end.xml": Text]
        );
    }
}
