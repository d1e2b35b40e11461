//! The package stage's commands: archive, before, update, filter, install, after, clean.
//!
//! Names are arguments, each one quoted word behind `set --`; nothing of a name is ever shell text.

use crate::catalog::managers::Manager;
use crate::quote;

/// What the line that names a package which could not be had begins with; `run/` reads it from the output.
pub(crate) const MISSING: &str = "runenv: package not available: ";
/// What the line that names the archive in use begins with.
pub(crate) const SOURCES: &str = "runenv: package sources: ";

/// What a package stage is to do.
pub(crate) struct Job<'a> {
    pub(crate) manager: &'a Manager,
    pub(crate) names: &'a [String],
    /// Options of the install.
    pub(crate) options: &'a [String],
    /// Shell lines before the update, and after the install.
    pub(crate) before: &'a [String],
    pub(crate) after: &'a [String],
    /// What does not exist is left out and told.
    pub(crate) ignore_missing: bool,
    /// Into an image: all of it may be upgraded, and what it does not need is cleaned away. On a host its owner decides.
    pub(crate) image: bool,
    /// The last day of maintenance, `YYYY-MM-DD`, and the tree where the packages are from then on.
    pub(crate) archive: Option<(&'a str, &'a str)>,
}

/// A shell line, run as one command.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// As it is told.
    pub(crate) text: String,
    pub(crate) evaluated: String,
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        let evaluated = text.clone();
        Self { text, evaluated }
    }
}

/// The shell lines of a package stage, in order.
pub(crate) fn lines(job: &Job<'_>) -> Vec<Line> {
    let archived = archived(job);
    let mut lines = Vec::new();
    if !job.before.is_empty() {
        // They may install something; and add sources that have moved with the rest, so it is done again behind them.
        lines.extend(archived.clone());
        lines.extend(job.before.iter().cloned().map(Line::from));
    }
    if !job.names.is_empty() {
        let update = archived.or_else(|| job.manager.update().map(Line::from));
        lines.extend(update.filter(|_| job.image || !job.manager.upgrades));
        let list = quote::words(job.names);
        let text = if job.ignore_missing {
            filtered(job.manager)
        } else {
            job.manager.install()
        };
        let text = with_options(&text, job.options);
        lines.push(format!("set -- {list}\n{text}").into());
    }
    lines.extend(job.after.iter().cloned().map(Line::from));
    if job.image && !job.names.is_empty() {
        lines.push(job.manager.clean().into());
    }
    lines
}

/// The update of a system that is past its end when the line is run: from the archive, else from where it was before. It
/// is the container's clock that is asked: a plan is the same on every day.
fn archived(job: &Job<'_>) -> Option<Line> {
    let ((end, tree), functions) = (job.archive?, job.manager.archive?);
    let (day, tree) = (end.replace('-', ""), quote::word(tree));
    let functions = functions.lines().filter(|line| !line.starts_with('#'));
    let functions = functions.collect::<Vec<_>>().join("\n");
    let functions = functions.trim();
    let told = job.manager.update()?;
    let update = function("update", &told);
    let evaluated = format!(
        r#"archive={tree}
{functions}

{update}

if [ "$(date -u +%Y%m%d)" -gt {day} ] && rewrite && used; then
  if update; then
    printf '%s\n' "{SOURCES}$archive"
  else
    restore && update
  fi
else
  update
fi"#
    );
    let text = format!("{told} # after {end} from {tree}");
    Some(Line { text, evaluated })
}

fn function(name: &str, body: &str) -> String {
    let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
    format!("{name}() {{\n{body}}}")
}

/// A command of the manager's, with options where it takes them.
fn with_options(body: &str, options: &[String]) -> String {
    let words = options.iter().map(|option| quote::word(option) + " ");
    body.replace("$options ", &words.collect::<String>())
}

/// One query for all names, one install of those that exist, then one by one if that fails. Where not one of them can be
/// installed, it is no package that is missing: the stage fails. A query that calls every name missing is believed: that
/// the sources answer, the update has seen.
fn filtered(manager: &Manager) -> String {
    let (missing, install) = (
        function("missing", &manager.missing()),
        function("install", &manager.install()),
    );
    format!(
        r#"{missing}
{install}
missing=$(missing "$@") || :
for name do
  shift
  case "${{missing:+
$missing
}}" in
    *"
$name
"* | *"
${{name%%\[*}}
"* | *"
${{name%%[=<>~[]*}}
"*) printf '%s\n' "{MISSING}$name" ;;
    *) set -- "$@" "$name" ;;
  esac
done
if [ $# -gt 0 ] && ! install "$@"; then
  failed=1
  for name do
    if install "$name"; then failed=0; else printf '%s\n' "{MISSING}$name"; fi
  done
  [ "$failed" -eq 0 ]
fi"#
    )
}

/// The command that installs on this host, for a person to type.
pub(crate) fn install_line(manager: &Manager, names: &[String]) -> String {
    let install = with_options(&manager.install(), &[]);
    let line = install.lines().rfind(|line| line.contains("\"$@\""));
    let line = line.and_then(|line| line.split(" || ").next());
    let line = line.unwrap_or_default().trim_start_matches(['{', ' ']);
    line.replace("\"$@\"", &quote::words(names))
}

#[cfg(test)]
mod tests;
