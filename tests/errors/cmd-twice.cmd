list docker-docker-debian-bookworm
