//! Results that runs left, of this machine and of others: files that are named, and folders that are searched.
//!
//! Reads, and believes nothing: a file may have been sent by anyone, and be cut off.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::RunResult;
use crate::files;
use crate::problem::{Problem, Problems};
use crate::run::result::{EnvResult, VERSION};

/// A result is not larger.
const MOST_BYTES: u64 = 256_000_000;
/// The file of one environment.
const ONE: &str = "result.json";
/// `--result-json` writes this key first: so a search need not read every JSON file to its end.
const FIRST_KEY: &str = "\"runenv\"";
const HEAD: u64 = 64;

/// What the paths have, in their order and, in folders, that of names; and what cannot be read of it.
pub(crate) fn read(paths: &[PathBuf]) -> (Vec<EnvResult>, Problems) {
    let (mut found, mut problems) = (Vec::new(), Problems::default());
    for path in paths {
        if path.is_dir() {
            search(path, &mut found, &mut problems);
        } else {
            let read = of_file(path).and_then(|envs| envs.ok_or_else(|| not_ours(path)));
            found.extend(problems.keep(read).into_iter().flatten());
        }
    }
    (found, problems)
}

fn not_ours(path: &Path) -> Problem {
    Problem::new(
        format!("`{}` is no result of runenv", path.display()),
        "give a `result.json`, what `--result-json` wrote, or a folder with such files",
    )
}

