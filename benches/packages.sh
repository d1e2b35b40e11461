#!/bin/bash
# packages.sh: what the package stage costs, against one bare `apt-get install` and against one RUN a package.
#
# Usage:        benches/packages.sh [RUNS]      default 3
# Needs:        docker (tests/engines/up.sh), debian:bookworm (tests/engines/images.sh debian), the Debian archive
# Output:       the median of each way to install 30 small packages, in seconds, and the ratios
# Exit:         0 measured, 1 one failed, 2 something is missing
#
# Every way goes from debian:bookworm to an image. `bare` is what a person would type: update, install, clean in one
# container, and a commit. All take their turn in each round, so that a busy machine slows them all.
set -euo pipefail
cd "$(dirname "$0")/.."
RUNS=${1:-3}
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
command -v docker >/dev/null || { echo "packages.sh: no docker here" >&2; exit 2; }
[ -x "$RUNENV" ] || { echo "packages.sh: first: cargo build --release" >&2; exit 2; }
docker image inspect debian:bookworm >/dev/null 2>&1 || { echo "packages.sh: no debian:bookworm here" >&2; exit 2; }
NAMES=(hello bc dc ed tree jq pv figlet xxd file less ncal cpio unzip zip time patch make m4 lsof psmisc procps
  netcat-openbsd dos2unix rsync diffstat indent cflow universal-ctags wdiff)

work=$(mktemp -d)
# shellcheck disable=SC2317,SC2329 # the trap calls it
cleanup() {
  "$RUNENV" -c "$work/envs.toml" clean >/dev/null 2>&1 || :
  docker rm -f runenv-bench-bare >/dev/null 2>&1 || :
  docker rmi -f runenv-bench:bare runenv-bench:each >/dev/null 2>&1 || :
  rm -rf "$work"
}
trap cleanup EXIT
list=$(printf '"%s", ' "${NAMES[@]}")
cat >"$work/envs.toml" <<TOML
[project]
name = "bench"
id   = "bench-packages"
[defaults]
system-packages = [$list]
[config.all]
[config.one_missing]
system-packages         = ["no-such-package"]
ignore-missing-packages = true
[stage.packages]
packages = true
TOML
{
  printf 'FROM debian:bookworm\nENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get -q update\n'
  printf 'RUN apt-get -q -y --no-install-recommends install %s\n' "${NAMES[@]}"
} >"$work/Dockerfile"
cd "$work"

ours() { "$RUNENV" -q -r -e docker-debian-bookworm-all; }
missing() { "$RUNENV" -q -r -e docker-debian-bookworm-one_missing; }
bare() {
  docker run --name runenv-bench-bare -e DEBIAN_FRONTEND=noninteractive debian:bookworm sh -c \
    'apt-get -q update && apt-get -q -y --no-install-recommends install "$@" && apt-get clean && rm -rf /var/lib/apt/lists/*' \
    sh "${NAMES[@]}"
  docker commit runenv-bench-bare runenv-bench:bare
  docker rm runenv-bench-bare
}
each() { docker build -q --no-cache -t runenv-bench:each .; }

for ((round = 1; round <= RUNS; round++)); do
  for way in bare ours missing each; do
    start=$EPOCHREALTIME
    "$way" >"$way.log" 2>&1 || { echo "packages.sh: $way failed:" >&2; tail -n 5 "$way.log" >&2; exit 1; }
    echo "$start $EPOCHREALTIME" | awk '{ printf "%.2f\n", $2 - $1 }' >>"$way.times"
  done
done

median() { sort -n "$1.times" | sed -n "$(((RUNS + 1) / 2))p"; }
ratio() { awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN { printf "%.2f", a / b }'; }
printf '%-34s %7s s\n' 'bare apt-get install' "$(median bare)" 'package stage' "$(median ours)" \
  'the same, one name missing' "$(median missing)" 'one RUN a package' "$(median each)"
printf '%-34s %7s   (goal %s)\n' 'stage / bare' "$(ratio ours bare)" '1.2' 'one missing / bare' "$(ratio missing bare)" '1.2' \
  'stage / one RUN a package' "$(ratio ours each)" '0.2'
