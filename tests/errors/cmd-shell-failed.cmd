shell docker-debian-bookworm --failed
