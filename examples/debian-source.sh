#!/bin/sh
# Fetches the original source of a Debian source package into a folder, from the mirrors this machine uses.
#
# usage: debian-source.sh PACKAGE FOLDER FILE      for example: debian-source.sh zlib zlib configure
#
# FILE is one that the source must have. apt-get gets lists and caches of its own in a temporary folder, so that nothing
# of the machine's apt is touched; no root is needed. When FOLDER is there already, nothing is done. It appears by one
# rename, whole or not at all.
#
# exit codes: 0 the source is there, 1 it could not be fetched, 2 wrong usage
set -eu

say() { printf 'debian-source.sh: %s\n' "$*" >&2; }
[ "$#" = 3 ] || {
    say 'usage: debian-source.sh PACKAGE FOLDER FILE'
    exit 2
}
package=$1 folder=$2 file=$3
if [ -d "$folder" ]; then
    say "$folder is there already"
    exit 0
fi
command -v apt-get >/dev/null || {
    say 'there is no apt-get here'
    exit 1
}

one_line() { sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$1"; }

# The machine's own sources, asked for their source packages. $1: a temporary folder
download() {
    mkdir -p "$1/sources.d" "$1/state/lists/partial" "$1/cache/archives/partial" "$1/download"
    # root's apt-get downloads as the user _apt
    [ "$(id -u)" != 0 ] || ! id _apt >/dev/null 2>&1 || chown _apt "$1/download"
    [ ! -f /etc/apt/sources.list ] ||
        one_line /etc/apt/sources.list >"$1/sources.d/main.list"
    for list in /etc/apt/sources.list.d/*; do
        case $list in
        *.list) one_line "$list" >"$1/sources.d/${list##*/}" ;;
        *.sources) sed 's/^[Tt]ypes:.*/Types: deb-src/' "$list" >"$1/sources.d/${list##*/}" ;;
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
    (cd "$1/download" && apt-get -c "$1/apt.conf" -qq --download-only --tar-only source "$package" >&2)
}

# $1: a tarball with one folder in it, which becomes $new/source
unpack() {
    mkdir "$new/source"
    tar -xf "$1" -C "$new/source" --strip-components=1 --no-same-owner || {
        say "could not unpack ${1##*/} (is its compressor installed?)"
        return 1
    }
    [ -f "$new/source/$file" ] || {
        say "${1##*/} has no $file"
        return 1
    }
}

new=
temp=
trap 'rm -rf "$new" "$temp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
new=$(mktemp -d "$(dirname "$folder")/.fetch.XXXXXX") # on the file system of the folder, for the rename
temp=$(mktemp -d)
chmod 755 "$temp" # for the user _apt

download "$temp" || {
    say "apt-get could not fetch the source package of $package"
    exit 1
}
for tarball in "$temp/download/$package"_*.orig.tar.*; do
    case $tarball in
    *.asc) ;;
    *'*') say "apt-get brought no ${package}_*.orig.tar.*" && exit 1 ;;
    *) break ;;
    esac
done
unpack "$tarball"
# Somebody else may have been faster: then theirs stays (a plain mv would put ours into it).
[ -d "$folder" ] || mv "$new/source" "$folder"
name=${tarball##*/}
say "${name%.orig.tar.*} with apt-get, in $folder"
