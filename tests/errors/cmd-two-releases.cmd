list -e docker-debian-bookworm-trixie
