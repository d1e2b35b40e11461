//! Jobs on runners: when the last of them is done.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// A job, and the one that it waits for, by index: always an earlier one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) time: Duration,
    pub(super) after: Option<usize>,
}

/// Which of the jobs that can begin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The one behind which most is left to do.
    LongestFirst,
    /// The one that has waited longest.
    AsTheyCome,
}

/// How much there is to do from each job on: itself, and the longest way behind it.
pub(super) fn rests(jobs: &[Job]) -> Vec<Duration> {
    let mut rests = vec![Duration::ZERO; jobs.len()];
    for (at, job) in jobs.iter().enumerate().rev() {
        rests[at] += job.time;
        if let Some(after) = job.after {
            rests[after] = rests[after].max(rests[at]);
        }
    }
    rests
}

/// When the last job is done, where a runner that is free takes the next job in this order.
pub(super) fn makespan(jobs: &[Job], rests: &[Duration], runners: u32, order: Order) -> Duration {
    let mut behind = vec![Vec::new(); jobs.len()];
    for (at, job) in jobs.iter().enumerate() {
        if let Some(after) = job.after {
            behind[after].push(at);
        }
    }
    let mut came = 0_u64;
    let mut waits = |at: usize| {
        came += 1;
        let first = match order {
            Order::LongestFirst => rests[at],
            Order::AsTheyCome => Duration::ZERO,
        };
        (first, Reverse(came), at)
    };
    let first = (0..jobs.len()).filter(|at| jobs[*at].after.is_none());
    let mut waiting: BinaryHeap<_> = first.map(&mut waits).collect();
    let mut running = BinaryHeap::new();
    let (mut now, mut free) = (Duration::ZERO, runners);
    loop {
        while free > 0
            && let Some((_, _, at)) = waiting.pop()
        {
            free -= 1;
            running.push(Reverse((now + jobs[at].time, at)));
        }
        let Some(Reverse((end, at))) = running.pop() else {
            return now;
        };
        (now, free) = (end, free + 1);
        waiting.extend(behind[at].iter().map(|at| waits(*at)));
        // What ends at the same time is there for the choice, too.
        while let Some(Reverse((end, at))) = running.peek().copied()
            && end == now
        {
            running.pop();
            free += 1;
            waiting.extend(behind[at].iter().map(|at| waits(*at)));
        }
    }
}
