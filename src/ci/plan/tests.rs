//! What has to hold for any times; and a matrix as Sage has it.

use std::ops::Range;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::queue::{Job, Order, makespan, rests};
use super::split::split;
use super::{Asked, Planned, Row, Stage, plan};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

const HOUR: u64 = 3600;

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// Rows of times in seconds; nothing is a stage that the environment does not have.
fn asked(rows: &[Vec<Option<u64>>], alone: &[usize], longest: u64, runners: u32) -> Asked {
    let count = rows.first().map_or(0, Vec::len);
    let stages = (0..count).map(|at| Stage {
        name: format!("s{at}"),
        alone: alone.contains(&at),
    });
    let rows = rows.iter().enumerate().map(|(at, row)| Row {
        name: format!("e{at}"),
        times: row.iter().map(|time| time.map(seconds)).collect(),
    });
    Asked {
        stages: stages.collect(),
        rows: rows.collect(),
        longest: seconds(longest),
        runners,
    }
}

/// Is this a way to cut that keeps to the rule?
fn keeps(asked: &Asked, groups: &[Vec<usize>]) -> bool {
    groups.iter().all(|group| {
        asked.rows.iter().all(|row| {
            let times = group.iter().filter_map(|at| row.times[*at]);
            let times: Vec<Duration> = times.filter(|time| !time.is_zero()).collect();
            times.len() < 2 || times.iter().sum::<Duration>() <= asked.longest
        })
    })
}

/// The fewest jobs that stages can be cut into, by trying all ways.
fn fewest(asked: &Asked) -> usize {
    let count = asked.stages.len();
    let ways = 0..1_u32 << count.saturating_sub(1);
    let ways = ways.filter_map(|cuts| {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for at in 0..count {
            match groups.last_mut() {
                Some(group) if (cuts >> (at - 1)) & 1 == 0 => group.push(at),
                _ => groups.push(vec![at]),
            }
        }
        keeps(asked, &groups).then_some(groups.len())
    });
    ways.min().unwrap_or_default()
}

fn matrix() -> impl Strategy<Value = (Vec<Vec<Option<u64>>>, u64, u32)> {
    let time = prop_oneof![1 => Just(None), 1 => Just(Some(0)), 6 => (1..100_u64).prop_map(Some)];
    let rows = (0..8_usize).prop_flat_map(move |stages| {
        prop::collection::vec(prop::collection::vec(time.clone(), stages), 0..12)
    });
    (rows, 1..250_u64, 1..9_u32)
}

#[test]
fn every_stage_is_in_one_job_in_order_and_no_job_is_too_long_that_can_be_helped() {
    proptest!(config(3000), |((rows, longest, runners) in matrix())| {
        let asked = asked(&rows, &[], longest, runners);
        let planned = plan(&asked);
        let groups: Vec<Vec<usize>> = planned.groups.iter().map(|g| g.stages.clone()).collect();
        let all: Vec<usize> = groups.concat();
        prop_assert_eq!(all, (0..asked.stages.len()).collect::<Vec<_>>());
        prop_assert!(groups.iter().all(|group| !group.is_empty()));
        prop_assert!(keeps(&asked, &groups), "{groups:?}");
        prop_assert_eq!(groups.len(), fewest(&asked));
        let times = asked.rows.iter().flat_map(|row| row.times.iter().flatten());
        let too_long = times.filter(|time| **time > asked.longest).count();
        prop_assert_eq!(planned.too_long.len(), too_long);
        for group in &planned.groups {
            let longest = group.longest.map(|(time, _)| time).unwrap_or_default();
            let helpless = planned.too_long.iter().any(|one| group.stages.contains(&one.stage));
            prop_assert!(longest <= asked.longest || helpless);
        }
    });
}

/// Nothing is shorter than the bound, and a list schedule is never longer than the work of a runner and the longest chain
/// together (Graham 1969).
#[test]
fn the_makespan_lies_between_its_bounds() {
    proptest!(config(3000), |((rows, longest, runners) in matrix(), alone in 0..8_usize)| {
        let asked = asked(&rows, &[alone], longest, runners);
        let planned = plan(&asked);
        let times = asked.rows.iter().flat_map(|row| row.times.iter().flatten());
        prop_assert_eq!(planned.work, times.sum::<Duration>());
        let chain = planned.chain.map(|(time, _)| time).unwrap_or_default();
        let most = planned.work / runners + chain;
        for makespan in [planned.longest_first, planned.as_they_come] {
            prop_assert!(makespan >= planned.lower_bound(runners));
            prop_assert!(makespan <= most);
        }
    });
}

