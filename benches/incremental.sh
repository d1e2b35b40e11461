#!/bin/bash
# incremental.sh: what an increment costs, against a clean build and against a run that finds everything.
#
# Usage:        benches/incremental.sh [FILES] [RUNS]      default 300 5
# Needs:        docker (tests/engines/up.sh), debian:bookworm (tests/engines/images.sh debian), the Debian archive
# Output:       the median of a clean build of so many C files, of one with one file changed, of one with nothing changed,
#               and of `make` alone with one file changed, in seconds, and the ratios
# Exit:         0 measured, 1 one failed, 2 something is missing
#
# `bare` is what a person would have without runenv: a container that stays, the changed file copied in, `make`.
set -euo pipefail
cd "$(dirname "$0")/.."
FILES=${1:-300}
RUNS=${2:-5}
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
command -v docker >/dev/null || { echo "incremental.sh: no docker here" >&2; exit 2; }
[ -x "$RUNENV" ] || { echo "incremental.sh: first: cargo build --release" >&2; exit 2; }
docker image inspect debian:bookworm >/dev/null 2>&1 || { echo "incremental.sh: no debian:bookworm here" >&2; exit 2; }

work=$(mktemp -d)
# shellcheck disable=SC2317,SC2329 # the trap calls it
cleanup() {
  docker rm -f runenv-bench-bare >/dev/null 2>&1 || :
  "$RUNENV" -c "$work/envs.toml" clean >/dev/null 2>&1 || :
  rm -rf "$work"
}
trap cleanup EXIT
mkdir "$work/src"
cat >"$work/envs.toml" <<'TOML'
[project]
name = "bench"
id   = "bench-incremental"
[defaults]
system-packages = ["gcc", "libc6-dev", "make"]
[stage.packages]
packages = true
[stage.built]
copy        = ["Makefile", "src"]
incremental = true
max-links   = 100
run         = ["make -s -j{cpus}"]
TOML
cat >"$work/Makefile" <<'MAKE'
objects := $(patsubst src/%.c,build/%.o,$(sort $(wildcard src/*.c)))
program: $(objects)
	gcc -shared -o $@ $(objects)
build/%.o: src/%.c | build
	gcc -fPIC -O2 -c -o $@ $<
build:
	mkdir -p $@
MAKE
# source NUMBER VALUE
source_of() { printf '#include <stdio.h>\n#include <stdlib.h>\nint f%d(void) { return printf("%%d", %d); }\n' "$1" "$2"; }
for ((number = 1; number <= FILES; number++)); do source_of "$number" 0 >"$work/src/f$number.c"; done
cd "$work"
ENV=docker-debian-bookworm
run() { "$RUNENV" -q -e $ENV "$@"; }

clean() { run --clean --redo built; }
edited() { run; }
found() { run; }
bare() { docker cp src/f1.c runenv-bench-bare:/bench/src/f1.c && docker exec -w /bench runenv-bench-bare make -s; }

run >first.log 2>&1 || { tail first.log >&2; exit 1; }
image=$(docker images -q "bench-debian-bookworm-built" | head -n 1)
docker run -d --name runenv-bench-bare --entrypoint sleep "$image" infinity >/dev/null
for ((round = 1; round <= RUNS; round++)); do
  for way in clean edited found bare; do
    case $way in edited) source_of 1 "$round" >src/f1.c ;; bare) touch src/f1.c ;; esac
    start=$EPOCHREALTIME
    "$way" >"$way.log" 2>&1 || { echo "incremental.sh: $way failed:" >&2; tail -n 5 "$way.log" >&2; exit 1; }
    echo "$start $EPOCHREALTIME" | awk '{ printf "%.2f\n", $2 - $1 }' >>"$way.times"
  done
done

median() { sort -n "$1.times" | sed -n "$(((RUNS + 1) / 2))p"; }
ratio() { awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN { printf "%.3f", a / b }'; }
printf '%d files: clean %s s, one edited %s s, found %s s; make alone, one edited, %s s\n' \
  "$FILES" "$(median clean)" "$(median edited)" "$(median found)" "$(median bare)"
printf 'edited / clean %s   edited / make alone %s   found / clean %s\n' \
  "$(ratio edited clean)" "$(ratio edited bare)" "$(ratio found clean)"
