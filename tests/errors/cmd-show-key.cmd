show docker-debian-bookworm imgae
