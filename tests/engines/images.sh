#!/bin/bash
# images.sh: the base images of the tests, made of Debian packages alone and put into every engine that answers.
#
# Usage:        images.sh [busybox] [debian] [debian2] [dnf] [zypper] [pacman]      no argument: all
#                 busybox  busybox:latest      sh and its applets, 2 MB: enough for tests of the runner
#                 debian   debian:bookworm     apt-get and dpkg
#                 debian2  debian:trixie       a second release of it
#                 dnf      fedora:40           ) the real package manager in a Debian root without apt, under the
#                 zypper   opensuse/leap:15.6  ) other system's name, with a repository of self-made packages in
#                 pacman   archlinux:latest    ) /srv/repo: it needs no network. See played/
# Environment:  IMAGES_ENGINES    engines to fill              default "docker podman", those that answer
#               IMAGES_CACHE      folder of root file systems  default /var/cache/runenv-base
#               IMAGES_FORCE=1    make them anew
#               IMAGES_MIRROR     Debian mirror                default this machine's own
#               IMAGES_SUITE2     release of debian2           default trixie (bullseye, sid, forky work too)
#               IMAGES_PACKAGES   NAME or NAME=DEPENDENCY in the self-made repositories; each brings a command
#                                 NAME that prints "NAME 1.0"
#               IMAGES_PODMAN_PREFIX  what comes before the names in podman   default localhost
# Output:       one line an image: `NAME seconds s size MB`, or `NAME FAILED`; all else on standard error
# Exit:         0 all are there, 1 one is not or no engine answers, 2 wrong use (root is needed)
set -uo pipefail
# shellcheck source=lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=rootfs.sh disable=SC1091
. "$HERE/rootfs.sh"
CACHE=${IMAGES_CACHE:-/var/cache/runenv-base}
FORCE=${IMAGES_FORCE:-}
SUITE2=${IMAGES_SUITE2:-trixie}
PACKAGES=${IMAGES_PACKAGES:-hello-one hello-two=hello-one gcc gcc-c++ make cmake ninja-build git python3 sudo}
engines=()

# --- images in engines

# full ENGINE NAME: podman finds a short name as localhost/NAME.
full() { if [ "$1" = podman ]; then echo "${IMAGES_PODMAN_PREFIX:-localhost}/$2"; else echo "$2"; fi; }

everywhere() {
  local engine
  for engine in "${engines[@]}"; do
    "$engine" image inspect "$(full "$engine" "$1")" >/dev/null 2>&1 || return
  done
}

# import TAR NAME [CHANGE...]
import() {
  local tar=$1 name=$2 changes=() change engine; shift 2
  for change in "$@"; do changes+=(-c "$change"); done
  for engine in "${engines[@]}"; do
    "$engine" import "${changes[@]}" "$tar" "$(full "$engine" "$name")" >"$CACHE/import.log" 2>&1 ||
      { say "$engine import of $name failed:"; log_tail 3 "$CACHE/import.log" >&2; return 1; }
  done
}

megabytes() { echo $(($("${engines[0]}" image inspect -f '{{.Size}}' "$(full "${engines[0]}" "$1")") / 1000000)); }

# ensure NAME COMMAND...: runs COMMAND unless every engine has the image, and prints its line.
ensure() {
  local name=$1 start=$SECONDS; shift
  if [ -n "$FORCE" ] || ! everywhere "$name"; then
    "$@" || { printf '%-22s FAILED\n' "$name"; return 1; }
  fi
  printf '%-22s %5s s %6s MB\n' "$name" $((SECONDS - start)) "$(megabytes "$name")"
}

# --- the images

make_busybox() {
  busybox_tar "$CACHE/busybox.tar" &&
    import "$CACHE/busybox.tar" busybox:latest 'CMD ["/bin/sh"]' 'ENV PATH=/bin:/usr/bin'
}

make_debian() { debian_tar "$1" "$CACHE/$1.tar" && import "$CACHE/$1.tar" "debian:$1" 'CMD ["bash"]'; }

# flatten ENGINE IMAGE TAR: the layers of its making are of no use to the tests.
flatten() {
  local container code=0
  container=$("$1" create "$2") || return
  "$1" export -o "$3" "$container" || code=1
  "$1" rm "$container" >/dev/null
  return $code
}

# make_played STAGE NAME: STAGE of played/Dockerfile. The legacy builder, BuildKit and podman all take it.
make_played() {
  local engine=${engines[0]} image
  image=$(full "$engine" "runenv-base:$1")
  everywhere debian:bookworm || make_debian bookworm || return
  DOCKER_BUILDKIT=0 "$engine" build -q --target "$1" --build-arg "PACKAGES=$PACKAGES" -t "$image" "$HERE/played" \
    >"$CACHE/$1.log" 2>&1 || { say "build of $1 failed:"; log_tail 5 "$CACHE/$1.log" >&2; return 1; }
  flatten "$engine" "$image" "$CACHE/$1.tar" && import "$CACHE/$1.tar" "$2" 'CMD ["bash"]'
}

# forget_making: what the images were flattened from is of no use any more.
forget_making() {
  local engine=${engines[0]} images
  mapfile -t images < <("$engine" image ls -q "$(full "$engine" runenv-base)")
  [ ${#images[@]} = 0 ] || "$engine" image rm -f "${images[@]}" >/dev/null 2>&1
}

provide() {
  case $1 in
    busybox) ensure busybox:latest make_busybox;;
    debian)  ensure debian:bookworm make_debian bookworm;;
    debian2) ensure "debian:$SUITE2" make_debian "$SUITE2";;
    dnf)     ensure fedora:40 make_played dnf fedora:40;;
    zypper)  ensure opensuse/leap:15.6 make_played zypper opensuse/leap:15.6;;
    pacman)  ensure archlinux:latest make_played pacman archlinux:latest;;
  esac
}

# --- all

find_engines() {
  local engine
  for engine in ${IMAGES_ENGINES:-docker podman}; do
    ! answers "$engine" || engines+=("$engine")
  done
  [ ${#engines[@]} -gt 0 ] || die "no engine answers (up.sh starts them)"
}

main() {
  local name code=0
  [ $# -gt 0 ] || set -- busybox debian debian2 dnf zypper pacman
  for name in "$@"; do
    case $name in busybox|debian|debian2|dnf|zypper|pacman) ;; *) die "no image is called '$name'" 2;; esac
  done
  [ "$(id -u)" = 0 ] || die "must be root" 2
  find_engines
  mkdir -p "$CACHE"
  # One at a time: two would write the same tar files.
  exec 9>"$CACHE/lock"
  flock -w 600 9 || die "another run holds $CACHE/lock"
  for name in "$@"; do provide "$name" || code=1; done
  forget_making
  return $code
}
main "$@"
