//! What stands on a terminal while several environments run.

use snapbox::{assert_data_eq, str};

use super::*;
use crate::report::told::{
    Told, begun, cached, env, failed, passed, play, recorded, summary, words,
};
use crate::run::result::State;

const A: &str = "docker-a";
const LONGER: &str = "docker-longer";

fn stage(env: &'static str, name: &'static str, number: usize) -> Told<'static> {
    (env, name, Kind::StageStarted { number, of: 4 })
}

fn output(env: &'static str, text: &str) -> Told<'static> {
    let bytes = text.as_bytes().to_vec();
    (env, "built", Kind::Output { bytes })
}

fn begin(env: &'static str) -> Told<'static> {
    (env, "", Kind::EnvStarted { stages: Vec::new() })
}

fn end(result: EnvResult) -> Told<'static> {
    let env = if result.name == A { A } else { LONGER };
    (env, "", Kind::EnvEnded { result })
}

fn start() -> Told<'static> {
    let envs = words(&[A, LONGER]);
    begun(envs)
}

/// All that was written, with what moves the cursor up as `<N`.
fn drawn(size: (usize, usize), events: &[(u64, Told<'_>)], last: u64) -> String {
    let text = recorded(false, 0, |out| {
        let took = BTreeMap::from([(A.to_owned(), Duration::from_secs(200))]);
        let mut live = Live::new(out, took);
        live.size = Box::new(move || size);
        play(&mut live, events, last);
    });
    text.replace("\x1b[", "<").replace("A\r<J", ">\n")
}

/// What stands there after the last drawing.
fn screen(size: (usize, usize), events: &[(u64, Told<'_>)], last: u64) -> String {
    let text = drawn(size, events, last);
    text.rsplit('>').next().unwrap().trim_start().to_owned()
}

#[test]
fn each_that_runs_has_a_line_and_ended_ones_stand_above() {
    let events = [
        (0, start()),
        (0, begin(A)),
        (0, begin(LONGER)),
        (1, stage(A, "built", 3)),
        (1, stage(LONGER, "with-system-packages", 1)),
        (2, output(A, "checking\nfor gcc...\tyes\n\n")),
        (2, output(LONGER, "10%\r20%")),
        (
            65,
            end(env(LONGER, State::Passed, vec![passed("built", 61.0)])),
        ),
    ];
    assert_data_eq!(
        screen((80, 24), &events[..7], 3),
        str![[r#"
docker-a       built 3/4  2s of 3m20s  for gcc... yes
docker-longer  with-system-packages 1/4  2s  20%

"#]]
    );
    assert_data_eq!(
        screen((80, 24), &events, 66),
        str![[r#"
docker-longer  passed in 1m40s
docker-a       built 3/4  1m05s of 3m20s  for gcc... yes

"#]]
    );
}

#[test]
fn lines_are_cut_to_the_terminal() {
    let events = [
        (0, start()),
        (0, begin(A)),
        (0, begin(LONGER)),
        (0, stage(A, "built", 3)),
        (0, output(A, "漢字漢字漢字漢字漢字漢字漢字漢字")),
    ];
    let text = screen((50, 24), &events, 2);
    assert!(text.lines().all(|line| line.width() < 50), "{text}");
    assert!(text.contains("漢字"), "{text}");
    let text = screen((80, 2), &events, 2);
    assert_eq!(text, "… and 2 more\n");
    assert_eq!(screen((1, 1), &events, 2), "… and 2 more\n");
}

#[test]
fn what_a_child_writes_does_not_act() {
    let events = [
        (0, start()),
        (0, begin(A)),
        (
            0,
            output(A, "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b[5A\u{9b}1m"),
        ),
    ];
    let text = screen((80, 24), &events, 2);
    assert!(text.contains("red"), "{text}");
    assert!(!text.contains(['\x1b', '\u{9b}', '\x07', '<']), "{text}");
}

#[test]
fn the_end_is_the_table_and_nothing_is_left_below() {
    let bad = env(
        A,
        State::Failed,
        vec![cached("built"), failed("tested", 12.4)],
    );
    let good = env(
        LONGER,
        State::Passed,
        vec![cached("built"), cached("tested")],
    );
    let all = summary(vec![bad.clone(), good.clone()], 185.0);
    let events = [
        (0, start()),
        (0, begin(A)),
        (0, begin(LONGER)),
        (3, end(bad)),
        (3, end(good)),
        (3, ("", "", Kind::RunEnded { summary: all })),
    ];
    let text = drawn((80, 24), &events, 9);
    let (before, table) = text.split_once("\n\n").unwrap();
    assert!(before.ends_with(
        "docker-a       tested failed after 12.4s: exit code 2\ndocker-longer  begins  3s  \n<1>\n\
         docker-longer  passed, all stages cached"
    ), "{before}");
    assert!(table.ends_with("1 passed, 1 failed in 3m05s\n"), "{table}");
}

#[test]
fn it_is_drawn_when_something_changed_and_each_second() {
    let events = [(0, start()), (0, begin(A)), (0, begin(LONGER))];
    // At 0.1 s, then at 1.1 s, 2.1 s, 3.1 s.
    assert_eq!(drawn((80, 24), &events, 4).matches("begins").count(), 2 * 4);
    assert_eq!(drawn((80, 24), &events[..1], 9), "");
}
