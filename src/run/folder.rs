//! `.runenv/`: what a run leaves on disk, and where.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::refuted::Refuted;
use super::result::State;
use crate::files;
use crate::json;
use crate::mask::Mask;
use crate::plan::Stage;
use crate::problem::Problem;

/// The folder's name, beside envs.toml.
pub(crate) const NAME: &str = ".runenv";

/// The folder of an environment that artifacts are copied to.
pub(crate) const ARTIFACTS: &str = "artifacts";
/// The folder that says of which keys they are, in a file for each stage.
pub(super) const KEYS: &str = "artifacts-of";

/// A result is not larger.
const MOST_BYTES: u64 = 16_000_000;

/// The whole project's folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// One environment's, and what no file in it may hold.
#[derive(Clone, Debug)]
pub(crate) struct EnvFolder(PathBuf, Mask);

impl Folder {
    pub(crate) fn of(root: &Path) -> Self {
        Self(root.join(NAME))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn env(&self, name: &str) -> EnvFolder {
        EnvFolder(self.0.join(name), Mask::default())
    }

    /// The names of environments that have a folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        files::folders(&self.0)
    }

    /// Makes it, with a .gitignore of its own. A link in its place may have been put there by anyone: refused.
    pub(crate) fn make(&self) -> Result<(), Problem> {
        if is_ours(&self.0)? {
            return Ok(());
        }
        files::make_folder(&self.0)?;
        files::write_atomic(&self.0.join(".gitignore"), b"*\n")?;
        let tag = b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by runenv.\n";
        files::write_atomic(&self.0.join("CACHEDIR.TAG"), tag)
    }
}

/// Is there a folder? Anything else in its place, also a link to one, is refused.
fn is_ours(path: &Path) -> Result<bool, Problem> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(true),
        Ok(_) => {
            let title = format!("`{}` is not a folder", path.display());
            let help = "runenv keeps logs and results there: move it away";
            Err(Problem::engine(title, help))
        }
        Err(_) => Ok(false),
    }
}

/// Is this `.STAGE.PID.new` or `.old` of another run that is alive? We have written nothing yet: of our own number, which
/// in containers many runs have, it is a dead run's.
fn is_being_written(name: &str) -> bool {
    let pid = name.rsplit('.').nth(1).and_then(|pid| pid.parse().ok());
    let pid = pid.filter(|_| name.starts_with('.'));
    let pid = pid.and_then(rustix::process::Pid::from_raw);
    let pid = pid.filter(|pid| *pid != rustix::process::getpid());
    // One of another user is alive, too.
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(Errno::SRCH))
}

/// Removes a folder with all that is in it, or a file, or a link. What another run has removed is as good.
pub(crate) fn remove(path: &Path) -> Result<(), Problem> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        _ => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(files::trouble("remove", path, &error))
        }
        _ => Ok(()),
    }
}

/// What the last run knows of images: a hint that saves looking for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Note {
    pub(crate) engine: String,
    /// Stage -> id of its image.
    pub(crate) images: std::collections::BTreeMap<String, String>,
    /// Stage -> the key of which keys.json has the record.
    pub(crate) recorded: std::collections::BTreeMap<String, String>,
    /// What the last failure left.
    pub(crate) failed: Option<Failed>,
    pub(crate) refuted: Refuted,
}

/// What a stage left that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) stage: String,
    /// The image's id, and the name that it was given.
    pub(crate) image: String,
    pub(crate) tag: String,
}

impl EnvFolder {
    /// The same, where secrets are masked.
    pub(crate) fn masked(self, mask: &Mask) -> Self {
        Self(self.0, mask.clone())
    }

    pub(crate) fn make(&self) -> Result<(), Problem> {
        let log = self.0.join("log");
        if is_ours(&self.0)? && is_ours(&log)? {
            return Ok(());
        }
        files::make_folder(&log)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Takes logs and artifacts of earlier runs away, but for those of these stages, which may be found and not run again.
    pub(crate) fn forget(&self, but: &[Stage]) -> Result<(), Problem> {
        self.forget_logs(but)?;
        self.forget_artifacts(but)
    }

    fn forget_logs(&self, but: &[Stage]) -> Result<(), Problem> {
        let folder = self.0.join("log");
        let entries = fs::read_dir(&folder).map_err(|e| files::trouble("read", &folder, &e))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let kept = |(at, s): (usize, &Stage)| self.log(at + 1, &s.name).ends_with(&name);
            if !but.iter().enumerate().any(kept) {
                let path = entry.path();
                fs::remove_file(&path).map_err(|e| files::trouble("remove", &path, &e))?;
            }
        }
        Ok(())
    }

