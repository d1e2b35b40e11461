//! A plan as text and as JSON.

use serde_json::{Value, json};

use super::Question;
use crate::ci::plan::{Group, Planned, TooLong};
use crate::nearest::counted;
use crate::report::table::columns;
use crate::run::result::Took;
use crate::time::show_duration;

pub(super) fn text(question: &Question, planned: &Planned) -> String {
    let mut text = head(question, planned);
    text += "\n";
    text += &table(question, planned);
    text += &too_long(question, planned);
    text += &whole(question, planned);
    text += &lines(question, planned);
    text
}

fn head(question: &Question, planned: &Planned) -> String {
    format!(
        "{} in {}, {} of work; a job may take {}: {} less {} %\n",
        counted("environment", question.asked.rows.len()),
        counted("job", planned.jobs),
        show_duration(planned.work),
        show_duration(question.asked.longest),
        show_duration(question.time_limit),
        question.margin,
    )
}

fn names<'q>(question: &'q Question, group: &Group) -> Vec<&'q str> {
    let names = group.stages.iter();
    names
        .map(|at| question.asked.stages[*at].name.as_str())
        .collect()
}

/// A line for each job of an environment.
fn table(question: &Question, planned: &Planned) -> String {
    let mut rows = vec![["job", "longest", "of", "environments", "stages"].map(str::to_owned)];
    for (at, group) in planned.groups.iter().enumerate() {
        let (time, of) = group.longest.map_or_else(Default::default, |(time, row)| {
            (show_duration(time), question.asked.rows[row].name.clone())
        });
        let stages = names(question, group).join(" ");
        let number = (at + 1).to_string();
        rows.push([number, time, of, group.count.to_string(), stages]);
    }
    columns(&rows)
}

/// What no split helps.
fn too_long(question: &Question, planned: &Planned) -> String {
    if planned.too_long.is_empty() {
        return String::new();
    }
    let row = |one: &TooLong| {
        let more = if is_cut(question, one) {
            "more than "
        } else {
            ""
        };
        [
            format!("{more}{}", show_duration(one.time)),
            question.asked.rows[one.row].name.clone(),
            question.asked.stages[one.stage].name.clone(),
            counted("job", pieces(question, one)),
        ]
    };
    let rows: Vec<_> = planned.too_long.iter().map(row).collect();
    format!(
        "\n{} longer than a job, whatever shares it. `--time-limit {}m --resume --push-failed` ends such a stage in time, and the\nnext job goes on from what it left (docs/ci.md); so do the jobs of `ci github`, where `[ci] time-limit` is written:\n{}",
        match planned.too_long.len() {
            1 => "1 stage is".to_owned(),
            count => format!("{count} stages are"),
        },
        (question.asked.longest.as_secs() / 60).max(1),
        columns(&rows)
    )
}

fn is_cut(question: &Question, one: &TooLong) -> bool {
    question.cut.contains(&(one.row, one.stage))
}

/// How many jobs a stage needs that goes on in the next one.
fn pieces(question: &Question, one: &TooLong) -> u64 {
    let longest = question.asked.longest.as_nanos().max(1);
    u64::try_from(one.time.as_nanos().div_ceil(longest)).unwrap_or(u64::MAX)
}

/// How long all of it takes.
fn whole(question: &Question, planned: &Planned) -> String {
    let runners = question.asked.runners;
    let bound = planned.lower_bound(runners);
    let mut text = format!(
        "\nwith {}: {} where the longest environment goes first, {} in the order of the list\n",
        counted("runner", runners),
        show_duration(planned.longest_first),
        show_duration(planned.as_they_come),
    );
    let because = match planned.chain {
        Some((time, row)) if time >= bound => {
            format!("so long takes `{}` alone", question.asked.rows[row].name)
        }
        Some(_) | None => "so much work is there for each runner".to_owned(),
    };
    text += &format!(
        "no order takes less than {}: {because}\n",
        show_duration(bound)
    );
    text
}

/// What is to be written into the file.
fn lines(question: &Question, planned: &Planned) -> String {
    let shared = planned.groups.iter().filter(|group| !group.alone);
    let jobs: Vec<Vec<&str>> = shared.map(|group| names(question, group)).collect();
    if jobs.is_empty() {
        return String::new();
    }
    if question.jobs.as_ref().is_some_and(|now| *now == jobs) {
        return "\n`[ci] jobs` has just these jobs\n".to_owned();
    }
    let mut text = "\n[ci]\njobs = [\n".to_owned();
    for job in jobs {
        text += &format!("  {},\n", json!(job).to_string().replace("\",\"", "\", \""));
    }
    text + "]\n"
}

pub(super) fn json(question: &Question, planned: &Planned) -> String {
    let asked = &question.asked;
    let jobs = planned
        .groups
        .iter()
        .map(|group| json_of_job(question, group));
    let too_long = planned.too_long.iter();
    let too_long = too_long.map(|one| json_of_too_long(question, one));
    let guessed = question.guessed.iter().map(|(row, stage)| {
        json!({ "environment": asked.rows[*row].name, "stage": asked.stages[*stage].name })
    });
    let longest = planned.chain.map(|(_, row)| asked.rows[row].name.as_str());
    let value = json!({
        "time-limit": Took(question.time_limit),
        "margin": question.margin,
        "longest": Took(asked.longest),
        "runners": asked.runners,
        "environments": asked.rows.len(),
        "jobs": jobs.collect::<Vec<Value>>(),
        "all-jobs": planned.jobs,
        "work": Took(planned.work),
        "longest-environment": longest,
        "lower-bound": Took(planned.lower_bound(asked.runners)),
        "longest-first": Took(planned.longest_first),
        "as-they-come": Took(planned.as_they_come),
        "too-long": too_long.collect::<Vec<Value>>(),
        "guessed": guessed.collect::<Vec<Value>>(),
    });
    serde_json::to_string_pretty(&value).expect("our own values are JSON") + "\n"
}

fn json_of_job(question: &Question, group: &Group) -> Value {
    json!({
        "stages": names(question, group),
        "follow-up": group.alone,
        "environments": group.count,
        "longest": group.longest.map(|(time, _)| Took(time)),
        "environment": group.longest.map(|(_, row)| question.asked.rows[row].name.as_str()),
    })
}

fn json_of_too_long(question: &Question, one: &TooLong) -> Value {
    json!({
        "environment": question.asked.rows[one.row].name,
        "stage": question.asked.stages[one.stage].name,
        "seconds": Took(one.time),
        "whole": !is_cut(question, one),
        "jobs": pieces(question, one),
    })
}
