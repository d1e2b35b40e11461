# shellcheck shell=bash
# lib.sh: what the scripts of this folder share. It is sourced, never run.

# shellcheck disable=SC2034 # used by those who source this file
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
STATE=${ENGINES_STATE:-/run/runenv-engines}

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [CODE]
die() { say "${0##*/}: $1"; exit "${2:-1}"; }

# answers ENGINE: the client is there and its engine replies. (podman has no daemon: its client is the engine.)
answers() {
  local what='{{.Client.Version}}'
  [ "$1" = podman ] || what='{{.Server.Version}}'
  timeout 20 "$1" version --format "$what" >/dev/null 2>&1
}

# is_process PID NAME: a pid alone proves nothing, it may belong to another program by now.
is_process() { [ -n "$1" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }

# log_tail COUNT FILE: the end of a log, without the names of the package hosts this machine uses.
log_tail() {
  local host hide=()
  while read -r host; do hide+=(-e "s|${host//./\\.}|HOST|g"); done < <(
    { cat "$2" /etc/apt/sources.list /etc/apt/sources.list.d/* | grep -oE "(://|host=')[^]/' ),]+"; } 2>/dev/null |
      sed "s|^://||; s|^host='||; s|.*@||" | grep -v '^$' | sort -u)
  tail -n "$1" "$2" 2>/dev/null | sed -e 's|://[^/ ]*@|://|g' "${hide[@]}"
}