#[test]
fn one_runner_does_all_and_enough_runners_do_the_longest_chain() {
    let job = |time, after| Job {
        time: seconds(time),
        after,
    };
    let jobs = [job(3, None), job(4, Some(0)), job(5, Some(0)), job(6, None)];
    let rests = rests(&jobs);
    assert_eq!(rests, [8, 4, 5, 6].map(seconds));
    let at = |runners, order| makespan(&jobs, &rests, runners, order).as_secs();
    for order in [Order::LongestFirst, Order::AsTheyCome] {
        assert_eq!([at(1, order), at(3, order)], [18, 8]);
    }
    assert_eq!(at(2, Order::LongestFirst), 10);
    assert_eq!(makespan(&[], &[], 3, Order::LongestFirst), Duration::ZERO);
}

#[test]
fn the_longest_chain_goes_first() {
    let rows = vec![
        vec![Some(2), None],
        vec![Some(2), None],
        vec![Some(2), Some(4)],
    ];
    let planned = plan(&asked(&rows, &[1], 9, 2));
    assert_eq!(planned.longest_first, seconds(6));
    assert_eq!(planned.as_they_come, seconds(8));
}

#[test]
fn jobs_are_few_and_then_even() {
    let cut = |rows: &[&[u64]], longest| -> Vec<Range<usize>> {
        let rows: Vec<Vec<Duration>> = rows
            .iter()
            .map(|row| row.iter().copied().map(seconds).collect())
            .collect();
        split(&rows, rows[0].len(), seconds(longest))
    };
    assert_eq!(cut(&[&[1, 1, 1, 1]], 3), [0..2, 2..4]);
    assert_eq!(cut(&[&[1, 1, 5, 5, 1]], 6), [0..2, 2..3, 3..5]);
    // The slowest decides, wherever it is slow.
    assert_eq!(cut(&[&[1, 1, 3], &[3, 1, 1]], 4), [0..2, 2..3]);
    assert_eq!(cut(&[&[1, 1, 4], &[4, 1, 1]], 4), [0..1, 1..2, 2..3]);
    // What nobody can help spoils nothing: the others of that environment are apart.
    assert_eq!(cut(&[&[1, 9, 1], &[1, 1, 1]], 4), [0..1, 1..2, 2..3]);
    assert_eq!(cut(&[&[0, 9, 0], &[1, 1, 1]], 4).len(), 1);
}

/// Minutes of stages as Sage's: packages, bootstrap, configure, base toolchain, the first and the other targets. What a
/// system has as packages is not built.
const SAGE: [(u64, u64); 6] = [
    (12, 90),
    (12, 20),
    (12, 40),
    (12, 180),
    (60, 360),
    (120, 540),
];

/// Times of so many environments, as a small generator makes them.
fn sage(environments: usize) -> Vec<Vec<Option<u64>>> {
    let mut state = 7_u64;
    let mut row = |_| {
        let time = |(least, most): &(u64, u64)| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            Some(least * 60 + (state >> 33) % ((most - least) * 60))
        };
        SAGE.iter().map(time).collect()
    };
    (0..environments).map(&mut row).collect()
}

fn timed(asked: &Asked) -> (Planned, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a test looks at the clock")]
    let start = Instant::now();
    (plan(asked), start.elapsed())
}

#[test]
fn a_matrix_of_138_environments_is_planned_well_and_at_once() {
    let longest = 6 * HOUR * 85 / 100;
    let asked = asked(&sage(138), &[], longest, 30);
    let times = || asked.rows.iter().flat_map(|row| row.times.iter().flatten());
    assert!(times().min() < Some(&seconds(HOUR / 3)) && times().max() > Some(&seconds(8 * HOUR)));
    let (planned, took) = timed(&asked);
    assert!(took < Duration::from_secs(1), "{took:?}");
    let bound = planned.lower_bound(30);
    assert!(bound > seconds(20 * HOUR), "{bound:?}");
    assert!(planned.longest_first <= bound.mul_f64(1.1), "{planned:?}");
    let groups: Vec<Vec<usize>> = planned.groups.iter().map(|g| g.stages.clone()).collect();
    assert!(keeps(&asked, &groups), "{groups:?}");
    assert!(!planned.too_long.is_empty());
}

#[test]
fn ten_thousand_environments_are_planned_in_a_moment() {
    let asked = asked(&sage(10_000), &[], 6 * HOUR * 85 / 100, 500);
    let (planned, took) = timed(&asked);
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(planned.longest_first <= planned.lower_bound(500).mul_f64(1.1));
}
