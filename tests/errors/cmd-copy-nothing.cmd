context docker-debian-bookworm built
