docker-debian-bookworm list
