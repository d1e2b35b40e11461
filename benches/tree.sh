#!/bin/bash
# tree.sh: what a tree of 20 000 files and 500 MB costs when it is copied: its key, with and without what is known of it.
#
# Usage:        benches/tree.sh [RUNS]      default 5
# Needs:        docker (tests/engines/up.sh), busybox:latest (tests/engines/images.sh busybox), hyperfine, git, openssl
# Output:       medians in milliseconds and the ratio of each pair
# Exit:         0 measured, 1 one failed, 2 something is missing
#
# A key is part of a run: the same run with one small file is taken from each of runenv's times. The peers are `git
# status`, `openssl sha256` of every file, and a build by BuildKit with the tree as context, all with nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
RUNS=${1:-5}
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
for tool in docker hyperfine git openssl; do
  command -v "$tool" >/dev/null || { echo "tree.sh: no $tool here" >&2; exit 2; }
done
[ -x "$RUNENV" ] || { echo "tree.sh: first: cargo build --release" >&2; exit 2; }
BUILDKIT=docker
[ ! -x /usr/bin/docker ] || BUILDKIT=/usr/bin/docker

work=$(mktemp -d)
# shellcheck disable=SC2317,SC2329 # the trap calls it
cleanup() {
  for tree in large small; do "$RUNENV" -c "$work/$tree/envs.toml" clean >/dev/null 2>&1 || :; done
  docker image rm bench-tree >/dev/null 2>&1 || :
  rm -rf "$work"
}
trap cleanup EXIT
mkdir -p "$work/large/src" "$work/small/src"
echo small >"$work/small/src/file"
python3 - "$work/large/src" <<'PYTHON'
import os, sys
for number in range(20000):
    folder = os.path.join(sys.argv[1], f"d{number % 200}")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"f{number}"), "wb") as file:
        file.write(os.urandom(25000))
PYTHON
for tree in large small; do
  printf '[project]\nname = "bench"\nid = "bench-tree-%s"\n[system.box]\nimage = "busybox:latest"\nrelease.latest = {}\n[stage.one]\ncopy = ["src"]\nrun = ["true"]\n' $tree >"$work/$tree/envs.toml"
  (cd "$work/$tree" && "$RUNENV" run -q docker-box-latest) >/dev/null 2>&1 || { echo "tree.sh: the first run failed" >&2; exit 1; }
done
printf 'FROM busybox:latest\nCOPY src /src\n' >"$work/large/Dockerfile"
printf '.runenv\n.git\n' | tee "$work/large/.dockerignore" >"$work/large/.gitignore"
(cd "$work/large" && git init -q && git add -A && git -c user.name=b -c user.email=b@b commit -qm tree && DOCKER_BUILDKIT=1 $BUILDKIT build -q -t bench-tree . >/dev/null 2>&1)
# What is written now is too young to be known by its times.
sleep 2
cd "$work"

# median COMMAND [PREPARE]: in milliseconds
median() {
  hyperfine --warmup 2 --runs "$RUNS" ${2:+--prepare "$2"} --export-json one.json "$1" >/dev/null 2>&1 || { echo "tree.sh: failed: $1" >&2; exit 1; }
  python3 -c 'import json; print("%.1f" % (1000 * json.load(open("one.json"))["results"][0]["median"]))'
}

# row WHAT GOAL OURS THEIRS
row() { python3 -c 'import sys; w, g, a, b = sys.argv[1:]; print(f"{w:40s} {float(a):9.1f} ms {float(b):9.1f} ms   ratio {float(a) / float(b):.2f} (goal {g})")' "$@"; }

run='cd large && '"$RUNENV"' run -q docker-box-latest'
start=$(median 'cd small && '"$RUNENV"' run -q docker-box-latest')
known=$(median "$run")
anew=$(median "$run" 'rm -f large/.runenv/files.cache')
status=$(median 'cd large && git status --porcelain')
sums=$(median 'cd large && find src -type f -print0 | xargs -0 openssl sha256 >/dev/null')
build=$(median 'cd large && DOCKER_BUILDKIT=1 '$BUILDKIT' build -q -t bench-tree .')
minus() { python3 -c "print(max(0.1, $1 - $2))"; }
row 'key of an unchanged tree, git status' 2 "$(minus "$known" "$start")" "$status"
row 'the same with nothing known, openssl' 0.75 "$(minus "$anew" "$start")" "$sums"
row 'a run that finds it, BuildKit cached' 0.2 "$known" "$build"
