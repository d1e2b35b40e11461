//! What `runenv doctor` finds out: does an engine answer, has it room, can an image be had, can this machine run a platform,
//! does a registry answer. Asks, and changes nothing.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::binfmt::{self, EMULATORS, Runs};
use super::containers::call::Calls;
use super::containers::mounts;
use crate::engine::Engine;
use crate::engine::about::{self, About};
use crate::exec::Cancel;
use crate::files;
use crate::host::Host;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::registry::{Client, Reference};

/// Less room than this is soon used up by a build: 5 GB.
const LITTLE: u64 = 5_000_000_000;
/// How long a registry may take to say whether it has an image.
const REGISTRY: Duration = Duration::from_secs(30);
/// How many images are asked for side by side.
const THREADS: usize = 4;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Ok,
    /// It works, and may soon not.
    Warning,
    /// Nothing can be run so.
    Trouble,
}

impl Word {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Trouble => "trouble",
        }
    }
}

/// One thing that was found out, and what to do where it is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) word: Word,
    pub(crate) said: String,
}

impl Finding {
    fn ok(said: impl Into<String>) -> Self {
        Self::new(Word::Ok, said)
    }

    fn warning(said: impl Into<String>) -> Self {
        Self::new(Word::Warning, said)
    }

    fn trouble(said: impl Into<String>) -> Self {
        Self::new(Word::Trouble, said)
    }

    fn new(word: Word, said: impl Into<String>) -> Self {
        let said = said.into();
        Self { word, said }
    }
}

/// How an engine is.
pub(crate) fn engine(calls: &Calls<'_>, host: &Host) -> Vec<Finding> {
    let about = match ask(calls) {
        Ok(about) => about,
        Err(problem) => return vec![Finding::trouble(with_help(&problem))],
    };
    let rights = if about.rootless {
        "rootless"
    } else {
        "as root"
    };
    let mut found = vec![Finding::ok(format!("answers: {}, {rights}", about.version))];
    found.push(room(&about.root));
    if let Some(init) = calls.engine.init().filter(|init| !is_found(init, host)) {
        let text =
            format!("no `{init}`, which it starts containers by: install the package `{init}`");
        found.push(Finding::trouble(text));
    }
    found
}

fn ask(calls: &Calls<'_>) -> Result<About, Problem> {
    let output = calls.query(&calls.engine.info())?;
    calls.expect(&output, "say how it is")?;
    About::read(&output.stdout).ok_or_else(|| {
        let name = calls.engine.name();
        let title = format!("`{name} info` does not say what an engine says");
        Problem::engine(title, "is it docker or podman? try the command by hand")
    })
}

fn with_help(problem: &Problem) -> String {
    format!("{}; {}", problem.title, problem.help.join("; "))
}

/// The disk under an engine's images.
fn room(root: &Path) -> Finding {
    let shown = root.display();
    match files::free(root) {
        None => Finding::ok(format!(
            "free disk is not known: `{shown}` is not to be seen from here"
        )),
        Some(free) => {
            #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
            let free_gb = free as f64 / 1e9;
            let text = format!("{free_gb:.1} GB free under `{shown}`");
            if free < LITTLE {
                let help = "`runenv clean` removes what runs of a project left";
                Finding::warning(format!("{text}: {help}"))
            } else {
                Finding::ok(text)
            }
        }
    }
}

/// Does the engine find a program of its own?
fn is_found(program: &str, host: &Host) -> bool {
    let path = host.variable("PATH").unwrap_or_default();
    let folders = about::HELPERS.into_iter().chain(path.split(':'));
    let mut places = folders.map(|folder| Path::new(folder).join(program));
    places.any(|place| files::is_there(&place))
}

/// Whether this machine can run a platform that an environment asks for.
pub(crate) fn platform(platform: &str, env: &str) -> Finding {
    let what = format!("platform {platform} (for {env})");
    let ok = |said: &str| Finding::ok(format!("{what}: {said}"));
    match binfmt::here(platform) {
        Runs::Itself => ok("this machine runs it"),
        Runs::Emulated => ok("an emulator is registered"),
        Runs::Unseen => Finding::warning(format!(
            "{what}: the kernel's list of emulators is not to be seen from here; if there is none: {EMULATORS}"
        )),
        not @ (Runs::OnlyHere | Runs::No) => {
            let why = not.why_not().unwrap_or_default();
            Finding::trouble(format!("{what}: {why}: {EMULATORS}"))
        }
        Runs::Unknown => Finding::warning(format!("{what}: no such architecture is known")),
    }
}

