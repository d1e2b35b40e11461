#!/bin/bash
# engines.sh: what runenv costs on docker and podman, against the engines' own builders, side by side in one run.
#
# Usage:        benches/engines.sh [RUNS]      default 7
# Needs:        docker, podman (tests/engines/up.sh), busybox:latest (tests/engines/images.sh busybox), hyperfine
# Output:       medians in milliseconds and the ratio of each pair
# Exit:         0 measured, 2 something is missing
#
# Cold: five stages that each write a file, nothing cached, against a Dockerfile of five RUN lines.
# Cached: the same five stages when nothing has changed, against one `image inspect`.
set -euo pipefail
cd "$(dirname "$0")/.."
RUNS=${1:-7}
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
for tool in docker podman hyperfine; do
  command -v "$tool" >/dev/null || { echo "engines.sh: no $tool here" >&2; exit 2; }
done
[ -x "$RUNENV" ] || { echo "engines.sh: first: cargo build --release" >&2; exit 2; }
# BuildKit as the engine has it: the distribution's client speaks to it without a plug-in.
BUILDKIT=docker
[ ! -x /usr/bin/docker ] || BUILDKIT=/usr/bin/docker

work=$(mktemp -d)
trap '"$RUNENV" -c "$work/envs.toml" clean >/dev/null 2>&1; rm -rf "$work"' EXIT
{
  printf '[project]\nname = "bench"\nid = "bench"\n'
  printf '[system.box]\nimage = "busybox:latest"\nrelease.latest = {}\n'
  for n in 1 2 3 4 5; do printf '[stage.s%s]\nrun = ["echo %s >/f%s"]\n' $n $n $n; done
} >"$work/envs.toml"
{
  echo FROM busybox:latest
  for n in 1 2 3 4 5; do echo "RUN echo $n >/f$n"; done
} >"$work/Dockerfile"
cd "$work"

# median NAME FILE: of hyperfine's JSON, in milliseconds
median() { python3 -c 'import json,sys; print("%.1f" % (1000*json.load(open(sys.argv[1]))["results"][int(sys.argv[2])]["median"]))' "$@"; }

# pair WHAT GOAL OURS THEIRS: alternating runs, so that a busy machine slows both
pair() {
  local what=$1 goal=$2 ours=$3 theirs=$4 n a b
  : >a; : >b
  for ((n = 0; n <= RUNS; n++)); do
    for side in a b; do
      [ $side = a ] && command=$ours || command=$theirs
      hyperfine -N --runs 1 --warmup 0 --export-json one.json "$command" >/dev/null 2>&1 || { echo "failed: $command" >&2; exit 1; }
      [ $n = 0 ] || median one.json 0 >>$side
    done
  done
  a=$(sort -n a | sed -n "$(((RUNS + 1) / 2))p"); b=$(sort -n b | sed -n "$(((RUNS + 1) / 2))p")
  printf '%-28s %9s ms %9s ms   ratio %s (goal %s)\n' "$what" "$a" "$b" "$(python3 -c "print('%.2f' % ($a/$b))")" "$goal"
}

printf '%-28s %12s %12s\n' '' runenv peer
pair 'docker cold, BuildKit' 1.1 "$RUNENV -q -r -e docker-box-latest" "env DOCKER_BUILDKIT=1 $BUILDKIT build -q --no-cache ."
pair 'podman cold, podman build' 1.2 "$RUNENV -q -r -e podman-box-latest" 'podman build -q --no-cache --layers .'
"$RUNENV" -q -e docker-box-latest 2>/dev/null
pair 'docker cached, one inspect' 1.4 "$RUNENV -q -e docker-box-latest" 'docker image inspect busybox:latest'
"$RUNENV" -q -e podman-box-latest 2>/dev/null
pair 'podman cached, one inspect' 1.4 "$RUNENV -q -e podman-box-latest" 'podman image inspect localhost/busybox:latest'
