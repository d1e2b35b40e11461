# shellcheck shell=bash
# podman.sh: podman's configuration and a trial of it, for up.sh. Sourced, never run; needs lib.sh.

PODMAN_MARK='# written by tests/engines/up.sh'

# ours FILE: nobody's, or written by this script (or its forerunner)
ours() { [ ! -e "$1" ] || grep -qE '^# written by (tests/engines/up|engines-up)\.sh' "$1"; }

# A machine that may not raise limits (no CAP_SYS_RESOURCE) starts no container with podman's own
# defaults, so they become what this shell has. podman caps its nproc at pid_max first: so do we.
podman_limits() {
  local files processes most limits=()
  files=$(ulimit -Hn)
  processes=$(ulimit -Hu)
  most=$(cat /proc/sys/kernel/pid_max)
  if [ "$processes" = unlimited ] || [ "$processes" -gt "$most" ]; then processes=$most; fi
  [ "$files" = unlimited ] || limits+=("\"nofile=$files:$files\"")
  limits+=("\"nproc=$processes:$processes\"")
  (IFS=,; echo "default_ulimits = [${limits[*]}]")
}

podman_engine() {
  # crun wants pure cgroups v2; runc takes v1 and mixtures too.
  [ "$(stat -fc %T /sys/fs/cgroup 2>/dev/null)" = cgroup2fs ] || echo 'runtime = "runc"'
  [ -d /run/systemd/system ] || echo 'cgroup_manager = "cgroupfs"'
  echo 'events_logger = "file"'
}

# podman_configure REGISTRY: a containers.conf that is not ours is left as it is.
podman_configure() {
  local conf=/etc/containers/containers.conf
  mkdir -p /etc/containers/registries.conf.d
  if ours "$conf"; then
    { echo "$PODMAN_MARK"; echo '[containers]'; podman_limits; echo '[engine]'; podman_engine; } >"$conf"
  else
    say "podman: $conf is not ours, left as it is"
  fi
  printf '%s\n[[registry]]\nlocation = "%s"\ninsecure = true\n' "$PODMAN_MARK" "$1" \
    >/etc/containers/registries.conf.d/50-runenv-loopback.conf
  [ -e /etc/containers/policy.json ] ||
    echo '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
}

# podman_trial FOLDER: import one program as an image, run it, build a RUN step on it.
podman_trial() {
  local image=localhost/runenv-engines-check
  mkdir -p "$1/root/bin" "$1/root/tmp" "$1/root/etc" &&
    cp /bin/busybox "$1/root/bin/" && ln -s busybox "$1/root/bin/sh" &&
    tar -C "$1/root" -cf "$1/root.tar" . &&
    podman import -q "$1/root.tar" "$image:latest" >/dev/null &&
    [ "$(timeout 60 podman run --rm "$image:latest" /bin/sh -c 'echo ok')" = ok ] &&
    printf 'FROM %s:latest\nRUN echo %s >/stamp\n' "$image" $$ >"$1/Dockerfile" &&
    timeout 60 podman build -q --no-cache -t "$image:built" -f "$1/Dockerfile" "$1/root" >/dev/null
}

podman_works() {
  local folder code=0
  folder=$(mktemp -d) || return
  podman_trial "$folder" || code=1
  podman rmi -f localhost/runenv-engines-check:built localhost/runenv-engines-check:latest >/dev/null 2>&1
  rm -rf "$folder"
  return $code
}
