#!/bin/bash
# down.sh: ends the daemons that up.sh started (it goes by their pid files) and no others.
#
# Usage:        down.sh
# Environment:  ENGINES_STATE  folder of pid files   default /run/runenv-engines
# Output:       one line a daemon: `NAME stopped`, `NAME was not running`, `NAME not started by up.sh`, `NAME killed ...`
# Exit:         0 none of them runs any more in an orderly way, 1 one had to be killed, 2 wrong use
set -uo pipefail
# shellcheck source=lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"

# gone PID: within 30 seconds
gone() {
  local i
  for ((i = 0; i < 150; i++)); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.2
  done
  return 1
}

# stop NAME PROGRAM
stop() {
  local file=$STATE/$1.pid pid code=0
  pid=$(cat "$file" 2>/dev/null) || { echo "$1 not started by up.sh"; return; }
  if ! is_process "$pid" "$2"; then
    echo "$1 was not running"
  elif kill -TERM "$pid" && gone "$pid"; then
    echo "$1 stopped"
  else
    kill -KILL "$pid"
    echo "$1 killed (it did not stop in 30 s)"
    code=1
  fi
  rm -f "$file"
  return $code
}

[ $# = 0 ] || die "takes no arguments" 2
code=0
stop registry docker-registry || code=1
stop docker dockerd || code=1
exit $code
