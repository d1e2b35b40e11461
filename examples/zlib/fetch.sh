#!/bin/sh
# Fetches the source of zlib into the folder `zlib` beside this script.
#
# usage: fetch.sh [apt|site]
#
#   apt    the source package of this Debian or Ubuntu release, from the mirrors this machine uses;
#          with lists and caches of its own in a temporary folder, so that nothing of the machine's
#          apt is touched; needs no root
#   site   the release from https://zlib.net/, its sha256 checked; needs curl
#
# Without an argument: apt where there is apt-get, then (no apt-get, or it failed) site.
# When `zlib` is there already, nothing is done. It appears by one rename, whole or not at all.
#
# exit codes: 0 the source is there, 1 it could not be fetched, 2 wrong usage
set -eu

version=1.3.1
sha256=9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23
url=https://zlib.net/fossils/zlib-$version.tar.gz

say() { printf 'fetch.sh: %s\n' "$*" >&2; }

# The machine's own sources, asked for their source packages. $1: a temporary folder
from_apt() {
    mkdir -p "$1/sources.d" "$1/state/lists/partial" "$1/cache/archives/partial" "$1/download"
    # root's apt-get downloads as the user _apt
    [ "$(id -u)" != 0 ] || ! id _apt >/dev/null 2>&1 || chown _apt "$1/download"
    [ ! -f /etc/apt/sources.list ] ||
        one_line /etc/apt/sources.list >"$1/sources.d/main.list"
    for file in /etc/apt/sources.list.d/*; do
        case $file in
        *.list) one_line "$file" >"$1/sources.d/${file##*/}" ;;
        *.sources) sed 's/^[Tt]ypes:.*/Types: deb-src/' "$file" >"$1/sources.d/${file##*/}" ;;
        esac
    done
    # As a file, not as options: only so can the machine's hooks be cleared (they clean its own cache).
    cat >"$1/apt.conf" <<END
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$1/sources.d";
Dir::State "$1/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$1/cache";
Acquire::Languages "none";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
    # A third party's source that has no source packages makes this fail; what counts is the next one.
    apt-get -c "$1/apt.conf" -qq update >&2 ||
        say 'apt-get update did not get every list; going on with those it got'
    (cd "$1/download" && apt-get -c "$1/apt.conf" -qq --download-only --tar-only source zlib >&2) || return 1
    for file in "$1"/download/zlib_*.orig.tar.*; do
        [ -f "$file" ] || continue
        case $file in *.asc) continue ;; esac
        unpack "$file"
        return
    done
    say 'apt-get brought no zlib_*.orig.tar.*'
    return 1
}

one_line() { sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$1"; }

# The official release. $1: a temporary folder
from_site() {
    command -v curl >/dev/null || {
        say "curl is not installed, so $url cannot be fetched"
        return 1
    }
    file=$1/zlib-$version.tar.gz
    curl --fail --silent --show-error --location --proto '=https' --retry 3 --output "$file" "$url" || {
        say "could not fetch $url"
        return 1
    }
    if command -v sha256sum >/dev/null; then found=$(sha256sum <"$file"); else found=$(shasum -a 256 <"$file"); fi
    [ "${found%% *}" = "$sha256" ] || {
        say "$url is not what it should be: its sha256 is ${found%% *}, wanted $sha256"
        return 1
    }
    unpack "$file"
}

# $1: a tarball with one folder in it, which becomes $new/zlib
unpack() {
    rm -rf "$new/zlib"
    mkdir "$new/zlib"
    tar -xf "$1" -C "$new/zlib" --strip-components=1 --no-same-owner || {
        say "could not unpack ${1##*/} (is its compressor installed?)"
        return 1
    }
    if [ ! -f "$new/zlib/configure" ] || [ ! -f "$new/zlib/zlib.h" ]; then
        say "${1##*/} is no source of zlib"
        return 1
    fi
}

case ${1-} in
'' | apt | site) way=${1-} ;;
-h | --help)
    sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
*)
    say "unknown argument '$1'; usage: fetch.sh [apt|site]"
    exit 2
    ;;
esac
[ "$#" -le 1 ] || {
    say 'one argument at most; usage: fetch.sh [apt|site]'
    exit 2
}

cd "$(dirname "$0")"
if [ -d zlib ]; then
    say "$PWD/zlib is there already"
    exit 0
fi

new=
temp=
trap 'rm -rf "$new" "$temp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
new=$(mktemp -d "$PWD/.fetch.XXXXXX") # on the file system of `zlib`, for the rename
temp=$(mktemp -d)
chmod 755 "$temp" # for the user _apt

if [ "$way" != site ]; then
    if ! command -v apt-get >/dev/null; then
        [ -z "$way" ] || say 'there is no apt-get here'
    elif from_apt "$temp"; then
        fetched='with apt-get'
    else
        say 'apt-get could not fetch the source package of zlib'
    fi
fi
if [ -z "${fetched-}" ] && [ "$way" != apt ] && from_site "$temp"; then
    fetched="from $url"
fi
[ -n "${fetched-}" ] || {
    say 'zlib was not fetched'
    exit 1
}
# Somebody else may have been faster: then theirs stays (a plain mv would put ours into it).
[ -d zlib ] || mv "$new/zlib" zlib
say "zlib $(sed -n 's/^#define ZLIB_VERSION "\(.*\)"/\1/p' zlib/zlib.h) $fetched, in $PWD/zlib"
