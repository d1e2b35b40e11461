//! Fifty secrets, printed in eight ways by commands on both engines and on this host: no byte of them is left anywhere.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::registry::own::{Own, Rules};
use crate::registry::trouble::trust;
use crate::support::{Project, each, lines, quoted};

const COUNT: usize = 50;

/// The eight ways: as it is, in quotes, by lines, as base64, behind a name in base64, by `set -x`, as JSON, in two
/// writes.
const WAYS: &str = r#"#!/bin/sh
printf '%s\n' "$1"
printf "'%s' \"%s\"\n" "$1" "$1"
printf '%s\n' "$1" | sed 's/^/> /'
printf '%s' "$1" | base64
printf 'u:%s:x' "$1" | base64; printf 'us:%s' "$1" | base64
( set -x; : "$1" )
printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g' | awk '{ printf "%s%s", between, $0; between = "\\n" } END { print "" }'
rest=${1#???}; printf '%s' "${1%"$rest"}"; sleep 0.01; printf '%s\n' "$rest"
"#;

/// Random enough: a generator with the clock as its seed, which a failure tells.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let all: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| all[self.next(all.len())]).collect()
    }
}

/// Lines, quotes, base64, expressions, and some that are too short to be masked.
fn secrets(random: &mut Random) -> Vec<String> {
    let plain = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let one = |at: usize| {
        let length = 9 + random.next(30);
        match at % 5 {
            0 => {
                let lines = [0, 1, 2].map(|_| random.text(plain, 8 + length));
                lines.join("\n")
            }
            1 => format!(
                "{}'{}\"{}",
                random.text("'\"$`\\ é", 3),
                random.text(plain, length),
                random.text("'\" \\", 2)
            ),
            2 => random.text(&format!("{plain}+/"), length) + "==",
            3 => format!(
                "{}{}",
                random.text(".*+?[](){}|^$\\", 6),
                random.text(plain, length)
            ),
            _ => random.text("@#~", 1 + length % 3),
        }
    };
    (0..COUNT).map(one).collect()
}

/// What may be found nowhere: the values, their lines, and the inside of their base64.
fn forbidden(secrets: &[String]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        all.push(secret.clone().into_bytes());
        all.extend(secret.lines().map(|line| line.as_bytes().to_vec()));
        all.push(
            secret
                .replace('\\', r"\\")
                .replace('"', r#"\""#)
                .replace('\n', r"\n")
                .into_bytes(),
        );
        let base64 = |before: &str| {
            let script = format!("printf '%s%s' {before} \"$1\" | base64 -w 0");
            let said = std::process::Command::new("sh")
                .args(["-c", &script, "sh", secret])
                .output();
            let text = said.unwrap().stdout;
            // The ends are other ones where something stands beside it.
            text[8.min(text.len() / 2)..text.len() - 4].to_vec()
        };
        all.extend(["''", "u:", "us:"].map(base64));
    }
    all.retain(|word| word.len() >= 4);
    all
}

fn nowhere(what: &str, bytes: &[u8], words: &[Vec<u8>], seed: u64) {
    let text = String::from_utf8_lossy(bytes);
    for word in words {
        let word = String::from_utf8_lossy(word);
        assert!(
            !text.contains(&*word),
            "seed {seed}: `{word}` in {what}: {}",
            near(&text, &word)
        );
    }
}

fn near(text: &str, word: &str) -> String {
    let at = text.find(word).unwrap_or_default();
    let from = text[..at]
        .char_indices()
        .rev()
        .nth(60)
        .map_or(0, |(at, _)| at);
    text[from..].chars().take(200).collect()
}

fn nowhere_below(folder: &Path, words: &[Vec<u8>], seed: u64) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            nowhere_below(&path, words, seed);
        } else {
            nowhere(
                &path.display().to_string(),
                &fs::read(&path).unwrap(),
                words,
                seed,
            );
        }
    }
}

/// Looks at all that a registry holds, layers unpacked; how many files that are.
fn stored(folder: &Path, words: &[Vec<u8>], seed: u64) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            count += stored(&path, words, seed);
            continue;
        }
        let unpacked = Command::new("gzip")
            .arg("-dcf")
            .arg(&path)
            .output()
            .unwrap();
        assert!(unpacked.status.success(), "{}", path.display());
        nowhere(&path.display().to_string(), &unpacked.stdout, words, seed);
        count += usize::from(path.ends_with("data"));
    }
    count
}

/// The engine's client, and before it a line for each call with all its words.
fn recorded(project: &mut Project) -> std::path::PathBuf {
    let (folder, real) = (project.home().join("bin"), project.real_engine());
    fs::create_dir_all(&folder).unwrap();
    let log = project.home().join("calls");
    let client = folder.join(&project.engine);
    let text = format!(
        "#!/bin/sh\nprintf '%s ' \"$@\" >>{0}; echo >>{0}\nexec {real} \"$@\"\n",
        log.display()
    );
    fs::write(&client, text).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    project.path_first(&folder);
    log
}

