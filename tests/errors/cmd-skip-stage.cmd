run --skip docker-debian-bookworm-built
