#!/bin/sh
# Fetches the source of xz into the folder `xz` beside this script: that of the source package of this Debian release.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../debian-source.sh" xz-utils "$here/xz" autogen.sh
