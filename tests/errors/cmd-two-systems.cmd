list docker-debian-bookworm-fedora-41
