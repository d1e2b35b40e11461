//! `[ci]`: stages, systems and configs that there are, limits that a CI system takes, names of its own world.

use std::collections::BTreeMap;

use super::super::file::shape::{RunsOn, Step};
use super::super::file::{CiTable, List, Login, MOST_JOBS, Map, Text};
use super::super::{Project, Spanned, forms};
use super::cron;
use super::{settings, values};
use crate::name::expand;
use crate::nearest;
use crate::problem::{Place, Problem, Problems};

/// Architectures, as image platforms call them, and what else they are called.
const ARCHITECTURES: [&str; 9] = [
    "amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le",
];
const ALSO_CALLED: [(&str, &str); 4] = [
    ("x86_64", "amd64"),
    ("aarch64", "arm64"),
    ("i386", "386"),
    ("armv7", "arm"),
];
/// What starts a workflow or a pipeline, as GitHub and GitLab call it.
const EVENTS: [&str; 14] = [
    "push",
    "pull_request",
    "pull_request_target",
    "merge_group",
    "schedule",
    "workflow_dispatch",
    "workflow_call",
    "repository_dispatch",
    "release",
    "merge_request_event",
    "parent_pipeline",
    "trigger",
    "web",
    "api",
];

/// Exhaustive: a new key does not compile until it is decided how it is checked.
pub(super) fn check(project: &Project, problems: &mut Problems) {
    let Some(table) = &project.file.ci else {
        return;
    };
    let CiTable {
        jobs,
        follow_up,
        systems,
        configs,
        time_limit,
        matrix_limit,
        max_parallel,
        runs_on,
        steps_before,
        branches,
        schedule,
        labels,
        login,
    } = table;
    self::jobs(project, jobs.as_deref().unwrap_or_default(), problems);
    self::follow_up(project, follow_up.as_ref(), problems);
    self::systems(project, systems.as_ref(), problems);
    let known: Vec<&str> = project.axes.configs.iter().map(String::as_str).collect();
    values::words(project, configs.as_ref(), "config", &known, problems);
    values::duration(project, time_limit.as_ref(), problems);
    let help = format!("write a number from 1 to {MOST_JOBS}: GitHub takes no more in one matrix");
    number(project, matrix_limit.as_ref(), MOST_JOBS, &help, problems);
    let help = "write how many jobs may run at a time; leave it out for as many as there are";
    number(project, max_parallel.as_ref(), u32::MAX, help, problems);
    self::runs_on(project, runs_on.as_ref(), problems);
    steps(
        project,
        steps_before.as_deref().unwrap_or_default(),
        problems,
    );
    self::branches(project, branches.as_ref(), problems);
    self::schedule(project, schedule.as_ref(), problems);
    self::labels(project, labels.as_ref(), problems);
    if let Some(login) = login {
        self::login(project, login, problems);
    }
}

/// Stages that there are, each in one job.
fn jobs(project: &Project, jobs: &[List], problems: &mut Problems) {
    let mut seen = BTreeMap::<String, Place>::new();
    for job in jobs {
        let stages = job.get_ref().each(job.span());
        if stages.is_empty() {
            let problem = Problem::new("a job without stages", "name its stages, or take it out");
            problems.push(problem.place(project.place(job.span())));
        }
        for stage in stages {
            if problems.full() {
                return;
            }
            settings::stage_name(project, &stage, problems);
            let place = project.place(stage.span());
            if let Some(first) = seen.get(stage.get_ref()) {
                let title = format!("the stage `{}` is in two places of `jobs`", stage.get_ref());
                let help = "a stage runs in one job: take it out of the other";
                let problem = Problem::new(title, help).place(place);
                problems.push(problem.place(first.clone()));
            } else {
                seen.insert(stage.get_ref().clone(), place);
            }
        }
    }
}

/// Stages that there are, each with a condition.
fn follow_up(project: &Project, stages: Option<&Map<Text>>, problems: &mut Problems) {
    for (stage, condition) in stages.into_iter().flatten() {
        if problems.full() {
            return;
        }
        settings::stage_name(project, stage, problems);
        project.checked_condition(condition, problems);
    }
}

/// Systems, and globs that match one; braces stand for several.
fn systems(project: &Project, list: Option<&List>, problems: &mut Problems) {
    let all = project.axes.systems();
    for (text, place) in project.texts(list) {
        let expanded = expand::expand(&text).map_err(|p| p.place(place.clone()));
        for system in problems.keep(expanded).into_iter().flatten() {
            if problems.full() {
                return;
            }
            let shown = expand::shown(&system);
            let known = || all.iter().map(String::as_str);
            let problem = if expand::is_glob(&system) {
                if known().any(|s| expand::matches(&system, s)) {
                    continue;
                }
                let help = "`runenv list --axes system` shows the systems";
                Problem::new(format!("`{shown}` matches no system"), help)
            } else if all.contains(&system) {
                continue;
            } else {
                let help = nearest::advice(&system, "systems", known());
                Problem::new(format!("unknown system `{shown}`"), help)
            };
            problems.push(problem.place(place.clone()));
        }
    }
}

/// A number from 1 on.
fn number(
    project: &Project,
    number: Option<&Spanned<u32>>,
    most: u32,
    help: &str,
    problems: &mut Problems,
) {
    let Some(number) = number.filter(|n| !(1..=most).contains(n.get_ref())) else {
        return;
    };
    let much = if *number.get_ref() == 0 {
        "few"
    } else {
        "many"
    };
    let problem = Problem::new(format!("{} jobs are too {much}", number.get_ref()), help);
    problems.push(problem.place(project.place(number.span())));
}