/// All results below a folder. What lies beside or below an environment's result belongs to it, and is no result.
fn search(folder: &Path, found: &mut Vec<EnvResult>, problems: &mut Problems) {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let one = folder.join(ONE);
        if is_file(&one) {
            match problems.keep(of_file(&one)) {
                Some(None) => {}
                read => {
                    found.extend(read.flatten().into_iter().flatten());
                    continue;
                }
            }
        }
        let Some(mut inside) = problems.keep(entries(&folder)) else {
            continue;
        };
        inside.sort();
        for path in inside.iter().filter(|path| may_be_run(path)) {
            found.extend(problems.keep(of_file(path)).flatten().into_iter().flatten());
        }
        let folders = inside.into_iter().rev();
        open.extend(folders.filter(|path| is_folder(path)));
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let entries = fs::read_dir(folder).map_err(|e| {
        let trouble = files::trouble("read", folder, &e);
        Problem::new(trouble.title, trouble.help.join("; "))
    })?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// A folder to search; no link, which may lead around.
fn is_folder(path: &Path) -> bool {
    let folder = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
    folder && !path.ends_with(".git")
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
}

/// Does it begin as what `--result-json` writes?
fn may_be_run(path: &Path) -> bool {
    if path.extension().is_none_or(|end| end != "json") || path.ends_with(ONE) || !is_file(path) {
        return false;
    }
    let Ok(file) = fs::File::open(path) else {
        return false;
    };
    let mut head = Vec::new();
    let read = file.take(HEAD).read_to_end(&mut head);
    let head = String::from_utf8_lossy(&head);
    let first = head.trim_start().strip_prefix('{');
    read.is_ok() && first.is_some_and(|first| first.trim_start().starts_with(FIRST_KEY))
}

/// The environments of a file; `None`: it is something else's.
fn of_file(path: &Path) -> Result<Option<Vec<EnvResult>>, Problem> {
    let text = files::read_text(path, MOST_BYTES)?;
    let broken = |error: serde_json::Error, by: &str| {
        let title = format!("`{}` is no whole result: {error}", path.display());
        let newer = !by.is_empty() && by != VERSION;
        let help = if newer {
            format!("it is of runenv {by}, and this is {VERSION}: read it with that one")
        } else {
            "was the job killed that wrote or sent it? run or send it again".to_owned()
        };
        Problem::new(title, help)
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| broken(error, ""))?;
    let by = value["runenv"].as_str().unwrap_or_default().to_owned();
    let has = |keys: &[&str]| keys.iter().all(|key| value.get(key).is_some());
    let envs = if has(&["runenv", "envs"]) {
        let run: RunResult = serde_json::from_value(value).map_err(|error| broken(error, &by))?;
        run.envs
    } else if has(&["runenv", "name", "state", "stages"]) {
        let env = serde_json::from_value(value).map_err(|error| broken(error, &by))?;
        vec![with_logs(env, path)]
    } else {
        return Ok(None);
    };
    Ok(Some(envs))
}

/// The same with the logs that lie beside it, wherever they were when it was written.
fn with_logs(mut env: EnvResult, path: &Path) -> EnvResult {
    let folder = path.parent().unwrap_or(path).join("log");
    for stage in &mut env.stages {
        let name = Path::new(&stage.log).file_name();
        let here = name.map(|name| folder.join(name));
        if let Some(here) = here.filter(|here| is_file(here)) {
            stage.log = here.display().to_string();
        }
    }
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: &str = r#"{"name":"a","state":"passed","stages":[],"runenv":"0.1.0"}"#;

    fn names((envs, problems): (Vec<EnvResult>, Problems)) -> Vec<String> {
        let titles = problems.0.into_iter().map(|p| p.title);
        envs.into_iter().map(|env| env.name).chain(titles).collect()
    }

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = top.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            files::write_atomic(&path, text.as_bytes()).unwrap();
        }
        top
    }

    #[test]
    fn a_folder_is_searched_and_what_belongs_to_a_result_is_none() {
        let run = format!(
            r#"{{"runenv":"0.1.0","envs":[{}]}}"#,
            FINE.replace("\"a\"", "\"r\"")
        );
        let top = tree(&[
            ("job 2/.runenv/a/result.json", FINE),
            (
                "job 2/.runenv/a/artifacts/built/result.json",
                "{\"runenv\":",
            ),
            ("job 2/.runenv/a/keys.json", "{\"runenv\":"),
            ("job 1/run.json", &run),
            ("job 1/other.json", "{\"x\": [\"runenv\""),
            ("job 1/tool/result.json", "{\"tests\": []}"),
            (".git/x/result.json", "{"),
        ]);
        assert_eq!(names(read(&[top.path().to_owned()])), ["r", "a"]);
    }

    #[test]
    fn what_is_broken_is_told() {
        let ill = FINE.replace("passed", "exploded").replace("0.1.0", "9.0.0");
        let top = tree(&[
            ("a/result.json", "{\"name\": \"a\""),
            ("b/run.json", "{\"runenv\": \"0.1.0\", "),
            ("c/result.json", &ill),
            ("d/x.txt", ""),
            ("f/result.json", FINE),
        ]);
        let told = |path: &str| {
            let (envs, problems) = read(&[top.path().join(path)]);
            let envs = envs.iter().map(|env| format!("{}\n", env.name));
            let lines = problems.0.iter();
            let lines = lines.map(|p| format!("{}; {}\n", p.title, p.help[0]));
            let folder = top.path().display().to_string();
            envs.chain(lines).collect::<String>().replace(&folder, "")
        };
        let all = ["", "d", "d/x.txt", "e"].map(told).join("");
        snapbox::assert_data_eq!(
            all,
            snapbox::str![[r#"
a
`/a/result.json` is no whole result: EOF while parsing an object at line 1 column 12; was the job killed that wrote or sent it? run or send it again
`/b/run.json` is no whole result: EOF while parsing a value at line 1 column 20; was the job killed that wrote or sent it? run or send it again
`/c/result.json` is no whole result: unknown variant `exploded`, expected one of `passed`, `failed`, `timed-out`, `out-of-memory`, `interrupted`, `skipped`, `not-run`, `error`; it is of runenv 9.0.0, and this is 0.1.0: read it with that one
`/d/x.txt` is no whole result: EOF while parsing a value at line 1 column 0; was the job killed that wrote or sent it? run or send it again
cannot read `/e`: No such file or directory (os error 2); the path does not exist

"#]]
        );
    }
}
