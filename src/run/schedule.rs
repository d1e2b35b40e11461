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

/// Who runs at the moment, shared by all who do.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    /// How many run at once.
    most: usize,
    /// How many of those that run only wait for somebody.
    lent: usize,
    /// How many of these have waited long enough, and want to go on.
    returning: usize,
    progress: Vec<Progress>,
    results: Vec<Option<EnvResult>>,
}

/// Somebody else may run meanwhile.
#[must_use]
pub(crate) struct Lent<'a>(&'a Slots);

impl Slots {
    /// For one that waits: another may be begun in its place. When this goes, it goes on as soon as there is room.
    pub(crate) fn lend(&self) -> Lent<'_> {
        self.queue().lent += 1;
        self.changed.notify_all();
        Lent(self)
    }

    /// What a thread that has ended a job begins. Others are woken only where there is something for them.
    fn go_on(&self, turns: &[Turn<'_>]) -> Next {
        let mut queue = self.queue();
        let next = queue.begin(turns);
        if queue.returning > 0 || queue.next(turns) != Next::Wait {
            self.changed.notify_all();
        }
        next
    }

    /// Whoever panicked while holding it has left nothing half done.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        let woken = self.changed.wait(queue);
        woken.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.returning += 1;
        while queue.busy() >= queue.most {
            queue = self.0.wait(queue);
        }
        queue.returning -= 1;
        queue.lent -= 1;
    }
}

impl Queue {
    /// How many really run.
    fn busy(&self) -> usize {
        let running = self.progress.iter().filter(|p| **p == Progress::Running);
        running.count().saturating_sub(self.lent)
    }
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

/// Runs the jobs on threads, at most `most` at once, and gives their results in their order. `run` gets a job's index, and
/// that of a job it depends on which did not pass. A thread that has ended one begins the next: a new one costs more than
/// a job of which nothing is to be run.
pub(super) fn each(
    slots: &Slots,
    turns: &[Turn<'_>],
    most: usize,
    run: &(dyn Fn(usize, Option<usize>) -> EnvResult + Sync),
) -> Vec<EnvResult> {
    *slots.queue() = Queue {
        most: most.max(1),
        lent: 0,
        returning: 0,
        progress: vec![Progress::Waiting; turns.len()],
        results: vec![None; turns.len()],
    };
    thread::scope(|scope| {
        let mut queue = slots.queue();
        loop {
            match queue.begin(turns) {
                Next::Over => break,
                Next::Wait => queue = slots.wait(queue),
                Next::Begin(at, failed) => {
                    scope.spawn(move || {
                        let mut next = Next::Begin(at, failed);
                        while let Next::Begin(at, failed) = next {
                            let mut ending = Ending {
                                slots,
                                at,
                                result: None,
                            };
                            ending.result = Some(run(at, failed));
                            drop(ending);
                            next = slots.go_on(turns);
                        }
                    });
                }
            }
        }
    });
    let results = std::mem::take(&mut slots.queue().results);
    results.into_iter().flatten().collect()
}

/// Tells the schedule that a job ended, also where it panicked: nobody is to wait for it then.
struct Ending<'a> {
    slots: &'a Slots,
    at: usize,
    result: Option<EnvResult>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut queue = self.slots.queue();
        let result = self.result.take();
        let state = result.as_ref().map_or(State::Error, |result| result.state);
        queue.progress[self.at] = Progress::Ended(state);
        queue.results[self.at] = result;
        if thread::panicking() {
            self.slots.changed.notify_all();
        }
    }
}

impl Queue {
    /// The same, begun.
    fn begin(&mut self, turns: &[Turn<'_>]) -> Next {
        let next = self.next(turns);
        if let Next::Begin(at, _) = next {
            self.progress[at] = Progress::Running;
        }
        next
    }

    fn next(&self, turns: &[Turn<'_>]) -> Next {
        let running = |at: &usize| self.progress[*at] == Progress::Running;
        let waiting = |at: &usize| self.progress[*at] == Progress::Waiting;
        let all = 0..turns.len();
        let now: Vec<usize> = all.clone().filter(running).collect();
        if !all.clone().any(|at| waiting(&at)) {
            return Next::Over;
        }
        // Those that have waited go first.
        if self.busy() + self.returning >= self.most {
            return Next::Wait;
        }
        let kept_apart = |turn: &Turn<'_>| {
            now.iter().any(|other| {
                let other = &turns[*other];
                (turn.in_tree && other.in_tree) || turn.env == other.env
            })
        };
        for at in all.filter(waiting) {
            let turn = &turns[at];
            let before = turn
                .after
                .iter()
                .map(|other| (*other, self.progress[*other]));
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
        let results = each(&Slots::default(), turns, most, &|at, failed| {
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
        // Two threads begin at once: which of them is seen first is chance.
        assert_eq!((top, order[2].as_str()), (2, "b"), "{order:?}");
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
    fn one_that_waits_lends_its_place() {
        let turns = [
            turn("a", false, &[]),
            turn("b", false, &[]),
            turn("c", false, &[]),
        ];
        let slots = Slots::default();
        let (sender, come) = std::sync::mpsc::channel();
        let come = Mutex::new(come);
        let busy = Mutex::new((0, 0));
        let count = |add: i32| {
            let (now, most) = &mut *busy.lock().unwrap();
            *now += add;
            *most = (*most).max(*now);
        };
        each(&slots, &turns, 1, &|at, _| {
            count(1);
            if at == 0 {
                // Waits for what the next one does.
                count(-1);
                let lent = slots.lend();
                come.lock().unwrap().recv().unwrap();
                drop(lent);
                count(1);
            } else if at == 1 {
                sender.send(()).unwrap();
                thread::sleep(Duration::from_millis(20));
            }
            count(-1);
            EnvResult::new(turns[at].env, State::Passed)
        });
        assert_eq!(*busy.lock().unwrap(), (0, 1));
    }

    #[test]
    fn one_that_has_waited_goes_before_new_ones() {
        let turns = ["a", "b", "c", "d"].map(|env| turn(env, false, &[]));
        let slots = Slots::default();
        let (sender, come) = std::sync::mpsc::channel();
        let come = Mutex::new(come);
        let seen = Mutex::new(Vec::new());
        let see = |what: &str| seen.lock().unwrap().push(what.to_owned());
        each(&slots, &turns, 1, &|at, _| {
            see(turns[at].env);
            if at == 0 {
                let lent = slots.lend();
                come.lock().unwrap().recv().unwrap();
                drop(lent);
                see("a again");
            } else if at == 1 {
                sender.send(()).unwrap();
                // Until it wants to go on.
                while slots.queue().returning == 0 {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            EnvResult::new(turns[at].env, State::Passed)
        });
        assert_eq!(seen.into_inner().unwrap(), ["a", "b", "a again", "c", "d"]);
    }

    #[test]
    fn a_thread_that_has_ended_one_begins_the_next() {
        let turns: Vec<_> = (0..20).map(|_| turn("a", false, &[])).collect();
        let threads = Mutex::new(Vec::new());
        each(&Slots::default(), &turns, 1, &|_, _| {
            threads.lock().unwrap().push(thread::current().id());
            EnvResult::new("a", State::Passed)
        });
        let mut threads = threads.into_inner().unwrap();
        threads.dedup();
        assert_eq!(threads.len(), 1);
    }

    #[test]
    fn nobody_waits_for_one_that_panicked() {
        let turns = [turn("a", false, &[]), turn("b", false, &[0])];
        let run = || each(&Slots::default(), &turns, 1, &|_, _| panic!("as planned"));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
