#!/bin/bash
# sage.sh: what it costs to resolve environments of examples/sage with a package tree of 415 packages.
#
# Usage:   benches/sage.sh [RUNS]     of each command; default 20
# Needs:   cargo build --release; python3, hyperfine
# Output:  a line a command: median, goal
# Exit:    0 measured, 1 a command failed, 2 something is missing
set -euo pipefail
cd "$(dirname "$0")/.."
RUNS=${1:-20}
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
for tool in python3 hyperfine; do
  command -v "$tool" >/dev/null || { echo "sage.sh: no $tool here" >&2; exit 2; }
done
[ -x "$RUNENV" ] || { echo "sage.sh: first: cargo build --release" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tree: a line of packages.tsv is a file.
python3 - tests/sage/packages.tsv "$work" <<'PY'
import pathlib, sys
for line in open(sys.argv[1]):
    if not line.startswith("#"):
        package, file, text = line.rstrip("\n").split("\t")
        path = pathlib.Path(sys.argv[2], "build/pkgs", package, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("\\n", "\n").replace("\\\\", "\\"))
PY
cp examples/sage/envs.toml "$work"
systems=$(grep -v '^#' tests/sage/systems.tsv | cut -f 1 | paste -sd ,)
all="docker-{$systems}-{gcc_spkg-,gcc_10-,}{minimal,standard,maximal}"
cd "$work"
count=$("$RUNENV" show "$all" --json name | grep -c '"name"')

# measured TITLE GOAL COMMAND...
measured() {
  local title=$1 goal=$2
  shift 2
  hyperfine -N --warmup 2 --runs "$RUNS" --export-json "$work/result.json" --output null "$*" >/dev/null
  python3 -c 'import json, sys
print("%-32s %8.1f ms   goal %s ms" % (sys.argv[2], 1000 * json.load(open(sys.argv[1]))["results"][0]["median"], sys.argv[3]))' \
    "$work/result.json" "$title" "$goal"
}

measured 'show one' 15 "$RUNENV show docker-fedora-35-gcc_9-maximal"
measured "show $count, names of packages" 500 "$RUNENV show '$all' package-names"
measured 'list' 15 "$RUNENV list"
