show docker-debian-bookworm --set vars.jobs+=4
