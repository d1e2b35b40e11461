//! Wrong names: each is refused, and its error says why and what to write.

use crate::{Sage, sage};

const ROWS: &str = include_str!("wrong.tsv");
/// So many of them at a time.
const AT_A_TIME: usize = 4;

/// What is not as the row says.
fn wrong_with(sage: &Sage, row: &str) -> Option<String> {
    let columns: Vec<&str> = row.split('\t').collect();
    let [name, reason, advice] = columns.as_slice() else {
        panic!("three columns: {row}");
    };
    let ran = sage.project.runenv(["show", name]);
    let title = ran.stderr.lines().next().unwrap_or_default();
    let mut helps = ran.stderr.lines().filter(|l| l.starts_with("help: "));
    let as_said = ran.code == Some(2)
        && ran.stderr.contains(name)
        && title.contains(reason)
        && helps.any(|help| help.contains(advice));
    (!as_said).then(|| format!("{name}: exit {:?}\n{}", ran.code, ran.stderr))
}

#[test]
fn wrong_names_are_told() {
    let sage = sage();
    let rows: Vec<&str> = ROWS.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(rows.len() >= 120, "{} rows", rows.len());
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let sage = &sage;
        let told = |chunk: &[&str]| -> Vec<String> {
            chunk
                .iter()
                .filter_map(|row| wrong_with(sage, row))
                .collect()
        };
        let chunks = rows.chunks(rows.len().div_ceil(AT_A_TIME));
        let workers: Vec<_> = chunks
            .map(|chunk| scope.spawn(move || told(chunk)))
            .collect();
        let ended = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.flat_map(|told| told.expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
