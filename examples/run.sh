#!/bin/sh
# Builds and tests an example in Debian bookworm, with the engine this machine has.
#
# usage: run.sh EXAMPLE [OPTIONS OF runenv …]      for example: run.sh zlib --to built
#
# exit codes: 1 runenv could not be built, the source not fetched, or no engine found; else runenv's own
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
example=$root/examples/${1?usage: run.sh EXAMPLE [OPTIONS OF runenv …]}
shift

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
"$example/fetch.sh" || exit 1

cd "$example"
exec "$runenv" -e "$engine-debian-bookworm-standard" "$@"
