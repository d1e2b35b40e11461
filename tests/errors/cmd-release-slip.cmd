list docker-debian-bokworm
