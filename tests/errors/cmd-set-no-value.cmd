show docker-debian-bookworm --set memory
