list -e docker-fedora-42-clang
