#!/bin/bash
# all.sh: runs all tests of the project. A bare Debian machine with cargo is enough: what else is needed gets installed.
#
# Usage:        tests/all.sh             every part
#               tests/all.sh PART...     only these, in the order below
#               tests/all.sh -l          names of the parts
# Environment:  RUNENV_TEST_ENGINES  engines of the part `real`        default "docker podman"
#               RUST_TEST_THREADS    tests that run at once           default one more than processors
#               RUNENV_CI_CLIENTS    where the CI clients are put      default target/ci-clients
#               and that of tests/engines/*.sh
# Output:       `== part NAME`, what the part prints, `== part NAME ok|FAILED seconds`; a table at the end
# Exit:         0 every part passed (or was skipped, with the reason in the table), 1 one failed, 2 wrong use
#
# The parts are at the end of this file, one line each: part NAME COMMAND...
# A failed part does not keep the later ones from running.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
command -v cargo >/dev/null || PATH=$PATH:$HOME/.cargo/bin
CLIENTS=${RUNENV_CI_CLIENTS:-target/ci-clients}
export RUNENV_TEST_ENGINES=${RUNENV_TEST_ENGINES:-docker podman}
# What is compiled once gains nothing from being ready to be compiled again, nor from the last eighth of its speed.
[ -z "${CI:-}" ] || export CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_LTO=off
# Tests wait for engines and for time as much as they compute.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) + 1))}
wanted=("$@")
table=()
known=' '
failed=0

# --- the machinery

# chosen NAME: it is to run now. Notes the name, too.
chosen() {
  known+="$1 "
  [ "${wanted[*]-}" != -l ] || { echo "$1"; return 1; }
  [ ${#wanted[@]} = 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]]
}

microseconds() { echo "${EPOCHREALTIME//[!0-9]/}"; }

# seconds_since MICROSECONDS: with one decimal
seconds_since() {
  local tenths=$((($(microseconds) - $1 + 50000) / 100000))
  echo "$((tenths / 10)).$((tenths % 10))"
}

# row NAME RESULT SECONDS
row() { table+=("$(printf '%-14s %-8s %8s s' "$1" "$2" "$3")"); }

# part NAME COMMAND...
part() {
  local name=$1 start result=ok code time; shift
  chosen "$name" || return 0
  printf '== part %s\n' "$name"
  start=$(microseconds)
  ("$@")
  code=$?
  [ $code = 0 ] || { result=FAILED; failed=1; }
  time=$(seconds_since "$start")
  printf '== part %s %s %s s\n' "$name" "$result" "$time"
  row "$name" "$result" "$time"
}

# skip NAME WHY
skip() {
  chosen "$1" || return 0
  printf '== part %s skipped: %s\n' "$1" "$2"
  table+=("$(printf '%-14s skipped: %s' "$1" "$2")")
}

check_names() {
  local name
  for name in "${wanted[@]}"; do
    [[ $known == *" $name "* ]] || { printf 'all.sh: no part is called %s; there are:%s\n' "$name" "${known% }" >&2; return 2; }
  done
}

finish() {
  [ "${wanted[*]-}" != -l ] || return 0
  check_names || return
  printf '\n'
  printf '%s\n' "${table[@]}"
  printf '%-14s %-8s %8s s\n' total "$([ $failed = 0 ] && echo ok || echo FAILED)" "$(seconds_since "$begin")"
  return $failed
}

# --- parts of more than one command

# needed COMMAND PACKAGE: the package, if the command is missing
needed() { command -v "$1" >/dev/null || echo "$2"; }
missing_packages() {
  needed shellcheck shellcheck
  needed git git
  needed make make
  needed gcc gcc
  needed curl curl
  needed rsync rsync
  command -v chromium >/dev/null || needed chromium-headless-shell chromium-headless-shell
  [ -e /usr/include/stdio.h ] || echo libc6-dev
  python3 -c 'import ensurepip, venv' 2>/dev/null || printf '%s\n' python3 python3-venv
}

install_packages() {
  local names
  mapfile -t names < <(missing_packages)
  tests/engines/packages.sh "${names[@]}"
}

# shell_scripts: by name or by first line; also those that git does not know yet
shell_scripts() {
  local file
  git -c safe.directory='*' ls-files --cached --others --exclude-standard -x /target/ | while read -r file; do
    [ -f "$file" ] || continue
    case ${file##*/} in
      *.sh) echo "$file";;
      *.*) ;;
      *) head -c 64 "$file" | head -n 1 | grep -aqE '^#!.*[/ ](ba|da)?sh( |$)' && echo "$file";;
    esac
  done
}

check_shell() {
  local files
  mapfile -t files < <(shell_scripts)
  [ ${#files[@]} -gt 0 ] || { echo "no scripts found: is this a git checkout?"; return 1; }
  echo "shellcheck of ${#files[@]} scripts"
  shellcheck -x -P SCRIPTDIR "${files[@]}"
}

# --- all parts, in order

begin=$(microseconds)
part packages install_packages
part engines tests/engines/up.sh
part sweep tests/engines/sweep.sh
part images tests/engines/images.sh busybox debian debian2 dnf zypper pacman
part clients tests/engines/ci-clients.sh "$CLIENTS"
PATH=$PATH:$(realpath -m "$CLIENTS")/bin
part shell check_shell
part build cargo build --release
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
part wheel tests/wheel/wheel.sh
part lint "$RUNENV" -e lint
part docs "$RUNENV" -e docs
part test "$RUNENV" -e test
part bombs env RUNENV_TEST_BINARY="$RUNENV" cargo test --test cli hostile::
if cargo deny --version >/dev/null 2>&1; then part deny cargo deny check bans licenses sources; else skip deny 'cargo-deny is not installed'; fi
part systems "$RUNENV" -e '*-debian-*',smoke
part readme cargo test --test readme
part sage env RUNENV_TEST_BINARY="$RUNENV" cargo test --test sage
part page cargo test --test page
part zlib cargo test --test zlib
part xz cargo test --test xz
part real cargo test --test real
finish
