#!/bin/bash
# peers.sh: what runenv costs where no engine is asked, against tox, nox, just and a bare shell, side by side in one run.
#
# Usage:        benches/peers.sh DIR [ROUNDS]      DIR keeps the peers: a Python venv; ROUNDS default 5
# Needs:        cargo build --release; python3 with venv, hyperfine, GNU time
# Environment:  what pip reads (PIP_...)
# Output:       a line a peer: median, runenv's share of it, peak memory; the goal behind it, where there is one
# Exit:         0 measured, 1 a command failed, 2 something is missing
#
# Files of the same environments are made for each: 138 (46 systems in 3 configs), 5000 (50 systems, 10 compilers, 10
# configs, 75 conditions) and 10. Rounds alternate between the peers, so that a busy machine slows all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { echo "usage: peers.sh DIR [ROUNDS]" >&2; exit 2; }
mkdir -p "$1"
DIR=$(realpath "$1")
ROUNDS=${2:-5}
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
PINS=(tox==4.67.15 nox==2026.10.20 rust-just==1.59.0)
for tool in python3 hyperfine /usr/bin/time; do
  command -v "$tool" >/dev/null || { echo "peers.sh: no $tool here" >&2; exit 2; }
done
[ -x "$RUNENV" ] || { echo "peers.sh: first: cargo build --release" >&2; exit 2; }

# The peers, once.
if [ "$(cat "$DIR/pins" 2>/dev/null)" != "${PINS[*]}" ]; then
  echo "installing: ${PINS[*]}" >&2
  python3 -m venv "$DIR"
  "$DIR/bin/pip" install -q --disable-pip-version-check "${PINS[@]}"
  echo "${PINS[*]}" >"$DIR/pins"
fi
export PATH=$DIR/bin:$PATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

SYSTEMS=(ubuntu-{trusty,xenial,bionic,focal,jammy,noble} debian-{stretch,buster,bullseye,bookworm,trixie,sid}
  linuxmint-{17,18,19,20.1,20.2,20.3,21,22} fedora-{26,27,28,29,30,31,32,33,34,35,36,37,38,39}
  centos-{7,8,stream-8,stream-9} opensuse-{15.3,15.4,tumbleweed} gentoo-{clang,hardened} archlinux-latest
  slackware-14.2 conda-forge)
CONFIGS=(minimal standard maximal)
BOXES=(box-{1..50})
COMPILERS=(gcc_{8..17})
MANY=(c{0..9})

# product SEPARATOR LIST...: lists are words in one argument each
product() {
  local separator=$1 so_far=('') next head word
  shift
  for list in "$@"; do
    next=()
    for head in "${so_far[@]}"; do for word in $list; do next+=("$head${head:+$separator}$word"); done; done
    so_far=("${next[@]}")
  done
  printf '%s\n' "${so_far[@]}"
}

# braces WORD...: as one expression
braces() { local IFS=,; echo "{$*}"; }

# systems WORD...: tables of families and releases
systems() {
  local word
  for word in "$@"; do echo "[system.${word%%-*}]"; done | sort -u | sed 's/$/\npackage-manager = "apt"\ndistro = ["debian"]/'
  for word in "$@"; do printf '[system.%s.release."%s"]\nimage = "%s"\n' "${word%%-*}" "${word#*-}" "$word"; done
}

rest_of_envs_toml() {
  printf '[stage.packages]\npackages = true\n[stage.configured]\nrun = ["./configure {args}"]\n'
  printf '[stage.built]\nrun = ["make -j{cpus} {posargs:build}"]\n[vars]\nargs = ["--prefix=/usr"]\n'
  printf '[env.check]\nrunner = "local"\ncommands = [["true"]]\n'
}

# files FOLDER NAME...: of tox, nox and just
files() {
  local folder=$1 name
  shift
  {
    printf '[tox]\nskipsdist = true\nenvlist =\n'
    printf '    %s\n' "$@"
    printf '[testenv]\nskip_install = true\nallowlist_externals = true\ncommands = true\n'
  } >"$folder/tox.ini"
  for name in "$@"; do printf '%s:\n    @true\n' "${name//./_}"; done >"$folder/justfile"
}

