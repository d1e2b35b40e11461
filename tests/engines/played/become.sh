#!/bin/sh
# become.sh LINE...: (in an image) writes LINEs to /etc/os-release and removes what only Debian has, and these scripts.
set -eu
rm -f /etc/os-release /usr/lib/os-release /etc/debian_version
printf '%s\n' "$@" >/etc/os-release
rm -rf /var/lib/apt/lists/* /var/cache/apt /etc/apt /usr/bin/apt /usr/bin/apt-* /usr/bin/dpkg*
rm -f /install.sh /become.sh