    /// Also what dead runs did not finish.
    fn forget_artifacts(&self, but: &[Stage]) -> Result<(), Problem> {
        let folder = self.0.join(ARTIFACTS);
        if !is_ours(&folder)? {
            return Ok(());
        }
        let entries = fs::read_dir(&folder).map_err(|e| files::trouble("read", &folder, &e))?;
        for entry in entries.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let kept = |stage: &Stage| !stage.artifacts.is_empty() && *stage.name == *name;
            if !but.iter().any(kept) && !is_being_written(&name.to_string_lossy()) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Takes the artifacts of one stage away.
    pub(crate) fn forget_artifacts_of(&self, stage: &str) -> Result<(), Problem> {
        if is_ours(&self.0.join(ARTIFACTS))? {
            remove(&self.artifacts(stage))?;
        }
        Ok(())
    }

    /// Are the artifacts of a stage those of this key? Seen from here on, others may take their place.
    pub(crate) fn has_artifacts(&self, stage: &str, key: &str) -> bool {
        let says = files::read_if_there(&self.0.join(KEYS).join(stage));
        says.as_deref() == Some(key) && files::is_there(&self.artifacts(stage))
    }

    /// What is in the place of a stage's artifacts is no key's from now on.
    pub(crate) fn unseal_artifacts(&self, stage: &str) -> Result<(), Problem> {
        remove(&self.0.join(KEYS).join(stage))
    }

    /// `artifacts/STAGE`.
    pub(crate) fn artifacts(&self, stage: &str) -> PathBuf {
        self.0.join(ARTIFACTS).join(stage)
    }

    /// `log/NN-stage.log`.
    pub(crate) fn log(&self, number: usize, stage: &str) -> PathBuf {
        self.0.join("log").join(format!("{number:02}-{stage}.log"))
    }

    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), Problem> {
        is_ours(&self.0)?;
        files::write_atomic(&self.0.join(name), self.json(value).as_bytes())
    }

    /// The same for what is seldom new.
    pub(crate) fn update_json(&self, name: &str, value: &impl Serialize) -> Result<(), Problem> {
        is_ours(&self.0)?;
        files::write_if_changed(&self.0.join(name), self.json(value).as_bytes())
    }

    fn json(&self, value: &impl Serialize) -> String {
        if self.1.is_empty() {
            return json::text(value);
        }
        let mut value = serde_json::to_value(value).expect("our own values are JSON");
        self.1.json(&mut value);
        json::text(&value)
    }

    /// Something of the last result. A broken one is none.
    fn last<T: DeserializeOwned>(&self) -> Option<T> {
        let text = files::read_text(&self.0.join("result.json"), MOST_BYTES).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// How it ended when it was last run, and the failed one for which it was skipped.
    pub(crate) fn last_end(&self) -> Option<(State, Option<String>)> {
        #[derive(Deserialize)]
        struct Ended {
            state: State,
            #[serde(default)]
            unmet: Option<String>,
        }
        let ended: Ended = self.last()?;
        Some((ended.state, ended.unmet))
    }

    /// How long it took when it was last run, if it passed and was not just found.
    pub(crate) fn last_time(&self) -> Option<Duration> {
        #[derive(Deserialize)]
        struct Stage {
            cached: bool,
        }
        #[derive(Deserialize)]
        struct Ended {
            state: State,
            seconds: f64,
            stages: Vec<Stage>,
        }
        let ended: Ended = self.last()?;
        let ran = ended.state == State::Passed && ended.stages.iter().any(|s| !s.cached);
        let time = Duration::try_from_secs_f64(ended.seconds).ok();
        time.filter(|_| ran)
    }

    /// What the last result says of a stage of this key: packages that could not be had, and the archive they came from.
    pub(crate) fn last_packages(&self, key: &str) -> (Vec<String>, Option<String>) {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Ended {
            key: String,
            missing_packages: Vec<String>,
            package_sources: Option<String>,
        }
        #[derive(Deserialize)]
        struct Result {
            stages: Vec<Ended>,
        }
        let result: Option<Result> = self.last();
        let mut stages = result.into_iter().flat_map(|result| result.stages);
        let same = stages.find(|stage| stage.key == key);
        same.map_or_else(Default::default, |stage| {
            (stage.missing_packages, stage.package_sources)
        })
    }

    /// A broken note is none.
    pub(crate) fn note(&self) -> Note {
        files::read_if_there(&self.0.join("images.json"))
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    pub(crate) fn write_note(&self, note: &Note) -> Result<(), Problem> {
        self.write_json("images.json", note)
    }
}
