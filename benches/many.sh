#!/bin/bash
# many.sh: 138 environments of six stages when nothing has changed, against one question of the engine.
#
# Usage:        benches/many.sh [RUNS]      default 7
# Needs:        docker (tests/engines/up.sh), busybox:latest (tests/engines/images.sh busybox), hyperfine
# Output:       medians in milliseconds and the ratio (goal: 10)
# Exit:         0 measured, 2 something is missing
#
# Five stages are the same for all; the sixth is each environment's own, so there are 138 deepest images.
set -euo pipefail
cd "$(dirname "$0")/.."
RUNS=${1:-7}
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
for tool in docker hyperfine; do
  command -v "$tool" >/dev/null || { echo "many.sh: no $tool here" >&2; exit 2; }
done
[ -x "$RUNENV" ] || { echo "many.sh: first: cargo build --release" >&2; exit 2; }

work=$(mktemp -d)
trap '"$RUNENV" -c "$work/envs.toml" clean >/dev/null 2>&1; rm -rf "$work"' EXIT
{
  printf '[project]\nname = "bench"\nid = "bench-many"\nenv-list = ["docker-box-r{1..46}-{small,middle,large}"]\n'
  printf '[system.box]\nimage = "busybox:latest"\n[system.box.release]\n'
  seq -f 'r%g = {}' 46
  printf '[config.small]\n[config.middle]\n[config.large]\n'
  for n in 1 2 3 4 5; do printf '[stage.s%s]\nrun = ["echo %s >/f%s"]\n' $n $n $n; done
  printf '[stage.s6]\nrun = ["echo {env-name} >/f6"]\n'
} >"$work/envs.toml"
cd "$work"
"$RUNENV" run -q -p 2 >/dev/null 2>&1 || { echo "many.sh: the first run failed" >&2; exit 1; }
hyperfine -N --warmup 1 --runs "$RUNS" --export-json times.json "$RUNENV run -q" 'docker image inspect busybox:latest' >/dev/null 2>&1
python3 - <<'PYTHON'
import json
ours, one = [1000 * r["median"] for r in json.load(open("times.json"))["results"]]
print(f"138 environments, all found  {ours:8.1f} ms   one inspect {one:6.1f} ms   ratio {ours / one:.2f} (goal 10)")
PYTHON
