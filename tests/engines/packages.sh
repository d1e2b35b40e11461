#!/bin/bash
# packages.sh: installs the named Debian packages that are missing.
#
# Usage:        packages.sh NAME...
# Environment:  ENGINES_STATE  folder of apt.log   default /run/runenv-engines
# Output:       nothing on standard output; what it installs and what went wrong on standard error
# Exit:         0 all are installed, 1 some are not, 2 it may not or cannot install here
set -uo pipefail
# shellcheck source=lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"

missing() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
  done
}

# Lock::Timeout: somebody else's apt-get may be at work (unattended upgrades), wait for it.
# 8>&-: a package may start a daemon, which must not keep our lock.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@" \
    </dev/null >>"$STATE/apt.log" 2>&1 8>&-
}

install() {
  mkdir -p "$STATE"
  exec 8>"$STATE/apt.lock"
  flock -w 600 8 || die "another run holds $STATE/apt.lock"
  say "installing: $*"
  apt update || say "apt-get update failed, going on with the lists there are (see $STATE/apt.log)"
  apt install -y --no-install-recommends "$@" && return
  say "apt-get install failed:"
  log_tail 5 "$STATE/apt.log" >&2
  return 1
}

[ $# -gt 0 ] || exit 0
command -v apt-get >/dev/null || die "this is not a Debian machine, install by hand: $*" 2
mapfile -t names < <(missing "$@")
[ ${#names[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || die "not root and no sudo, install by hand: ${names[*]}" 2
  exec sudo "$HERE/packages.sh" "${names[@]}"
fi
install "${names[@]}"
