# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# xbps-install(1), xbps-query(1). xbps upgrades itself first, then all: packages need the libraries of their day.

update() {
  xbps-install -Syu xbps && xbps-install -yu
}

# All names there are in one query; what is not among them may be another's name, or have a version: `a>=1`.
missing() {
  there=$(xbps-query -Rs '' | sed 's/^\[.\] \([^ ]*\)-[^- ]* .*/\1/' | grep -xF -e "$(printf '%s\n' "$@")") || :
  for name do
    printf '%s\n' "$there" | grep -qxF -e "$name" ||
      xbps-query -R -p pkgver -- "$name" >/dev/null 2>&1 || printf '%s\n' "$name"
  done
}

install() {
  xbps-install -y $options -- "$@"
}

clean() {
  rm -rf /var/cache/xbps/*
}

installed() {
  xbps-query -l | sed 's/^.. \([^ ]*\)-[^- ]* .*/\1/'
}
