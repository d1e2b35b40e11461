logs docker-debian-bookworm
