#!/bin/bash
# any.sh: one container engine that works and has the image debian:bookworm; gets both when they are not there.
#
# Usage:        engine=$(tests/engines/any.sh)
# Environment:  ANY_PULL_SECONDS  how long a pull may take   default 90; ENGINES_* and IMAGES_* of up.sh, images.sh
# Output:       `docker` or `podman`; all else on standard error
# Exit:         0 the engine is usable, 1 none could be made so (standard error says why), 2 wrong use
#
# An engine that answers is taken as it is. Only when there is none, docker is installed and started (Debian, as
# root or by sudo). The image is pulled, or made from Debian packages when no registry can be reached.
set -uo pipefail
# shellcheck source=lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
IMAGE=debian:bookworm
SOCKET=/var/run/docker.sock

# as_root COMMAND...
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@" >&2
  elif command -v sudo >/dev/null; then
    sudo "$@" >&2
  else
    say "any.sh: not root and no sudo, so this cannot be done: $*"
    return 1
  fi
}

has_image() { "$1" image inspect "$IMAGE" >/dev/null 2>&1; }

# The full name, because podman may know no registry to look for a short one.
pull() {
  say "any.sh: pulling $IMAGE with $1"
  timeout "${ANY_PULL_SECONDS:-90}" "$1" pull -q "docker.io/library/$IMAGE" >/dev/null 2>&1
}

# An image made by root is in root's podman, where nobody else sees it; docker has but one store.
make_image() {
  if [ "$1" = podman ] && [ "$(id -u)" != 0 ]; then
    say "any.sh: $IMAGE cannot be made for a podman without root"
    return 1
  fi
  say "any.sh: no registry gave $IMAGE, making it from Debian packages"
  as_root env IMAGES_ENGINES="$1" "$HERE/images.sh" debian
}

get_image() { has_image "$1" || pull "$1" || make_image "$1"; }

# An engine can answer and yet start no container (limits, cgroups): try.
runs() {
  local why
  why=$(timeout 60 "$1" run --rm "$IMAGE" true 2>&1) && return
  say "any.sh: $1 answers but starts no container: $(tail -n 1 <<<"$why")"
  return 1
}

usable() { answers "$1" && get_image "$1" && runs "$1"; }

# not_ours: docker runs, for others.
not_ours() {
  [ -S "$SOCKET" ] && [ ! -w "$SOCKET" ] || return 1
  say "any.sh: docker runs, but not for $(id -un): join the group docker, or be root"
}

start_docker() {
  ! not_ours || return 1
  say "any.sh: no engine works here, starting docker"
  as_root "$HERE/up.sh" docker && ! not_ours
}

main() {
  local engine
  [ $# = 0 ] || die "takes no arguments" 2
  for engine in docker podman; do
    ! usable "$engine" || { echo "$engine"; return; }
  done
  if ! answers docker && start_docker && usable docker; then echo docker; return; fi
  die "no container engine is usable: install docker or podman, start it, and see that $IMAGE is there"
}
main "$@"
