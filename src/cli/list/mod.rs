//! `runenv list`: the environments there are, and with `--axes` the values that names are made of. Starts no process,
//! resolves nothing; with `--stale` it does both.
//!
//! A list is for people and for pipes. Into a pipe go names, one a line, whatever there is (as `nox -l`, `tox l` and
//! `ls` do it), so that `| grep`, `| wc -l` and `while read` are right. A terminal gets the same as long as it fits on a
//! screen; a longer list stands under headings, one for each runner and family (as `just --list` does with its groups
//! and `cargo nextest list` with its binaries), and a heading is the glob that selects what stands under it.
//! `--group` says so for pagers. What there is to say of a name stands behind it, after two blanks.
//!
//! `docs/reference/json.md` holds the form of `--json`.

mod axes;
mod names;

use clap::Args;

use super::select::Selection;
use super::stale::StaleArgs;
use super::{Context, Exit, INTERRUPTED};
use crate::config::listed::Entry;
use crate::json;
use crate::report::harmless;
use crate::time;

#[derive(Clone, Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Print the axes and their values instead; a NAME is then an axis, a value, a part of one, or a glob
    #[arg(long, conflicts_with = "stale")]
    pub(super) axes: bool,
    #[command(flatten)]
    pub(super) stale: StaleArgs,
    /// Print names under headings, as a terminal gets a long list
    #[arg(long, conflicts_with_all = ["json", "axes"])]
    group: bool,
    /// Print JSON (docs/reference/json.md)
    #[arg(long)]
    json: bool,
}

/// More lines than that leave a screen.
const SCREEN: usize = 24;

impl ListArgs {
    pub(crate) fn of(selection: Selection) -> Self {
        Self {
            selection,
            axes: false,
            stale: StaleArgs::none(),
            group: false,
            json: false,
        }
    }
}

pub(crate) fn exec(args: ListArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    // Days are compared as texts.
    let now = time::now();
    let today = &now[..10];
    if args.axes {
        let axes = axes::axes(&project, &args.selection.typed())?;
        let text = if args.json {
            json::text(&axes)
        } else {
            axes::text(&axes, today)
        };
        context.out.result(&text);
        return Ok(0);
    }
    let bare = args.selection.bare();
    let selected = if bare {
        Vec::new()
    } else {
        context.selected(&project, &args.selection)?
    };
    let entries: Vec<&Entry> = if bare {
        project.listed.known().collect()
    } else {
        selected.iter().collect()
    };
    let Some(entries) = args.stale.of(entries, &project, context)? else {
        return Ok(INTERRUPTED);
    };
    let rows = names::rows(&project, &entries);
    let long = context.host.stdout_is_terminal && rows.len() > SCREEN;
    let text = if args.json {
        json::text(&names::items(&project, &rows))
    } else if args.group || long {
        names::grouped(&rows, today)
    } else {
        names::text(&rows, today)
    };
    context.out.result(&text);
    if rows.is_empty() && args.stale.stale && !args.json {
        context.out.tell("nothing would run\n");
    } else if rows.is_empty() && bare && !args.json {
        context.out.tell("no environments: set `[project] env-list`, or name any product of values (`runenv list --axes`)\n");
    }
    Ok(0)
}

/// `(end of life 2022-12-13)`, from that day on.
fn past(day: Option<&str>, today: &str) -> Option<String> {
    let day = day.filter(|day| *day < today)?;
    Some(format!("(end of life {day})"))
}

/// The first line of a description, with nothing in it that acts on a terminal.
fn a_line(text: &str) -> String {
    let mut lines = text.trim().lines();
    let first = harmless::visible(lines.next().unwrap_or_default());
    match lines.next() {
        Some(_) => format!("{first} …"),
        None => first,
    }
}
