# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# dnf(8), dnf5(8), rpm(8). A name is also what a package provides: `pkgconfig(zlib)`, a file.

# A source that is away is an error, whatever it says of itself; but for Cisco's codec, of which nothing is needed.
update() {
  dnf -q --setopt='*.skip_if_unavailable=0' --setopt='*openh264.skip_if_unavailable=1' makecache
}

missing() {
  dnf --assumeno install $options -- "$@" 2>&1 | sed -n \
    -e 's/^No match for argument: //p' \
    -e "s/^Module or Group '\(.*\)' is not available\.$/@\1/p"
}

install() {
  dnf -y install $options -- "$@"
}

clean() {
  dnf -q clean all
}
