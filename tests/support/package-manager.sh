#!/bin/sh
# package-manager.sh: plays package managers for tests; put it into PATH under their names.
#
# Environment:  PLAYED  a folder, with
#   log        written: a call a line, each word with a NUL behind it
#   there      names that there are, one a line
#   also       names that are taken too, and that no list of names has
#   broken     names, of those, that cannot be installed
#   offline    if it is there, lists cannot be refreshed; a text in it: only while that is in a file below etc/
set -u
me=${0##*/}
{ printf '%s\0' "$me" "$@"; echo; } >>"$PLAYED/log"

in_file() { grep -qxF -e "$2" "$PLAYED/$1"; }

# has NAME: with a version behind it, too
has() { in_file there "$1" || in_file also "$1" || in_file there "${1%%[=<>~]*}"; }

# gone FORMAT NAME...: a line of each of the names that there are not
gone() {
  format=$1; shift
  for name do
    # shellcheck disable=SC2059 # it is one of the formats below
    has "$name" || printf "$format\n" "$name"
  done
}

# take NAME...: all of them, or it fails
take() {
  for name do
    if ! has "$name" || in_file broken "$name"; then
      echo "cannot install $name"
      exit 1
    fi
  done
}

# some NAME...: as those that leave out what there is not
some() {
  count=0
  for name do
    ! has "$name" || { take "$name"; count=$((count + 1)); }
  done
  [ $count -gt 0 ]
}

refresh() {
  [ ! -e "$PLAYED/offline" ] || ! grep -rqF -e "$(cat "$PLAYED/offline")" "$PLAYED/etc"
}

case "$me $*" in
  # An old apt: only that it knows no source tells that there was none.
  'apt-get '*update) ;;
  'apt-cache policy')
    printf 'Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n'
    ! refresh || echo ' 500 http://mirror/debian stable/main amd64 Packages' ;;
  'dnf -q '*makecache | 'yum -q makecache' | 'zypper -n refresh' | 'emerge-webrsync '* | 'xbps-install -'*yu* | \
    'slackpkg '*' update'* | 'apk update' | 'nix-channel '* | 'brew update') refresh ;;
  'yum -y '*) shift 3; some "$@" ;;
  'yum install -- @'*) echo "Warning: Group ${3#@} does not exist."; exit 1 ;;
  'yum install '*) shift 2; gone 'No package %s available.' "$@"; exit 1 ;;
  'portageq mass_best_visible / ebuild '*)
    shift 3
    for name do
      if has "$name"; then printf '%s\n' "$name:$name-1.0"; else printf '%s\n' "$name:"; fi
    done ;;
  'emerge '*) shift 6; take "$@" ;;
  'xbps-query -Rs ') sed 's/.*/[-] &-1.0_1        what it is/' "$PLAYED/there" ;;
  'xbps-query -R '*) has "$5" ;;
  'xbps-install -y -- '*) shift 2; take "$@" ;;
  'slackpkg '*' install '*)
    shift 3
    for name do
      ! has "$name" || in_file broken "$name" || : >"$PLAYED/var/log/packages/$name-1.0-x86_64-1"
    done
    exit 20 ;;
  'apk add --simulate '*)
    shift 2
    [ -z "$(gone %s "$@")" ] || echo 'ERROR: unable to select packages:'
    for name do
      has "$name" || printf '  %s (no such package):\n    required by: world[%s]\n' "${name%%[=<>~]*}" "$name"
    done ;;
  'apk add '*) shift; take "$@" ;;
  'nix-instantiate '*) printf '["%s"]' "$(printf '%s\n' "$6" | while read -r name; do gone %s "$name"; done | paste -sd, | sed 's/,/","/g')" ;;
  'nix-env -f <nixpkgs> -i -A '*) shift 4; take "$@" ;;
  'conda install --yes --dry-run '*)
    shift 3
    echo 'PackagesNotFoundError: The following packages are not available from current channels:'
    echo
    gone '  - %s' "$@"
    printf '  - defaults::one==1\n\nCurrent channels:\n\n  - defaults\n' ;;
  'conda search '*) has "$2" ;;
  'conda install '*) shift 2; take "$@" ;;
  'brew formulae') cat "$PLAYED/there" ;;
  'brew info '*) has "$2" ;;
  'brew install '*) shift; take "$@" ;;
  'brew --cache') echo "$PLAYED/cache" ;;
  *clean* | *-garbage*) ;;
  *) echo "nobody plays: $me $*"; exit 99 ;;
esac
