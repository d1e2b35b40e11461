list docker-debian-bookworm-
