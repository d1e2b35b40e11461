//! Which environment is begun when: so many at once, in the order of the run, each after what it depends on.
//!
//! Knows of jobs only what keeps them apart; may not run one itself, nor look at how it goes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::result::{EnvResult, State};

/// What keeps an environment from being begun.
pub(super) struct Turn<'a> {
    /// Its name, and with it its folder: of two jobs with one name, one runs at a time.
    pub(super) env: &'a str,
    /// It runs in the tree, as no two do at once.
    pub(super) in_tree: bool,
    /// Jobs of this run, by index, that have to pass before.
    pub(super) after: &'a [usize],
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Running,
    Ended(State),
}

struct Schedule<'a> {
    turns: &'a [Turn<'a>],
    /// How many run at once.
    most: usize,
    queue: Mutex<Queue>,
    changed: Condvar,
}

struct Queue {
    progress: Vec<Progress>,
    results: Vec<Option<EnvResult>>,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Begin this one; or, where this other one did not pass, tell that it is not begun.
    Begin(usize, Option<usize>),
    /// Nothing before one that runs has ended.
    Wait,
    /// All are begun.
    Over,
}

/// Runs every job on a thread of its own, at most `most` at once, and gives their results in their order. `run` gets a
/// job's index, and that of a job it depends on which did not pass.
pub(super) fn each(
    turns: &[Turn<'_>],
    most: usize,
    run: &(dyn Fn(usize, Option<usize>) -> EnvResult + Sync),
) -> Vec<EnvResult> {
    let schedule = Schedule {
        turns,
        most: most.max(1),
        queue: Mutex::new(Queue {
            progress: vec![Progress::Waiting; turns.len()],
            results: vec![None; turns.len()],
        }),
        changed: Condvar::new(),
    };
    thread::scope(|scope| {
        let schedule = &schedule;
        let mut queue = schedule.queue();
        loop {
            match schedule.next(&queue) {
                Next::Over => break,
                Next::Wait => {
                    let woken = schedule.changed.wait(queue);
                    queue = woken.unwrap_or_else(PoisonError::into_inner);
                }
                Next::Begin(at, failed) => {
                    queue.progress[at] = Progress::Running;
                    scope.spawn(move || {
                        let mut ending = Ending {
                            schedule,
                            at,
                            result: None,
                        };
                        ending.result = Some(run(at, failed));
                    });
                }
            }
        }
    });
    let queue = schedule.queue.into_inner();
    let results = queue.unwrap_or_else(PoisonError::into_inner).results;
    results.into_iter().flatten().collect()
}

/// Tells the schedule that a job ended, also where it panicked: nobody is to wait for it then.
struct Ending<'a> {
    schedule: &'a Schedule<'a>,
    at: usize,
    result: Option<EnvResult>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut queue = self.schedule.queue();
        let result = self.result.take();
        let state = result.as_ref().map_or(State::Error, |result| result.state);
        queue.progress[self.at] = Progress::Ended(state);
        queue.results[self.at] = result;
        self.schedule.changed.notify_one();
    }
}

impl Schedule<'_> {
    /// Whoever panicked while holding it has left nothing half done.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, queue: &Queue) -> Next {
        let running = |at: &usize| queue.progress[*at] == Progress::Running;
        let waiting = |at: &usize| queue.progress[*at] == Progress::Waiting;
        let all = 0..self.turns.len();
        let now: Vec<usize> = all.clone().filter(running).collect();
        if !all.clone().any(|at| waiting(&at)) {
            return Next::Over;
        }
        if now.len() >= self.most {
            return Next::Wait;
        }
        let kept_apart = |turn: &Turn<'_>| {
            now.iter().any(|other| {
                let other = &self.turns[*other];
                (turn.in_tree && other.in_tree) || turn.env == other.env
            })
        };
        for at in all.filter(waiting) {
            let turn = &self.turns[at];
            let before = turn
                .after
                .iter()
                .map(|other| (*other, queue.progress[*other]));
            let mut passed = true;
            for (other, progress) in before {
                match progress {
                    Progress::Ended(State::Passed) => {}
                    Progress::Ended(_) => return Next::Begin(at, Some(other)),
                    Progress::Waiting | Progress::Running => passed = false,
                }
            }
            if passed && !kept_apart(turn) {
                return Next::Begin(at, None);
            }
        }
        Next::Wait
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn turn<'a>(env: &'a str, in_tree: bool, after: &'a [usize]) -> Turn<'a> {
        Turn {
            env,
            in_tree,
            after,
        }
    }

    /// Runs them, each for a moment; how many ran at once at most, and in which order they were begun.
    fn begun(turns: &[Turn<'_>], most: usize) -> (usize, Vec<String>) {
        let seen = Mutex::new((0, 0, Vec::new()));
        let results = each(turns, most, &|at, failed| {
            {
                let (now, top, order) = &mut *seen.lock().unwrap();
                *now += 1;
                *top = (*top).max(*now);
                let why = failed.map_or_else(String::new, |f| format!(" not: {}", turns[f].env));
                order.push(format!("{}{why}", turns[at].env));
            }
            thread::sleep(Duration::from_millis(20));
            seen.lock().unwrap().0 -= 1;
            let state = match (failed, turns[at].env) {
                (Some(_), _) => State::Skipped,
                (None, "bad") => State::Failed,
                (None, _) => State::Passed,
            };
            EnvResult::new(turns[at].env, state)
        });
        let names: Vec<&str> = turns.iter().map(|t| t.env).collect();
        let told: Vec<&str> = results.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(told, names);
        let (_, top, order) = seen.into_inner().unwrap();
        (top, order)
    }

    #[test]
    fn so_many_run_at_once() {
        let turns: Vec<_> = ["a", "b", "c", "d", "e"]
            .map(|env| turn(env, false, &[]))
            .into();
        assert_eq!(
            begun(&turns, 1),
            (1, ["a", "b", "c", "d", "e"].map(str::to_owned).into())
        );
        assert_eq!(begun(&turns, 2).0, 2);
        assert_eq!(begun(&turns, 9).0, 5);
        assert_eq!(begun(&[], 1).0, 0);
    }

    #[test]
    fn the_tree_and_a_folder_have_one_at_a_time() {
        let turns = [
            turn("a", true, &[]),
            turn("b", true, &[]),
            turn("c", false, &[]),
        ];
        let (top, order) = begun(&turns, 3);
        assert_eq!((top, order.join(" ").as_str()), (2, "a c b"));
        let turns = [turn("a", false, &[]), turn("a", false, &[])];
        assert_eq!(begun(&turns, 2).0, 1);
    }

    #[test]
    fn what_depends_on_others_comes_after_them_or_not() {
        let turns = [turn("a", false, &[1]), turn("b", false, &[])];
        assert_eq!(begun(&turns, 1).1, ["b", "a"]);
        let turns = [
            turn("last", false, &[1]),
            turn("next", false, &[2]),
            turn("bad", false, &[]),
            turn("other", false, &[]),
        ];
        let (_, order) = begun(&turns, 1);
        assert_eq!(order, ["bad", "next not: bad", "last not: next", "other"]);
    }

    #[test]
    fn nobody_waits_for_one_that_panicked() {
        let turns = [turn("a", false, &[]), turn("b", false, &[0])];
        let run = || each(&turns, 1, &|_, _| panic!("as planned"));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
