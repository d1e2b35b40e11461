//! Merged results as text: a grid of systems and configurations where names have both, a list of the others, then every
//! failure in full.
//!
//! Reads results only.
//!
//! ```text
//!                   minimal       standard
//! docker-debian-12  passed 1m01s  failed tested
//! ```

use super::compare::Changes;
use super::style::{self, LITERAL};
use super::table::{self, Cell};
use super::{failure, harmless};
use crate::run::result::{EnvResult, StageResult, State};
use crate::run::results::RunResult;
use crate::time::show_duration;

/// Systems down, configurations across.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    pub(crate) columns: Vec<&'a str>,
    /// A name without its configuration, and what is there under each column.
    pub(crate) rows: Vec<Row<'a>>,
    /// Those that have no place in it.
    pub(crate) others: Vec<&'a EnvResult>,
}

#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) cells: Vec<Option<&'a EnvResult>>,
}

impl<'a> Grid<'a> {
    /// Without two configurations to compare, all are others.
    pub(crate) fn of(envs: &'a [EnvResult]) -> Self {
        let mut columns: Vec<&str> = Vec::new();
        for config in envs.iter().filter_map(|env| env.config.as_deref()) {
            if !columns.contains(&config) {
                columns.push(config);
            }
        }
        if columns.len() < 2 {
            columns.clear();
        }
        let mut grid = Self {
            columns,
            rows: Vec::new(),
            others: Vec::new(),
        };
        for env in envs {
            grid.add(env);
        }
        grid
    }

    fn add(&mut self, env: &'a EnvResult) {
        let place = env.config.as_deref().and_then(|config| {
            let column = self.columns.iter().position(|column| *column == config)?;
            let row = env.name.strip_suffix(config)?.strip_suffix('-')?;
            Some((row, column))
        });
        let Some((name, column)) = place else {
            self.others.push(env);
            return;
        };
        let row = self.rows.iter().position(|row| row.name == name);
        let row = row.unwrap_or_else(|| {
            let cells = vec![None; self.columns.len()];
            self.rows.push(Row { name, cells });
            self.rows.len() - 1
        });
        self.rows[row].cells[column] = Some(env);
    }
}

/// The whole report.
pub(crate) fn render(run: &RunResult, changes: Option<&Changes>, colour: bool) -> String {
    let grid = Grid::of(&run.envs);
    let mut parts = Vec::new();
    if !grid.rows.is_empty() {
        parts.push(table(&grid, colour));
    }
    if !grid.others.is_empty() {
        parts.push(table::rows(&grid.others, colour));
    }
    parts.push(table::remarks(&run.envs, colour));
    let bad = run.envs.iter().filter(|env| env.state.is_bad());
    parts.extend(bad.map(|env| failure::render(env, false, colour)));
    parts.extend(changes.map(|changes| changes.text(colour)));
    parts.push(if run.envs.is_empty() {
        "no environments\n".to_owned()
    } else {
        let counts = table::counts(&run.envs, colour);
        let time = show_duration(run.seconds.0);
        format!("{counts}; {time} altogether\n")
    });
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// Rows in which something failed come last.
fn table(grid: &Grid<'_>, colour: bool) -> String {
    let head = [""].into_iter().chain(grid.columns.iter().copied());
    let head = head.map(|text| Cell::new(&harmless::visible(text), style::DIM, colour));
    let mut table: Vec<Vec<Cell>> = vec![head.collect()];
    let bad = |row: &&Row<'_>| row.cells.iter().flatten().any(|env| env.state.is_bad());
    let (bad, good): (Vec<_>, Vec<_>) = grid.rows.iter().partition(bad);
    for row in good.into_iter().chain(bad) {
        let name = Cell::new(&harmless::visible(row.name), LITERAL, colour);
        let cells = row.cells.iter().map(|env| cell(*env, colour));
        table.push([name].into_iter().chain(cells).collect());
    }
    table::aligned(&table)
}

fn cell(env: Option<&EnvResult>, colour: bool) -> Cell {
    let Some(env) = env else {
        return Cell::new("-", style::DIM, colour);
    };
    let mut text = env.state.word().to_owned();
    let ran = |stage: &StageResult| !stage.cached && stage.state == State::Passed;
    if let Some(stage) = env.stages.iter().find(|stage| stage.is_bad()) {
        text.extend([" ", &harmless::visible(&stage.name)]);
    } else if env.stages.iter().any(ran) {
        text.extend([" ", &show_duration(env.seconds.0)]);
    }
    if env.stages.iter().any(|stage| stage.allowed) {
        text += " (allowed)";
    }
    Cell::new(&text, style::of(env.state), colour)
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, str};

    use super::*;
    use crate::report::told::{cached, env, failed, passed};
    use crate::run::results::merge::merge;

    fn of(system: &str, config: &str, state: State, stages: Vec<StageResult>) -> EnvResult {
        EnvResult {
            system: Some(system.to_owned()),
            config: Some(config.to_owned()),
            ..env(&format!("docker-{system}-{config}"), state, stages)
        }
    }

    fn matrix() -> RunResult {
        let mut may = failed("docs", 1.0);
        may.allowed = true;
        merge(vec![
            of(
                "debian-12",
                "minimal",
                State::Failed,
                vec![cached("built"), failed("tested", 3.0)],
            ),
            of(
                "debian-12",
                "standard",
                State::Passed,
                vec![passed("built", 61.0)],
            ),
            of("fedora-42", "minimal", State::Passed, vec![cached("built")]),
            of("fedora-42", "standard", State::Skipped, vec![]),
            of(
                "void",
                "minimal",
                State::Passed,
                vec![passed("built", 61.0), may],
            ),
            env("lint", State::Passed, vec![passed("commands", 2.0)]),
        ])
    }

    #[test]
    fn systems_stand_below_and_configurations_beside_each_other() {
        assert_data_eq!(
            render(&matrix(), None, false),
            str![[r#"
                  minimal                 standard
docker-fedora-42  passed                  skipped
docker-void       passed 1m40s (allowed)  -
docker-debian-12  failed tested           passed 1m40s

        environment  commands
passed  lint         2.00s

allowed: docker-void-minimal docs failed after 1.00s: exit code 2 (log .runenv/docker-a/log/01-docs.log)

failed: docker-debian-12-minimal
  stage    tested failed after 3.00s: exit code 2
  command  make check
  at       envs.toml:41:9
  on-failure
    | == test.log
    | expected 1, got 2
  last lines
    | checking…
    | FAIL: test_foo
  log      .runenv/docker-a/log/01-tested.log
  look     runenv shell docker-debian-12-minimal --failed
  again    runenv run docker-debian-12-minimal --redo tested

4 passed, 1 skipped, 1 failed; 10m00s altogether

"#]]
        );
    }

    #[test]
    fn where_there_is_one_configuration_there_is_a_list() {
        let envs = vec![
            of(
                "debian-12",
                "standard",
                State::Passed,
                vec![cached("built")],
            ),
            of(
                "fedora-42",
                "standard",
                State::Passed,
                vec![cached("built")],
            ),
        ];
        assert_data_eq!(
            render(&merge(envs), None, false),
            str![[r#"
        environment                built
passed  docker-debian-12-standard  cached
passed  docker-fedora-42-standard  cached

2 passed; 3m20s altogether

"#]]
        );
    }
}