mkdir "$work"/{some,many,few}
(
  cd "$work/some"
  {
    printf '[project]\nenv-list = ["docker-%s-%s"]\n' "$(braces "${SYSTEMS[@]}")" "$(braces "${CONFIGS[@]}")"
    systems "${SYSTEMS[@]}"
    printf '[config.%s]\n' "${CONFIGS[@]}"
    rest_of_envs_toml
  } >envs.toml
  mapfile -t names < <(product - "${SYSTEMS[*]}" "${CONFIGS[*]}")
  files . "${names[@]}" check
  cat >noxfile.py <<PY
import nox
@nox.session(venv_backend="none")
@nox.parametrize("config", "${CONFIGS[*]}".split())
@nox.parametrize("system", "${SYSTEMS[*]}".split())
def docker(session, system, config): session.run("true", external=True)
@nox.session(venv_backend="none")
def check(session): session.run("true", external=True)
PY
)
# boxes BOXES CONFIGS: the file of many, of which env-list takes these
boxes() {
  local n
  printf '[project]\nenv-list = ["docker-%s-%s-%s"]\n' "$1" "$(braces "${COMPILERS[@]}")" "$2"
  systems "${BOXES[@]}"
  for n in "${COMPILERS[@]}"; do printf '[axis.compiler.%s]\nenv.CC = "%s"\n' "$n" "$n"; done
  for n in "${MANY[@]}"; do printf '[config.%s]\nenv.CONFIG = "%s"\n' "$n" "$n"; done
  for ((n = 0; n < 75; n++)); do
    printf '[[when]]\nif = "box-%s-!gcc_%s,c%s"\nenv.WHEN = "%s"\n' $((n % 50 + 1)) $((n % 10 + 8)) $((n % 10)) $n
  done
  rest_of_envs_toml
}
(
  cd "$work/few"
  boxes box-7 c3 >envs.toml
  mapfile -t names < <(product - box-7 "${COMPILERS[*]}" c3)
  files . "${names[@]}"
)
(
  cd "$work/many"
  boxes "$(braces "${BOXES[@]}")" "$(braces "${MANY[@]}")" >envs.toml
  mapfile -t names < <(product - "${BOXES[*]}" "${COMPILERS[*]}" "${MANY[*]}")
  files . "${names[@]}"
  cat >noxfile.py <<PY
import nox
@nox.session(venv_backend="none")
@nox.parametrize("config", "${MANY[*]}".split())
@nox.parametrize("compiler", "${COMPILERS[*]}".split())
@nox.parametrize("system", "${BOXES[*]}".split())
def docker(session, system, compiler, config): session.run("true", external=True)
PY
)

# median FILE...: of hyperfine's JSON, in milliseconds
median() {
  python3 -c 'import json,statistics,sys
print("%.2f" % (1000*statistics.median(t for f in sys.argv[1:] for t in json.load(open(f))["results"][0]["times"])))' "$@"
}

# compare TITLE FOLDER COMMAND...: the first is runenv's; `GOAL | COMMAND` for the others
compare() {
  local title=$1 folder=$2 round at command goal ours ms memory
  shift 2
  cd "$work/$folder"
  for ((round = 0; round <= ROUNDS; round++)); do
    at=0
    for command in "$@"; do
      at=$((at + 1))
      hyperfine -N --warmup 1 --runs 3 --export-json "$work/$at-$round.json" "${command#*| }" >/dev/null 2>"$work/error" ||
        { echo "failed: ${command#*| }" >&2; cat "$work/error" >&2; exit 1; }
    done
  done
  printf '\n%s\n' "$title"
  at=0 ours=
  for command in "$@"; do
    at=$((at + 1)) goal=
    [ "$command" = "${command#*| }" ] || goal="goal ${command%% |*}"
    ms=$(median "$work/$at"-[1-9]*.json)
    # shellcheck disable=SC2086
    memory=$(/usr/bin/time -f %M ${command#*| } 2>&1 >/dev/null | tail -1)
    ours=${ours:-$ms}
    printf '  %-34.34s %9s ms %8s %6d MB  %s\n' "$(basename "${command#*| }")" "$ms" \
      "$(python3 -c "print('%.3f' % ($ours/$ms))")" $((memory / 1024)) "$goal"
  done
}

for list in some:139 many:5001 few:11; do
  [ "$("$RUNENV" -c "$work/${list%:*}/envs.toml" list | wc -l)" = "${list#*:}" ] ||
    { echo "peers.sh: $list environments are not listed" >&2; exit 1; }
done
compare 'list, 138 environments' some "$RUNENV list" '0.0125 | tox l' 'nox -l' '1 | just --list' 'sh -c true'
compare 'list, 5000' many "$RUNENV list" '0.005 | tox l' 'nox -l' '0.6 | just --list' 'sh -c true'
compare 'list --json, 5000' many "$RUNENV list --json" 'tox l' 'just --dump --dump-format json'
compare 'show one of 10' few "$RUNENV show docker-box-7-gcc_9-c3" 'tox c -e box-7-gcc_9-c3' 'just --show box-7-gcc_9-c3'
compare 'show one of 5000' many "$RUNENV show docker-box-7-gcc_9-c3" '0.0025 | tox c -e box-7-gcc_9-c3' 'just --show box-7-gcc_9-c3'
compare 'one local environment of true' some "$RUNENV -q -e check" '0.02 | tox -q -e check' 'nox -s check' '2 | just check' 'sh -c true'
