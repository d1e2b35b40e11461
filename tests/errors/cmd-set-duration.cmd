show docker-debian-bookworm --set timeout=soon
