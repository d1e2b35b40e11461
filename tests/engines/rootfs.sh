# shellcheck shell=bash
# rootfs.sh: makes root file systems as tar files, for images.sh. Sourced, never run; needs lib.sh, $HERE, $FORCE.

# The mirror this machine's apt uses, from either form of source list; nothing where none is to be seen
# (mmdebstrap has a default).
mirror() {
  [ -z "${IMAGES_MIRROR:-}" ] || { echo "$IMAGES_MIRROR"; return; }
  {
    sed -n 's/^URIs:[[:space:]]*\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
    sed -n 's/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?\([^ ]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
  } 2>/dev/null | grep -E '/debian/?$' | head -1
}

# debian_tar SUITE TAR: kept once made. A half-written tar has another name.
# Check-Valid-Until: the lists of sid and testing expire soon, and a mirror may be a snapshot.
debian_tar() {
  local suite=$1 tar=$2 part=${2%/*}/part.$1.tar log=${2%.tar}.log from
  [ ! -s "$tar" ] || [ -n "$FORCE" ] || return 0
  "$HERE/packages.sh" mmdebstrap ca-certificates 9>&- || return
  from=$(mirror)
  mmdebstrap --quiet --mode=root --variant=minbase --include=ca-certificates \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$part" ${from:+"$from"} </dev/null >"$log" 2>&1 ||
    { say "mmdebstrap $suite failed:"; log_tail 3 "$log" >&2; return 1; }
  mv "$part" "$tar"
}

# busybox_root FOLDER
busybox_root() {
  local applet
  mkdir -p "$1"/{bin,etc,tmp,root,proc,sys,dev,home,usr/bin,var/tmp} && chmod 1777 "$1/tmp" "$1/var/tmp" &&
    cp /bin/busybox "$1/bin/busybox" || return
  for applet in $("$1/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
  done
  ln -s ../../bin/env "$1/usr/bin/env"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
  printf 'ID=busybox\nNAME=BusyBox\nVERSION_ID=1\n' >"$1/etc/os-release"
}

# busybox_tar TAR
busybox_tar() {
  local folder code=0
  "$HERE/packages.sh" busybox-static 9>&- || return
  folder=$(mktemp -d) || return
  chmod 755 "$folder"
  { busybox_root "$folder" && tar -C "$folder" --numeric-owner --owner=0 --group=0 -cf "$1" .; } || code=1
  rm -rf "$folder"
  return $code
}
