//! `[[when]]` and `[env.NAME]`: conditions, names, and keys that such a table can use.

use std::collections::BTreeMap;

use super::super::Project;
use super::super::file::spanned::Spanned;
use super::super::file::{EnvTable, Text};
use super::{settings, values};
use crate::name::{EnvName, RUNNERS, parse};
use crate::nearest;
use crate::problem::{Problem, Problems};

/// Gives which names the `[env.NAME]`s are about.
pub(super) fn check(project: &Project, problems: &mut Problems) -> BTreeMap<String, Vec<usize>> {
    for table in &project.file.when {
        if problems.full() {
            break;
        }
        if let Some(text) = &table.get_ref().r#if {
            project.checked_condition(text, problems);
        } else {
            let help = "say when: `if = \"ubuntu-focal\"`";
            let problem = Problem::new("the key `if` is missing", help);
            problems.push(problem.place(project.place(table.span())));
        }
    }
    let mut about = BTreeMap::<String, Vec<usize>>::new();
    for (at, (name, table)) in project.file.env.iter().enumerate() {
        if problems.full() {
            break;
        }
        let canonical = if project.axes.own_names.contains(name.get_ref()) {
            own(project, name, table.get_ref(), problems);
            Some(name.get_ref().clone())
        } else {
            let product = product(project, name, table.get_ref(), problems);
            product.map(|name| name.to_string())
        };
        if let Some(canonical) = canonical {
            about.entry(canonical).or_default().push(at);
        }
    }
    about
}

/// A name of its own: it has commands, and a runner or an environment that it is like.
fn own(project: &Project, name: &Text, table: &EnvTable, problems: &mut Problems) {
    let mut lacks = |what: &str, help: &str| {
        let title = format!("the environment `{}` has no {what}", name.get_ref());
        problems.push(Problem::new(title, help).place(project.place(name.span())));
    };
    if table.commands.is_none() {
        lacks("commands", "give it `commands = [\"…\"]`");
    }
    if table.like.is_none() && table.runner.is_none() {
        let help = "give it `runner = \"local\"`, or `like = \"docker-…\"`";
        lacks("runner", help);
    }
    if let Some(like) = &table.like {
        self::like(project, like, problems);
    }
    let runner = table.runner.as_ref();
    if let Some(runner) = runner.filter(|r| !RUNNERS.contains(&r.get_ref().as_str())) {
        let help = nearest::advice(runner.get_ref(), "runners", RUNNERS);
        let problem = Problem::new(format!("unknown runner `{}`", runner.get_ref()), help);
        problems.push(problem.place(project.place(runner.span())));
    }
    values::copies(project, table.copy.as_ref(), problems);
    if let Some(commands) = &table.commands {
        settings::commands(project, commands, problems);
    }
}

/// `like` is a product of factors: an environment with a name of its own has no system to take.
fn like(project: &Project, like: &Text, problems: &mut Problems) {
    let place = project.place(like.span());
    let Some(parsed) = problems.keep(parse::parse(like.get_ref(), &project.axes, &place)) else {
        return;
    };
    if parsed.own.is_some() {
        let title = format!(
            "`{}` is an environment with a name of its own",
            like.get_ref()
        );
        let help = "`like` takes a name made of factors, such as `docker-debian-bookworm`";
        problems.push(Problem::new(title, help).place(place));
    }
}

/// A whole name that is made of factors: its runner, stages and files are said elsewhere.
fn product(
    project: &Project,
    name: &Text,
    table: &EnvTable,
    problems: &mut Problems,
) -> Option<EnvName> {
    let place = project.place(name.span());
    let parsed = parse::parse(name.get_ref(), &project.axes, &place).map_err(|problem| {
        let declared = project.axes.declared_in(name.get_ref());
        let declared = declared.unwrap_or_default();
        problem.help(format!(
            "a name with a declared factor in it (`{declared}`) is a whole name; one of its own has none"
        ))
    });
    let parsed = problems.keep(parsed)?;
    let keys = [
        ("runner", table.runner.as_ref().map(Spanned::span)),
        ("like", table.like.as_ref().map(Spanned::span)),
        ("commands", table.commands.as_ref().map(Spanned::span)),
        ("copy", table.copy.as_ref().map(Spanned::span)),
    ];
    for (key, span) in keys {
        let Some(span) = span else { continue };
        let title = format!(
            "`{key}` means nothing here: `{}` is made of factors",
            name.get_ref()
        );
        let help = "its factors say the runner, `[stage.NAME]` says what runs; give the environment a name of its own";
        problems.push(Problem::new(title, help).place(project.place(span)));
    }
    Some(parsed)
}
