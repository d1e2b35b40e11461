#!/bin/bash
# sweep.sh: removes what tests that were killed left on the engines: containers and images with a test's name.
#
# Usage:        sweep.sh
# Environment:  SWEEP_ENGINES  engines to look at   default "docker podman", those that answer
# Output:       `ENGINE: N containers, N images` for each engine where there was something
# Exit:         0 always: what an engine keeps is in somebody's use
#
# Tests call all they make rtPIDxN (tests/real/support.rs). While the process PID lives, it is left alone.
# It matters to podman, where every call takes as much longer as there are images.
set -uo pipefail
# shellcheck source=lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"

# dead: of `WHAT NAME...` lines each WHAT with the name of a test that no process runs
dead() {
  local what rest
  while read -r what rest; do
    [[ " $rest" =~ [^a-z0-9]rt([0-9]+)x[0-9]+ ]] || continue
    kill -0 "${BASH_REMATCH[1]}" 2>/dev/null || echo "$what"
  done | sort -u
}

# named: images by their names, which may be a second one of a base image; by id only where there is no tag
named() {
  local id name
  while read -r id name; do
    case $name in *:'<none>') echo "$id $name";; *) echo "$name $name";; esac
  done
}

sweep() {
  local engine=$1 containers images
  mapfile -t containers < <("$engine" ps -a --no-trunc --format '{{.ID}} {{.Image}} {{.Names}}' | dead)
  [ ${#containers[@]} = 0 ] || "$engine" rm -f -v "${containers[@]}" >/dev/null 2>&1
  mapfile -t images < <("$engine" image ls --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | named | dead)
  [ ${#images[@]} = 0 ] || "$engine" image rm "${images[@]}" >/dev/null 2>&1
  [ $((${#containers[@]} + ${#images[@]})) = 0 ] ||
    echo "$engine: ${#containers[@]} containers, ${#images[@]} images"
}

for engine in ${SWEEP_ENGINES:-docker podman}; do
  ! answers "$engine" || sweep "$engine"
done
exit 0