/// One stage prints all; one fails, and prints some, as does what is run on its failure.
fn toml() -> String {
    let names: Vec<String> = (1..COUNT).map(|at| format!("\"S{at}\"")).collect();
    let file = "{ file = \"../first\", as = \"S0\" }";
    let secrets = format!("secrets = [{}, {file}]", names.join(", "));
    let print = |count: usize| {
        let lines = (0..count).fold(String::new(), |mut text, at| {
            let _ = writeln!(text, "sh ./ways \"$S{at}\"");
            text
        });
        quoted(lines)
    };
    let (all, some) = (print(COUNT), print(5));
    format!(
        "[stage.one]\ncopy = [\"ways\"]\n{secrets}\nrun = [{all}]\n\
         [stage.two]\n{secrets}\nrun = [{some}, \"echo {{env:S1}} >/dev/null; exit 3\"]\non-failure = [{some}]\nfinally = [{some}]\n"
    )
}

/// Runs an environment, and looks at all that is printed of it.
fn printed(project: &Project, env: &str, words: &[Vec<u8>], seed: u64) {
    let said = project
        .runenv(&["run", "-v", "--push", env])
        .code(1)
        .says("shorter than four bytes");
    assert!(said.err.contains("***"), "{}", said.err);
    nowhere("the terminal", said.err.as_bytes(), words, seed);
    let result = project.result_of(env);
    assert_eq!(result["stages"][1]["command"]["exit-code"], 3, "{result:#}");
    for verb in [["show", "--json"], ["run", "-n"]] {
        let said = project.runenv(&[&verb[..], &[env]].concat()).code(0);
        nowhere(verb[1], said.out.as_bytes(), words, seed);
    }
}

#[test]
fn no_byte_of_a_secret_is_left() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = u64::try_from(seed.as_nanos() % 1_000_000_007).unwrap();
    let secrets = secrets(&mut Random(seed));
    let words = forbidden(&secrets);
    let local = Cell::new(vec!["local-host".to_owned()]);
    each(|engine| {
        let registry = Own::new(Rules::default());
        let host = &registry.host;
        let toml = toml() + &format!("[registry]\nrepository = \"{host}/secrets\"\n");
        let mut project = Project::new(engine, &toml);
        trust(&mut project, host);
        project.file("ways", WAYS);
        project.file("../first", &secrets[0]);
        for (at, secret) in secrets.iter().enumerate() {
            project.variable(&format!("S{at}"), secret);
        }
        let calls = recorded(&mut project);
        for env in [vec![project.env()], local.take()].concat() {
            printed(&project, &env, &words, seed);
        }
        nowhere_below(&project.root().join(".runenv"), &words, seed);
        nowhere("arguments", &fs::read(calls).unwrap(), &words, seed);
        let sent = stored(&registry.storage(), &words, seed);
        assert!(sent > 2, "a manifest, a configuration, layers");
        let images = project.images();
        assert_eq!(images.len(), 2, "a stage and what failed");
        for image in images {
            nowhere(
                "inspect",
                project.engine(&["image", "inspect", &image]).as_bytes(),
                &words,
                seed,
            );
            nowhere(
                "history",
                project
                    .engine(&["history", "--no-trunc", &image])
                    .as_bytes(),
                &words,
                seed,
            );
            let file = project.home().join("saved");
            project.engine(&["save", "-o", file.to_str().unwrap(), &image]);
            nowhere("an image", &fs::read(&file).unwrap(), &words, seed);
            fs::remove_file(file).unwrap();
        }
    });
}

/// A shell has none, unless it is asked for.
#[test]
fn a_shell_has_secrets_only_where_they_are_asked_for() {
    each(|engine| {
        let toml = "[stage.one]\nsecrets = [\"TOKEN\"]\nrun = [\"echo $TOKEN; false\"]\n";
        let mut project = Project::new(engine, toml);
        project.variable("TOKEN", "a 'secret'");
        project.run(&[]).code(1);
        let env = project.env();
        let shell = |more: &[&str]| {
            let mut command = project.command(&[&["shell", &env, "--failed"], more].concat());
            let mut child = command
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let mut input = child.stdin.take().unwrap();
            std::io::Write::write_all(&mut input, b"echo \"<$TOKEN>\"; ls -A /dev/shm\n").unwrap();
            drop(input);
            lines(&String::from_utf8_lossy(
                &child.wait_with_output().unwrap().stdout,
            ))
        };
        assert_eq!(shell(&[]), ["<>"]);
        assert_eq!(shell(&["--with-secrets"]), ["<a 'secret'>"]);
    });
}
