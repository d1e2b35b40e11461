//! A row of stages cut into jobs: as few as can be, and of those the most even.

use std::ops::Range;
use std::time::Duration;

/// How good a way to cut is: first how many jobs it makes, then the sum of the squares of their longest times.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Cost {
    jobs: usize,
    squares: f64,
}

/// Cuts `count` stages, of which each row says how long they take, into jobs of at most `longest`. A job is longer only
/// where a single stage is, and then the row has no other stage in it.
pub(super) fn split(rows: &[Vec<Duration>], count: usize, longest: Duration) -> Vec<Range<usize>> {
    // The best way to cut those before each stage, and where its last job begins.
    let mut best = vec![(
        Cost {
            jobs: 0,
            squares: 0.0,
        },
        0,
    )];
    for end in 1..=count {
        let mut ways = Vec::new();
        let mut jobs = vec![Sum::default(); rows.len()];
        // What is too much for a job is no less with one stage more.
        for start in (0..end).rev() {
            let Some(time) = grow(&mut jobs, rows, start, longest) else {
                break;
            };
            let before = best[start].0;
            let squares = before.squares + time.as_secs_f64().powi(2);
            let jobs = before.jobs + 1;
            ways.push((Cost { jobs, squares }, start));
        }
        let first = ways
            .into_iter()
            .reduce(|best, way| if way.0 < best.0 { way } else { best });
        best.push(first.expect("a stage can be a job of its own"));
    }
    let mut ranges = Vec::new();
    let mut end = count;
    while end > 0 {
        let start = best[end].1;
        ranges.push(start..end);
        end = start;
    }
    ranges.reverse();
    ranges
}

/// A row's part of a job.
#[derive(Clone, Copy, Default)]
struct Sum {
    time: Duration,
    stages: u32,
}

/// Takes one more stage into the jobs. `None`: it is too much for one. Else how long the longest is of those that are
/// short enough.
fn grow(
    jobs: &mut [Sum],
    rows: &[Vec<Duration>],
    stage: usize,
    longest: Duration,
) -> Option<Duration> {
    let mut most = Duration::ZERO;
    for (job, row) in jobs.iter_mut().zip(rows) {
        job.time += row[stage];
        job.stages += u32::from(!row[stage].is_zero());
        if job.time <= longest {
            most = most.max(job.time);
        } else if job.stages > 1 {
            return None;
        }
    }
    Some(most)
}
