#!/bin/sh
# Builds and tests zlib in Debian bookworm, with the engine this machine has: the whole of runenv in one command.
#
# usage: run.sh [OPTIONS OF runenv …]      for example: run.sh --to built, run.sh --dry-run
#
# exit codes: 1 runenv could not be built, zlib not fetched, or no engine found; else runenv's own
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

cd "$root" # a relative CARGO_TARGET_DIR is meant from here
target=${CARGO_TARGET_DIR:-target}
if command -v cargo >/dev/null; then
    cargo build --release --locked --quiet || exit 1 # at once when nothing has changed
elif [ ! -x "$target/release/runenv" ]; then
    echo "run.sh: no cargo here, and no runenv in $target/release" >&2
    exit 1
fi
runenv=$(cd "$target/release" && pwd)/runenv

engine=$(tests/engines/any.sh) || exit 1
"$here/fetch.sh" || exit 1

cd "$here"
exec "$runenv" -e "$engine-debian-bookworm-standard" "$@"
