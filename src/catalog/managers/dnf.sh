# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# dnf(8), dnf5(8), rpm(8). A name is also what a package provides: `pkgconfig(zlib)`, a file.

update() {
  dnf -q makecache
}

missing() {
  dnf --assumeno install $options -- "$@" 2>&1 | sed -n 's/^No match for argument: //p'
}

install() {
  dnf -y install $options -- "$@"
}

clean() {
  dnf -q clean all
}

installed() {
  rpm -qa --provides | sed 's/ .*//'
}
