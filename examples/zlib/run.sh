#!/bin/sh
# Builds and tests zlib in Debian bookworm, with the engine this machine has: the whole of runenv in one command.
# What stands behind it are options of runenv: run.sh --dry-run
exec "$(dirname "$0")/../run.sh" zlib "$@"
