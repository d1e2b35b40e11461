//! `runenv lock`: writes which bytes the base images are, so that every machine starts from the same.

use clap::Args;
use clap::builder::FalseyValueParser;

use super::{Context, Exit, INTERRUPTED, select};
use crate::config::Project;
use crate::config::lock::{Lock, Pin};
use crate::exec::Cancel;
use crate::files;
use crate::problem::Problems;
use crate::registry::Client;
use crate::run::pins::{self, Outcome, Wanted};

#[derive(Clone, Debug, Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    pub(crate) selection: select::Selection,
    /// Look for newer images in place of those that are locked
    #[arg(long, env = "RUNENV_UPGRADE", value_parser = FalseyValueParser::new())]
    upgrade: bool,
}

pub(crate) fn exec(args: LockArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let old = project.lock()?.cloned().unwrap_or_default();
    let wanted = wanted(&args, context, &project, &old)?;
    let cancel = Cancel::install();
    let client = Client::new(&context.host, &cancel);
    let (mut lock, outcomes) = pins::lock(&client, &wanted, &old, args.upgrade);
    if cancel.requested() {
        return Ok(INTERRUPTED);
    }
    let unused = if args.upgrade && args.selection.bare() {
        unused_of(&mut lock, &wanted)
    } else {
        Vec::new()
    };
    if lock.0 != old.0 {
        files::write_atomic(&project.lock_path(), lock.text().as_bytes())?;
    }
    let (mut text, mut problems) = (String::new(), Problems::default());
    for outcome in outcomes {
        match outcome {
            Outcome::Failed(problem) => problems.push(problem),
            Outcome::Same(pin) => text += &line("same", &pin, ""),
            Outcome::New(pin) => text += &line("locked", &pin, ""),
            Outcome::Moved { old, new } => {
                text += &line("moved", &new, &format!(", was {}", short(&old)));
            }
        }
    }
    let unused = unused.iter();
    text.extend(unused.map(|pin| line("removed", pin, ": no environment uses it")));
    context.out.result(&text);
    problems.or(0)
}

/// The images of all environments that are meant, each once, for this platform and for those that were locked before.
fn wanted(
    args: &LockArgs,
    context: &mut Context,
    project: &Project,
    old: &Lock,
) -> Result<Vec<Wanted>, Problems> {
    let (mut wanted, mut problems) = (Vec::<Wanted>::new(), Problems::default());
    for name in context.select(project, &args.selection)? {
        let plan = problems.keep(context.plan(project, &name, &[]));
        let here = plan.as_ref().and_then(Wanted::of);
        let all = here
            .iter()
            .flat_map(|w| [w.clone()].into_iter().chain(w.elsewhere(old)));
        for one in all {
            if !wanted.contains(&one) {
                wanted.push(one);
            }
        }
    }
    problems.or(wanted)
}

/// Takes out what no environment starts from.
fn unused_of(lock: &mut Lock, wanted: &[Wanted]) -> Vec<Pin> {
    let (used, unused) = std::mem::take(&mut lock.0)
        .into_iter()
        .partition(|pin| wanted.iter().any(|w| w.is_of(pin)));
    lock.0 = used;
    unused
}

fn line(word: &str, pin: &Pin, more: &str) -> String {
    format!(
        "{word:<7}  {} for {}  {}{more}\n",
        pin.image,
        pin.platform,
        short(pin)
    )
}

/// The digest, as long as engines show it.
fn short(pin: &Pin) -> &str {
    pin.digest
        .get(.."sha256:".len() + 12)
        .unwrap_or(&pin.digest)
}
