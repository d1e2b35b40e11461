#!/bin/bash
# wheel.sh: builds the wheel of pyproject.toml, installs it into a fresh environment, and does the first run of README.md
# with the `runenv` of that.
#
# Usage:        wheel.sh                needs maturin in PATH (tests/engines/ci-clients.sh), docker and readelf
#               wheel.sh old            the wheel for systems from 2014 on, linked by zig; needs `ziglang` of PyPI beside
#                                       maturin, and compiles everything anew: some minutes
# Environment:  what cargo reads: with that of `cargo build --release` little is compiled again
# Output:       the wheel's name, what it asks of glibc, and what the run prints
# Exit:         0 all is as it should be, 1 it is not
set -euo pipefail
cd "$(dirname "$0")/../.."
MOST_GLIBC=2.34 # that of AlmaLinux 9; Debian 12 has 2.36, Ubuntu 22.04 2.35
how=()
if [ "${1:-}" = old ]; then
  MOST_GLIBC=2.17 # that of CentOS 7
  how=(--zig --compatibility manylinux2014)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { printf 'wheel.sh: %s\n' "$*" >&2; exit 1; }

# block LANGUAGE: the first one of README.md
block() { awk -v first="\`\`\`$1" '$0 == first { inside = 1; next } inside && /^```/ { exit } inside' README.md; }

# needs_glibc PROGRAM: the newest version that it asks for
needs_glibc() { readelf -V "$1" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1; }

# --- the wheel

maturin build --release --locked "${how[@]}" --out "$work/wheels"
wheel=$(echo "$work"/wheels/*.whl)
[ -f "$wheel" ] || fail "not one wheel: $wheel"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check --no-index "$wheel"
runenv=$work/venv/bin/runenv
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
said=$("$runenv" --version)
[ "$said" = "runenv $version" ] || fail "the wheel's runenv says: $said"
glibc=$(needs_glibc "$runenv")
printf '%s: glibc %s\n' "${wheel##*/}" "$glibc"
[ "$(printf '%s\n' "$glibc" "$MOST_GLIBC" | sort -V | tail -n 1)" = "$MOST_GLIBC" ] || fail "it asks for glibc $glibc"

# --- the first run

tree=$work/hello
mkdir "$tree"
block c >"$tree/hello.c"
block toml >"$tree/envs.toml"
cd "$tree"
"$runenv" -e docker-debian-bookworm
[ -s .runenv/docker-debian-bookworm-standard/log/03-tested.log ] || fail "the last stage left no log"
"$runenv" clean --engine docker
