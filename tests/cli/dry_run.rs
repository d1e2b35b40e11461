//! `runenv run -n`: the plan as lines to paste; starts nothing.

use snapbox::str;

use crate::errors::PROJECT;
use crate::support::{Fake, Project, same};

#[test]
fn a_container_is_made_started_kept_and_removed() {
    let fake = Fake::new();
    let project = Project::new()
        .envs_toml(PROJECT)
        .file("src/a.c", "")
        .engine(&fake);
    let ran = project
        .runenv("run -n docker-debian-bookworm --to built")
        .exits(0);
    same(
        ran.stdout,
        str![[r##"
# docker-debian-bookworm-standard: with-packages (1/3)
docker run -i --init --name runenv-debian-bookworm-standard-with-packages --user 0:0 --workdir / --entrypoint sh --no-healthcheck --log-driver none --pull=never --memory=2g --cpus=2 debian:bookworm -e -s <<'RUNENV'
runenv_mark=MARK
trap 'while kill -0 -1; do sleep 0.1 || sleep 1; done 2>/dev/null; exit 143' TERM
runenv_on_failure() {
:
}
{
exec 2>&1
set +e
umask 022
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
mkdir -p /.runenv /sample && : >/.runenv/with-packages && cd /sample || exit 125
export DEBIAN_FRONTEND=noninteractive
export LC_ALL=C
printf '\036%s begin 1\n' "$runenv_mark"
( unset runenv_mark; set -e; eval 'apt-get -q -o APT::Update::Error-Mode=any update &&
  apt-cache policy | grep -q '\''^ *-\{0,1\}[0-9]* [a-z+-]*:'\''' )
runenv_code=$?
printf '\036%s end 1 %s\n' "$runenv_mark" "$runenv_code"
[ "$runenv_code" -eq 0 ] || { runenv_on_failure; exit "$runenv_code"; }
printf '\036%s begin 2\n' "$runenv_mark"
( unset runenv_mark; set -e; eval 'set -- make zlib1g-dev
apt-get -q -y --no-install-recommends -o APT::Cmd::Pattern-Only=true -o Dpkg::Use-Pty=0 install -- "$@"' )
runenv_code=$?
printf '\036%s end 2 %s\n' "$runenv_mark" "$runenv_code"
[ "$runenv_code" -eq 0 ] || { runenv_on_failure; exit "$runenv_code"; }
printf '\036%s begin 3\n' "$runenv_mark"
( unset runenv_mark; set -e; eval 'apt-get clean && rm -rf /var/lib/apt/lists/*' )
runenv_code=$?
printf '\036%s end 3 %s\n' "$runenv_mark" "$runenv_code"
[ "$runenv_code" -eq 0 ] || { runenv_on_failure; exit "$runenv_code"; }
printf '\036%s done\n' "$runenv_mark"
exit 0
} </dev/null
RUNENV
docker commit --pause=false runenv-debian-bookworm-standard-with-packages sample-debian-bookworm-standard-with-packages:plan </dev/null
docker rm -f -v runenv-debian-bookworm-standard-with-packages </dev/null
# docker-debian-bookworm-standard: built (2/3)
docker create -i --init --name runenv-debian-bookworm-standard-built --user 0:0 --workdir / --entrypoint sh --no-healthcheck --log-driver none --pull=never --memory=2g --cpus=2 sample-debian-bookworm-standard-with-packages:plan -e -s </dev/null
runenv context docker-debian-bookworm-standard built | docker cp - runenv-debian-bookworm-standard-built:/
docker start -a -i runenv-debian-bookworm-standard-built <<'RUNENV'
runenv_mark=MARK
trap 'while kill -0 -1; do sleep 0.1 || sleep 1; done 2>/dev/null; exit 143' TERM
runenv_on_failure() {
:
}
{
exec 2>&1
set +e
umask 022
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
mkdir -p /.runenv /sample && : >/.runenv/built && cd /sample || exit 125
printf '\036%s begin 1\n' "$runenv_mark"
( unset runenv_mark; set -e; eval 'make -j2 build' )
runenv_code=$?
printf '\036%s end 1 %s\n' "$runenv_mark" "$runenv_code"
[ "$runenv_code" -eq 0 ] || { runenv_on_failure; exit "$runenv_code"; }
printf '\036%s done\n' "$runenv_mark"
exit 0
} </dev/null
RUNENV
docker commit --pause=false runenv-debian-bookworm-standard-built sample-debian-bookworm-standard-built:plan </dev/null
docker rm -f -v runenv-debian-bookworm-standard-built </dev/null

"##]],
    );
    assert_eq!(fake.calls(), Vec::<String>::new());
    assert!(!project.path(".runenv").exists());
}

#[test]
fn a_local_stage_is_its_commands() {
    let project = Project::new().envs_toml(
        "[env.a]\nrunner = \"local\"\nenv = { X = \"a b\" }\ncommands = [\"echo $X\", [\"printf\", \"%s\", \"it's\"]]\n",
    );
    same(
        project.runenv("run -n a").exits(0).stdout,
        str![[r#"
# a: commands (1/1)
env X='a b' sh -e -c 'echo $X' </dev/null
env X='a b' printf %s 'it'\''s' </dev/null

"#]],
    );
}

/// What is printed does what a run does: a shell gives the same output.
#[test]
fn the_lines_of_a_local_plan_can_be_pasted() {
    let project = Project::new().envs_toml(
        r#"
[vars]
odd = ["a b", "it's", "$HOME", "`x`", "{{x}}", "\\", "*"]
[env.a]
runner = "local"
env = { X = "two  words" }
commands = ["printf '%s\n' {odd} \"$X\" {posargs:}", ["printf", "%s\\n", "{odd}"]]
"#,
    );
    let plan = project
        .runenv(["run", "-n", "a", "--", "-n", "x\ny"])
        .exits(0)
        .stdout;
    let mut shell = std::process::Command::new("sh");
    let pasted = shell.arg("-c").arg(&plan).output().unwrap();
    let pasted = String::from_utf8(pasted.stdout).unwrap();
    project.runenv(["run", "a", "--", "-n", "x\ny"]).exits(0);
    let logs = project.runenv("logs a commands").exits(0).stdout;
    assert_eq!(pasted, logs, "{plan}");
    assert!(
        pasted.contains("it's\n") && pasted.contains("two  words\n-n\nx\ny\n"),
        "{pasted}"
    );
}

/// Every line of a container's plan is one that a shell can read.
#[test]
fn the_plan_of_a_container_is_shell() {
    let project = Project::new().envs_toml(PROJECT).file("src/a.c", "");
    let plan = project.runenv([
        "run",
        "-n",
        "docker-debian-bookworm",
        "--",
        "it's",
        "RUNENV",
    ]);
    let plan = plan.exits(0).stdout;
    let file = project.path("plan.sh");
    std::fs::write(&file, &plan).unwrap();
    let checked = std::process::Command::new("sh")
        .arg("-n")
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