/// A label, or one for each architecture.
fn runs_on(project: &Project, runs_on: Option<&Spanned<RunsOn>>, problems: &mut Problems) {
    let Some(runs_on) = runs_on else { return };
    let mut label = |text: &str, span| {
        if text.trim().is_empty() {
            let help = "write what the CI system calls its machines: `ubuntu-24.04`";
            let problem = Problem::new("an empty label of a runner", help);
            problems.push(problem.place(project.place(span)));
        }
    };
    match runs_on.get_ref() {
        RunsOn::Label(text) => label(text, runs_on.span()),
        RunsOn::ByArchitecture(labels) => {
            for text in labels.values() {
                label(text.get_ref(), text.span());
            }
            let names = labels.keys();
            names.for_each(|name| architecture(project, name, problems));
        }
    }
}

fn architecture(project: &Project, name: &Text, problems: &mut Problems) {
    let word = name.get_ref().as_str();
    if ARCHITECTURES.contains(&word) {
        return;
    }
    let ours = ALSO_CALLED.iter().find(|(other, _)| *other == word);
    let help = match ours {
        Some((_, ours)) => format!("images call it `{ours}`"),
        None => nearest::advice(word, "architectures", ARCHITECTURES),
    };
    let problem = Problem::new(format!("unknown architecture `{word}`"), help);
    problems.push(problem.place(project.place(name.span())));
}

fn steps(project: &Project, steps: &[Spanned<Step>], problems: &mut Problems) {
    for step in steps {
        let empty = match step.get_ref() {
            Step::Line(line) => line.trim().is_empty(),
            Step::Table(table) => table.is_empty(),
        };
        if empty {
            let help = "write a shell line, or a table as the CI system takes it";
            let problem = Problem::new("a step that is empty", help);
            problems.push(problem.place(project.place(step.span())));
        }
    }
}

/// Names of branches, and globs.
fn branches(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (branch, place) in project.texts(list) {
        let known = |c: char| c.is_ascii_alphanumeric() || "._/-*".contains(c);
        if branch.is_empty() || !branch.chars().all(known) {
            let title = format!("`{}` names no branch", expand::shown(&branch));
            let help = "write its name, or a glob: `*` is all but `/`, `**` is that, too";
            problems.push(Problem::new(title, help).place(place));
        }
    }
}

/// Lines of cron.
fn schedule(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (line, place) in project.texts(list) {
        if let Err(help) = cron::check(&line) {
            let title = format!("`{}` is no cron line", expand::shown(&line));
            let example = "write it as `30 4 * * 1`: minute, hour, day, month, weekday";
            problems.push(Problem::new(title, help).help(example).place(place));
        }
    }
}

/// Events of a CI system, each with a label of the file.
fn labels(project: &Project, labels: Option<&Map<Text>>, problems: &mut Problems) {
    let declared = || project.file.project.labels.keys();
    for (event, label) in labels.into_iter().flatten() {
        if problems.full() {
            return;
        }
        let word = event.get_ref().as_str();
        if !EVENTS.contains(&word) {
            let help = nearest::advice(word, "events", EVENTS);
            let problem = Problem::new(format!("unknown event `{word}`"), help);
            problems.push(problem.place(project.place(event.span())));
        }
        let word = label.get_ref().as_str();
        if declared().all(|l| l.get_ref() != word) {
            let known: Vec<&str> = declared().map(|l| l.get_ref().as_str()).collect();
            let help = if known.is_empty() {
                format!("declare it: `[project] labels = {{ {word} = [\"docker-*\"] }}`")
            } else {
                nearest::advice(word, "labels", known)
            };
            let problem = Problem::new(format!("unknown label `{word}`"), help);
            problems.push(problem.place(project.place(label.span())));
        }
    }
}

/// A host, a user, and the name of a secret: never the secret itself.
fn login(project: &Project, login: &Login, problems: &mut Problems) {
    let Login {
        registry,
        username,
        password,
    } = login;
    let mut wrong = |text: &Text, title: String, help: &str| {
        let problem = Problem::new(title, help);
        problems.push(problem.place(project.place(text.span())));
    };
    if let Some(host) = registry
        .as_ref()
        .filter(|r| !forms::is_registry(r.get_ref()))
    {
        let title = format!("`{}` is no registry's host", host.get_ref());
        wrong(host, title, "write it as `ghcr.io` or `localhost:5000`");
    }
    if let Some(user) = username.as_ref().filter(|u| u.get_ref().trim().is_empty()) {
        let help = "write the user's name, or the name of the secret that holds it";
        wrong(user, "an empty name of a user".to_owned(), help);
    }
    let password = password.as_ref();
    if let Some(name) = password.filter(|p| !forms::is_variable(p.get_ref())) {
        let title = format!("`{}` cannot be the name of a secret", name.get_ref());
        let help = "write the secret's name, such as `REGISTRY_TOKEN`, never the password itself";
        wrong(name, title, help);
    }
    if let (None, Some(said)) = (password, username.as_ref().or(registry.as_ref())) {
        let help = "say which secret of the CI system holds it: `password = \"REGISTRY_TOKEN\"`";
        wrong(said, "the login has no password".to_owned(), help);
    }
}
