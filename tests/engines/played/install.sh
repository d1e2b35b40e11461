#!/bin/sh
# install.sh NAME...: (in an image) installs Debian packages. Exit: apt-get's.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@" >/dev/null