/// What an environment mounts of this host: is it there, and does it give away more than it should?
pub(crate) fn mounts(plan: &Plan, root: &Path, host: &Host) -> Vec<Finding> {
    let (word, problems) = match mounts::check(&plan.stages, root, host) {
        Ok(warnings) => (Word::Warning, warnings),
        Err(problems) => (Word::Trouble, problems),
    };
    let told = problems.0.iter();
    told.map(|problem| Finding::new(word, with_help(problem)))
        .collect()
}

/// Does the registry of each of these repositories answer, and is there a login for it?
pub(crate) fn registries(repositories: &[String], host: &Host, cancel: &Cancel) -> Vec<Finding> {
    let client = Client::new(host, cancel);
    let (mut asked, mut found) = (Vec::<Reference>::new(), Vec::new());
    for repository in repositories {
        match Reference::parse(&format!("{repository}/doctor")) {
            Ok(reference) if asked.contains(&reference) => {}
            Ok(reference) => asked.push(reference),
            Err(problem) => found.push(Finding::trouble(problem.title)),
        }
    }
    let answers = client.digests(asked.clone());
    for (of, answer) in asked.iter().zip(answers) {
        let login = client.has_login(of);
        let with = if login { "with" } else { "without" };
        found.push(match answer {
            Ok(_) if login || of.is_loopback() => {
                Finding::ok(format!("registry {} answers, {with} a login", of.host))
            }
            Ok(_) => {
                let help = format!("to push, `docker login {0}` or `podman login {0}`", of.host);
                let text = format!(
                    "registry {} answers, and there is no login for it: {help}",
                    of.host
                );
                Finding::warning(text)
            }
            Err(trouble) => {
                let text = format!("registry {}, {with} a login: {}", of.host, trouble.said);
                Finding::trouble(format!("{text}; {}", trouble.advice()))
            }
        });
    }
    found
}

/// A base image that somebody needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) engine: Engine,
    pub(crate) image: String,
    pub(crate) platform: Option<String>,
}

/// Whether an image can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Had {
    /// The engine has it.
    Here,
    /// A registry has it.
    Registry,
    /// Nobody has it, or nobody says so, for this reason.
    Nowhere(String),
}

/// Asks for images, some side by side; the answers in the order of the questions. After a signal the rest is not asked.
pub(crate) fn images(wanted: &[Wanted], cancel: &Cancel) -> Vec<Had> {
    let not_asked = || Had::Nowhere("it was not asked".to_owned());
    let all = Mutex::new(vec![not_asked(); wanted.len()]);
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((at, one)) = take(wanted, &next).filter(|_| !cancel.requested()) {
            let had = image(one, cancel).unwrap_or_else(|problem| Had::Nowhere(problem.title));
            all.lock().expect("nobody panics with it")[at] = had;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(wanted.len()) {
            scope.spawn(work);
        }
    });
    all.into_inner().expect("nobody panics with it")
}

/// The next that nobody has taken.
fn take<'w, T>(all: &'w [T], next: &AtomicUsize) -> Option<(usize, &'w T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    all.get(at).map(|one| (at, one))
}

/// An engine that does not answer is a problem; that nobody has the image is none.
fn image(wanted: &Wanted, cancel: &Cancel) -> Result<Had, Problem> {
    let Wanted {
        engine,
        image,
        platform,
    } = wanted;
    let calls = Calls::new(*engine, cancel);
    let here = calls.image(image)?;
    if here.is_some_and(|image| image.is_for(platform.as_deref())) {
        return Ok(Had::Here);
    }
    let output = calls.within(&engine.manifest(image), REGISTRY)?;
    if !output.exit.success() {
        let mut there = about::says_there(&output.stderr);
        let build = engine.base_of_a_build(image, platform.as_deref());
        if let Some(build) = build.filter(|_| !there) {
            there = about::says_there(&calls.within(&build, REGISTRY)?.stderr);
        }
        return Ok(if there {
            Had::Registry
        } else {
            Had::Nowhere(output.error_line())
        });
    }
    let offered = about::platforms(&output.stdout);
    Ok(match (platform, offered) {
        (Some(asked), Some(offered)) if !about::offers(&offered, asked) => {
            Had::Nowhere(format!("the registry has it for {}", offered.join(", ")))
        }
        _ => Had::Registry,
    })
}
