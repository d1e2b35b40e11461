list -e docker-fedora-42-gcc-12
