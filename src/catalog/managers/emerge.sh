# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# emerge(1), portageq(1). A name is an atom: `sci-mathematics/singular[readline]`, `dev-lang/python:3.11`.

# A snapshot: what `emerge --sync` fetches file by file.
update() {
  emerge-webrsync --quiet
}

# One line an atom: `ATOM:`, and behind it the best version. USE flags can be set: they are no question. What is
# masked is called missing, too, though the install might unmask it.
missing() {
  for name do
    shift
    set -- "$@" "${name%%\[*}"
  done
  portageq mass_best_visible / ebuild "$@" 2>/dev/null | sed -n 's/:$//p'
}

# Built packages are taken where there are some; USE flags that an atom asks for are written down.
install() {
  emerge --ask=n --quiet --quiet-build=y --noreplace --getbinpkg --autounmask-continue $options "$@"
}

# The tree of ebuilds stays: the profile is in it.
clean() {
  rm -rf /var/cache/distfiles/* /var/cache/binpkgs/* /var/tmp/portage/*
}

installed() {
  for file in /var/db/pkg/*/*/SLOT; do
    name=${file#/var/db/pkg/}
    name=${name%/SLOT}
    name=${name%-[0-9]*}
    slot=$(cat "$file")
    printf '%s\n' "$name" "$name:${slot%/*}"
  done
}
