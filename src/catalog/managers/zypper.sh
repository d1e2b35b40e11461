# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# zypper(8), rpm(8). A name is also what a package provides: `pkgconfig(zlib)`.

update() {
  zypper -n refresh
}

missing() {
  zypper -n install --dry-run $options -- "$@" 2>&1 | sed -n \
    -e "s/^No provider of '\(.*\)' found\.$/\1/p" \
    -e "s/^Package '\(.*\)' not found\.$/\1/p"
}

# 102 and 103: all is installed, and something wants to be started again.
install() {
  zypper -n install --no-recommends $options -- "$@" || {
    code=$?
    [ "$code" -eq 102 ] || [ "$code" -eq 103 ] || (exit "$code")
  }
}

clean() {
  zypper -n clean --all
}
