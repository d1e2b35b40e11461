list -e docker-fedora-42-gcc_13
