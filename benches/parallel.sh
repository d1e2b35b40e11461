#!/bin/sh
# Side by side: 138 local environments of `true`, and 12 environments (4 systems x 3 configs) on an engine.
#
#   benches/parallel.sh local            # needs hyperfine
#   benches/parallel.sh docker|podman    # wall time of -p 1, -p 2, -p all from nothing, and beside it the lower bound:
#                                        # the longest chain alone, and the work of all stages on two places
#
# Quote ratios of one run, never the times.
set -eu
runenv=${RUNENV:-$(dirname "$0")/../target/release/runenv}
runenv=$(realpath "$runenv")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

local_ones() {
  names=$(seq -f 'e%g' 1 138)
  {
    echo '[project]'
    echo "env-list = [\"e{1..138}\"]"
    for name in $names; do
      printf '[env.%s]\nrunner = "local"\ncommands = [["true"]]\n' "$name"
    done
  } >envs.toml
  # shellcheck disable=SC2016 # hyperfine's shell expands it
  hyperfine --warmup 2 --runs 10 --export-json times.json \
    -n 'sh loop' 'for i in $(seq 138); do /bin/true; done' \
    -n 'xargs -P2' 'seq 138 | xargs -P2 -n1 /bin/true' \
    -n 'runenv -p 1' "$runenv run -q" \
    -n 'runenv -p 2' "$runenv run -q -p 2"
}

on_engine() {
  id=bench-$$
  {
    echo '[project]'
    echo "name = \"$id\""
    echo "id = \"$id\""
    echo "env-list = [\"$1-s{a,b,c,d}-latest-c{a,b,c}\"]"
    for system in a b c d; do
      "$1" tag busybox:latest "$id-$system:latest"
      printf '[system.s%s]\nimage = "%s-%s:latest"\nrelease.latest = {}\n' $system "$id" $system
    done
    printf '[config.ca]\n[config.cb]\n[config.cc]\n'
    # What all systems share, and what is of each system and config.
    printf '[stage.shared]\nrun = ["sleep 2"]\n[stage.own]\nrun = ["sleep 1; echo {system} {config}"]\n'
  } >envs.toml
  for at_once in 1 2 all; do
    start=$(date +%s.%N)
    "$runenv" run -q -p "$at_once" >/dev/null 2>&1
    end=$(date +%s.%N)
    echo "-p $at_once: $(echo "$end - $start" | bc) s; commands alone: $(case $at_once in 1) echo 2 + 12 ;; 2) echo 2 + 6 ;; *) echo 2 + 1 ;; esac) s"
    "$runenv" clean --engine "$1" >/dev/null 2>&1
  done
  for system in a b c d; do "$1" rmi "$id-$system:latest" >/dev/null; done
}

case ${1-} in
  local) local_ones ;;
  docker | podman) on_engine "$1" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
