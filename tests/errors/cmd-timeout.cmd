run --timeout forever docker-debian-bookworm
