//! What stages are given from outside, on an engine that is played and on this host: secrets, mounts, options, a user.

use crate::support::{Fake, Project};

const FILE: &str = r#"
[project]
name = "p"
[stage.one]
secrets = ["TOKEN", { file = "~/.netrc", as = "NETRC" }]
run = ["echo {env:TOKEN}"]
on-failure = ["echo $TOKEN"]
[stage.two]
copy = ["src"]
mounts = [{ cache = "ccache", at = "/root/.ccache" }, { host = "src", at = "/data", read-only = true }]
create-args = ["--cap-add=SYS_PTRACE", "--dns=1.1.1.1"]
run = ["make"]
"#;
const TOKEN: &str = "it's \"secret\"";
const RUN: &str = "run docker-debian-bookworm";

fn project(fake: &Fake) -> Project {
    let project = Project::new().envs_toml(FILE).engine(fake);
    let project = project.file("src/a", "a").var("TOKEN", TOKEN);
    project.file("../home/.netrc", "first line\nsecond line\n")
}

/// No file below the folder has one of the words.
fn nowhere(folder: &std::path::Path, words: &[&str]) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            nowhere(&path, words);
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            let found = words.iter().find(|word| text.contains(**word));
            assert_eq!(found, None, "{}: {text}", path.display());
        }
    }
}

#[test]
fn a_secret_is_in_the_script_and_nowhere_else() {
    let fake = Fake::new();
    fake.play(
        "run.output",
        "got it's \"secret\" here, first line\nand second line\n",
    );
    fake.play("run.fails", "1 7\n");
    let project = project(&fake);
    let ran = project.runenv(RUN).exits(1);
    let script = &fake.scripts()[0];
    let lines = [
        "export TOKEN='it'\\''s \"secret\"'\n",
        "export NETRC='first line\nsecond line'\n",
    ];
    for line in lines {
        assert!(script.contains(line), "{script}");
    }
    let words = ["secret\"", "first line", "second line"];
    let said = ran.whole();
    assert!(said.contains("got *** here, ***\nand ***\n"), "{said}");
    assert!(
        said.contains("echo '***'") || said.contains("echo ***"),
        "{said}"
    );
    for word in words {
        assert!(!said.contains(word), "{said}");
        assert!(!fake.calls().join("\n").contains(word));
    }
    nowhere(&project.path(".runenv"), &words);
    for words_of in [
        "run -n docker-debian-bookworm",
        "show docker-debian-bookworm",
        "show --json docker-debian-bookworm",
    ] {
        let said = project.runenv(words_of).exits(0).whole();
        assert!(said.contains("***") && !said.contains("secret\""), "{said}");
    }
}

#[test]
fn names_of_secrets_are_in_the_key_and_values_are_not() {
    let keys = |file: &str, token: &str| {
        let fake = Fake::new();
        let project = project(&fake)
            .envs_toml(file)
            .var("TOKEN", token)
            .var("OTHER", token);
        project.runenv(RUN).exits(0);
        let result = project.json(".runenv/docker-debian-bookworm/result.json");
        let stages = result["stages"].as_array().unwrap().iter();
        stages
            .map(|stage| stage["key"].to_string())
            .collect::<Vec<_>>()
    };
    let file = FILE.replace("{env:TOKEN}", "x");
    let first = keys(&file, TOKEN);
    assert_eq!(keys(&file, "another one"), first);
    assert_ne!(keys(&file.replace("\"TOKEN\"", "\"OTHER\""), TOKEN), first);
    let more = file.replace("/root/.ccache", "/root/.cache");
    assert_ne!(keys(&more, TOKEN)[1], first[1]);
    let same = file.replace("cache = \"ccache\"", "cache = \"another\"");
    assert_eq!(keys(&same, TOKEN), first);
}

#[test]
fn mounts_and_options_reach_the_engine() {
    let fake = Fake::new();
    let project = project(&fake);
    project.runenv(RUN).exits(0);
    assert_eq!(fake.calls_of("docker volume create").len(), 1);
    let volume = fake.calls_of("docker volume create")[0]
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    let create = &fake.calls_of("docker create")[0];
    let data = project.root().canonicalize().unwrap().join("src");
    let (data, root) = (
        data.display().to_string(),
        project.path("src").display().to_string(),
    );
    let words = format!(
        "docker create --cap-add=SYS_PTRACE --dns=1.1.1.1 --mount=type=volume,source={volume},target=/root/.ccache --mount=type=bind,source="
    );
    assert!(create.starts_with(&words), "{create}");
    assert!(create.contains(&data) || create.contains(&root), "{create}");
    assert!(
        create.contains(",target=/data,readonly -i --init"),
        "{create}"
    );
    assert!(
        !create.contains("--network"),
        "a network of its own: {create}"
    );
    project.runenv("clean --engine docker").exits(0);
    assert_eq!(
        fake.calls_of("docker volume rm"),
        [format!("docker volume rm {volume}")]
    );
}

#[test]
fn a_short_secret_is_told_once_and_a_missing_one_before_anything_runs() {
    let fake = Fake::new();
    let project = project(&fake).var("TOKEN", "abc");
    let said = project
        .runenv("run docker-debian-bookworm local-host")
        .whole();
    let told = "warning: shorter than four bytes and not masked: `TOKEN`";
    assert_eq!(said.matches(told).count(), 1, "{said}");
    let told = "warning: `mounts` means nothing on this host";
    assert_eq!(said.matches(told).count(), 1, "{said}");
    fake.forget_calls();
    std::fs::remove_file(project.path("../home/.netrc")).unwrap();
    let said = project.runenv(RUN).exits(2).stderr;
    assert!(said.contains("the secret `NETRC` cannot be read"), "{said}");
    assert_eq!(fake.calls(), Vec::<String>::new());
}

#[test]
fn what_is_copied_into_a_mount_is_refused() {
    let fake = Fake::new();
    let project = project(&fake).envs_toml(&FILE.replace("/root/.ccache", "/p/src"));
    let said = project.runenv(RUN).exits(2).stderr;
    assert!(
        said.contains("`src` is copied to where `/p/src` is mounted"),
        "{said}"
    );
}

#[test]
fn a_local_command_has_its_secrets_and_prints_none() {
    let file = r#"
[stage.one]
secrets = ["TOKEN", { file = "token", as = "FILE" }]
run = ["printf 'a-sec'; sleep 0.05; printf 'ret %s\n' \"$FILE\"", "set -x; : \"$TOKEN\"; false"]
on-failure = ["echo \"$FILE\""]
finally = ["echo finally $TOKEN"]
[stage.two]
run = ["true"]
"#;
    let project = Project::new()
        .envs_toml(file)
        .file("token", "two\nlines of it\n");
    let project = project.var("TOKEN", "a-secret");
    let said = project.runenv("run local-host").exits(1).whole();
    assert!(
        said.contains("*** ***\n") && said.contains("+ : ***\n") && said.contains("finally ***\n"),
        "{said}"
    );
    assert!(
        !said.contains("a-secret") && !said.contains("lines of"),
        "{said}"
    );
    nowhere(&project.path(".runenv"), &["a-secret", "lines of it"]);
    let result = project.json(".runenv/local-host/result.json");
    assert_eq!(
        result["stages"][0]["on-failure-output"],
        serde_json::json!(["***"])
    );
}
