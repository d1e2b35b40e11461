//! Steps of `[ci] steps-before`: shell lines, and files that are included. Others are GitHub's.

use super::super::pipeline::Pipeline;
use super::super::steps::{INCLUDE, is_commit, script, value};
use super::super::yaml::{Entry, Yaml, entry, map, text};
use crate::config::file::shape::Step;
use crate::config::forms;
use crate::quote;

/// The job of an included file whose `before_script` is run, where none is named.
const SETUP: &str = ".runenv-setup";
/// What a step may have beside `run`: nothing of it changes what runs.
const SAID: [&str; 5] = ["run", "env", "name", "id", "timeout-minutes"];

/// A step as a line of `before_script`; `None`: it is left out.
pub(super) fn line(step: &Step) -> Option<Yaml> {
    if left_out(step).is_some() {
        return None;
    }
    let table = match step {
        Step::Line(line) => return Some(script(line)),
        Step::Table(table) => table,
    };
    if table.contains_key(INCLUDE) {
        let job = table.get("job").and_then(toml::Value::as_str);
        let words = [job.unwrap_or(SETUP), "before_script"];
        return Some(Yaml::Reference(words.map(str::to_owned).into()));
    }
    let run = table.get("run")?.as_str()?;
    let given = table.get("env").and_then(toml::Value::as_table);
    let given: Vec<String> = given.into_iter().flatten().map(export).collect();
    if given.is_empty() {
        return Some(script(run));
    }
    let run = run.trim_end_matches('\n');
    Some(Yaml::Lines(format!("(\n{}{run}\n)\n", given.concat())))
}

/// A step's own variable.
fn export((name, value): (&String, &toml::Value)) -> String {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_)
        | toml::Value::Table(_) => value.to_string(),
    };
    format!("export {name}={}\n", quote::word(&text))
}

/// The files that steps include.
pub(super) fn includes(pipeline: &Pipeline) -> Vec<Entry> {
    let file = |step: &Step| match step {
        Step::Line(_) => None,
        Step::Table(table) => table.get(INCLUDE).cloned(),
    };
    let files = pipeline.steps_before.iter().filter_map(file);
    let files: Vec<Yaml> = files
        .map(|file| match file.as_str() {
            Some(path) => map([entry("local", text(path))]),
            None => value(&file),
        })
        .collect();
    if files.is_empty() {
        Vec::new()
    } else {
        vec![entry(INCLUDE, Yaml::List(files))]
    }
}

/// Why a step is for other CI systems.
pub(crate) fn left_out(step: &Step) -> Option<(&'static str, &'static str)> {
    let table = match step {
        Step::Line(_) => return None,
        Step::Table(table) if table.contains_key(INCLUDE) => return None,
        Step::Table(table) => table,
    };
    let other = table.keys().any(|key| !SAID.contains(&key.as_str()));
    let given = table.get("env").and_then(toml::Value::as_table);
    let mut names = given.into_iter().flatten().map(|(name, _)| name);
    let expression = toml::to_string(table).is_ok_and(|text| text.contains("${{"));
    if other || expression || !table.contains_key("run") || !names.all(|n| forms::is_variable(n)) {
        return Some((
            "a step that only GitHub can run: it is left out here",
            "GitLab takes a shell line, `{ run = \"…\", env = { … } }`, or a file: `{ include = \"/.gitlab/setup.yml\" }`",
        ));
    }
    None
}

/// Why an included file is not taken, and what to do.
pub(crate) fn refused(step: &Step) -> Option<(&'static str, &'static str)> {
    let Step::Table(table) = step else {
        return None;
    };
    let file = table.get(INCLUDE)?;
    let Some(file) = file.as_table() else {
        let known = file.is_str() && table.keys().all(|key| key == INCLUDE || key == "job");
        return (!known).then_some((
            "a step that includes a file has `include` and `job` alone",
            "write it as `{ include = \"/.gitlab/setup.yml\", job = \".runenv-setup\" }`",
        ));
    };
    let said = |key: &str| file.get(key).and_then(toml::Value::as_str);
    let pinned = said("local").is_some()
        || (said("remote").is_some() && said("integrity").is_some())
        || (said("project").is_some() && said("ref").is_some_and(is_commit));
    (!pinned).then_some((
        "an included file that is not pinned: whoever can change it can run anything in these jobs",
        "say which it is: `{ remote = \"https://…\", integrity = \"sha256-…\" }`, or `project` with a commit as `ref`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Step {
        let table: toml::Table = text.parse().expect("a table");
        Step::Table(table)
    }

    #[test]
    fn a_steps_own_variables_end_with_it() {
        let line = line(&step("run = \"make\"\nenv = { A = \"it's $B\", N = 1 }"));
        let lines = "(\nexport A='it'\\''s $B'\nexport N=1\nmake\n)\n";
        assert_eq!(line, Some(Yaml::Lines(lines.to_owned())));
    }

    #[test]
    fn what_only_github_can_run_is_left_out() {
        for text in [
            "uses = \"a/b@c\"",
            "run = \"make\"\nif = \"always()\"",
            "run = \"make\"\nenv = { \"a-b\" = \"c\" }",
            "run = \"make\"\nenv = { A = \"${{ b }}\" }",
            "name = \"nothing\"",
        ] {
            assert!(left_out(&step(text)).is_some(), "{text}");
            assert_eq!(line(&step(text)), None);
        }
        assert_eq!(left_out(&step("run = \"make\"\nname = \"n\"")), None);
    }

    #[test]
    fn what_is_included_is_pinned() {
        let commit = "0123456789".repeat(4);
        for (file, taken) in [
            ("\"/a.yml\"", true),
            ("{ local = \"/a.yml\" }", true),
            ("{ remote = \"https://example.org/a.yml\" }", false),
            (
                "{ remote = \"https://example.org/a.yml\", integrity = \"sha256-a\" }",
                true,
            ),
            (
                "{ project = \"a/b\", file = \"a.yml\", ref = \"main\" }",
                false,
            ),
            (
                &*format!("{{ project = \"a/b\", file = \"a.yml\", ref = \"{commit}\" }}"),
                true,
            ),
            ("1", false),
        ] {
            let step = step(&format!("include = {file}"));
            assert_eq!(refused(&step).is_none(), taken, "{file}");
        }
    }
}
