#!/bin/bash
# up.sh: installs, starts and checks the engines of the tests. Run it as often as you like: what works is left alone.
#
# Usage:        up.sh [docker] [podman] [registry]      no argument: all three
# Environment:  ENGINES_STATE     folder of pid files and logs   default /run/runenv-engines
#               ENGINES_REGISTRY  address of the registry        default 127.0.0.1:5000
#               ENGINES_TIMEOUT   seconds to wait for a daemon   default 60
# Output:       one line a service, `NAME up DETAILS` or `NAME FAILED WHY`; all else on standard error
# Exit:         0 every asked-for service works, 1 one does not, 2 wrong use (needs root; installs on Debian only)
set -uo pipefail
# shellcheck source=lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=podman.sh disable=SC1091
. "$HERE/podman.sh"
REGISTRY=${ENGINES_REGISTRY:-127.0.0.1:5000}
TIMEOUT=${ENGINES_TIMEOUT:-60}
SOCKET=/var/run/docker.sock

# --- daemons

# start NAME COMMAND...: in a session of its own, log and pid in STATE; 9>&- leaves our lock behind.
start() {
  local name=$1; shift
  setsid "$@" </dev/null >>"$STATE/$name.log" 2>&1 9>&- &
  echo $! >"$STATE/$name.pid"
}

# wait_for NAME CHECK: until CHECK is content; not longer than TIMEOUT, nor after the daemon has died.
wait_for() {
  local end=$((SECONDS + TIMEOUT))
  until "$2" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    kill -0 "$(cat "$STATE/$1.pid")" 2>/dev/null || return 1
    sleep 0.2
  done
}

# failed NAME: why, in one line
failed() { printf '%s FAILED see %s: %s\n' "$1" "$STATE/$1.log" "$(log_tail 1 "$STATE/$1.log")"; return 1; }

# --- docker

# The client is whichever comes first in PATH: Debian's or a newer one.
docker_here() { timeout 20 docker -H "unix://$SOCKET" "$@"; }
docker_works() { docker_here version --format '{{.Server.Version}}'; }

docker_packages() {
  docker_works >/dev/null 2>&1 && return
  echo iptables
  # Another maker's dockerd stays: its packages and docker.io exclude each other.
  { command -v docker && command -v dockerd; } >/dev/null || echo docker.io
}

# Pid files that a killed daemon left behind keep the next one from starting.
remove_stale_pids() {
  local file pid
  for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
    pid=$(cat "$file" 2>/dev/null) || continue
    is_process "$pid" dockerd || is_process "$pid" containerd || rm -f "$file"
  done
}

# Containers must not send larger packets than the way out takes, or their downloads hang.
way_out_mtu() {
  local device
  device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
  cat "/sys/class/net/${device:-none}/mtu" 2>/dev/null || echo 1500
}

# Installing the package may have started a daemon that is not ready yet.
start_docker() {
  remove_stale_pids
  if is_process "$(cat /var/run/docker.pid 2>/dev/null)" dockerd; then
    cp /var/run/docker.pid "$STATE/docker.foreign.pid"
    wait_for docker.foreign docker_works && return
  fi
  start docker dockerd --pidfile "$STATE/dockerd.own.pid" --mtu "$(way_out_mtu)"
  wait_for docker docker_works
}

up_docker() {
  docker_works >/dev/null 2>&1 || start_docker || { failed docker; return; }
  printf 'docker up engine %s, storage %s, cli %s\n' "$(docker_works)" \
    "$(docker_here info --format '{{.Driver}}' 2>/dev/null)" \
    "$(docker_here version --format '{{.Client.Version}}' 2>/dev/null)"
}

# --- registry

registry_works() { curl -fsS --noproxy '*' -m 5 "http://$REGISTRY/v2/"; }

start_registry() {
  mkdir -p "$STATE/registry"
  cat >"$STATE/registry.yml" <<YML
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: $STATE/registry}
  delete: {enabled: true}
http: {addr: "$REGISTRY"}
YML
  start registry docker-registry serve "$STATE/registry.yml"
  wait_for registry registry_works
}

up_registry() {
  registry_works >/dev/null 2>&1 || start_registry || { failed registry; return; }
  printf 'registry up %s\n' "$REGISTRY"
}

# --- podman (no daemon: configure it, then try it)

up_podman() {
  command -v podman >/dev/null || { echo "podman FAILED not installed"; return 1; }
  podman_configure "$REGISTRY"
  podman_works 2>"$STATE/podman.log" || { failed podman; return; }
  printf 'podman up %s, runtime %s, storage %s\n' "$(podman version --format '{{.Client.Version}}')" \
    "$(podman info --format '{{.Host.OCIRuntime.Name}}')" "$(podman info --format '{{.Store.GraphDriverName}}')"
}

# --- all

packages_of() {
  case $1 in
    docker) docker_packages;;
    podman) printf '%s\n' podman buildah catatonit runc containernetworking-plugins iptables busybox-static;;
    registry) printf '%s\n' docker-registry curl ca-certificates;;
  esac
}

main() {
  local name packages=() code=0
  [ $# -gt 0 ] || set -- docker podman registry
  for name in "$@"; do
    case $name in docker|podman|registry) ;; *) die "no service is called '$name' (docker, podman, registry)" 2;; esac
  done
  [ "$(id -u)" = 0 ] || die "must be root" 2
  mkdir -p "$STATE"
  # One at a time, or two callers start two daemons.
  exec 9>"$STATE/lock"
  flock -w 300 9 || die "another run holds $STATE/lock"
  mapfile -t packages < <(for name in "$@"; do packages_of "$name"; done)
  "$HERE/packages.sh" "${packages[@]}" 9>&- || say "going on without"
  for name in "$@"; do "up_$name" || code=1; done
  return $code
}
main "$@"
