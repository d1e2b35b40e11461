#!/bin/sh
# Fetches the source of zlib into the folder `zlib` beside this script.
#
# usage: fetch.sh [apt|site]
#
#   apt    the source package of this Debian or Ubuntu release (../debian-source.sh)
#   site   the release from https://zlib.net/, its sha256 checked; needs curl
#
# Without an argument: apt, then (no apt-get, or it failed) site. When `zlib` is there already, nothing is done. It
# appears by one rename, whole or not at all.
#
# exit codes: 0 the source is there, 1 it could not be fetched, 2 wrong usage
set -eu

version=1.3.1
sha256=9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23
url=https://zlib.net/fossils/zlib-$version.tar.gz

say() { printf 'fetch.sh: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

case $#${1-} in
0 | 1apt | 1site) way=${1-} ;;
1-h | 1--help)
    sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
*)
    say 'usage: fetch.sh [apt|site]'
    exit 2
    ;;
esac

cd "$(dirname "$0")"
[ "$way" = site ] || ! ../debian-source.sh zlib "$PWD/zlib" zlib.h || exit 0
[ "$way" != apt ] || exit 1
if [ -d zlib ]; then
    say "$PWD/zlib is there already"
    exit 0
fi

new=
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
new=$(mktemp -d "$PWD/.fetch.XXXXXX") # on the file system of `zlib`, for the rename
file=$new/zlib.tar.gz
command -v curl >/dev/null || fail "curl is not installed, so $url cannot be fetched"
curl --fail --silent --show-error --location --proto '=https' --retry 3 --output "$file" "$url" ||
    fail "could not fetch $url"
if command -v sha256sum >/dev/null; then found=$(sha256sum <"$file"); else found=$(shasum -a 256 <"$file"); fi
[ "${found%% *}" = "$sha256" ] ||
    fail "$url is not what it should be: its sha256 is ${found%% *}, wanted $sha256"
mkdir "$new/zlib"
tar -xf "$file" -C "$new/zlib" --strip-components=1 --no-same-owner
# Somebody else may have been faster: then theirs stays (a plain mv would put ours into it).
[ -d zlib ] || mv "$new/zlib" zlib
say "zlib $version from $url, in $PWD/zlib"
