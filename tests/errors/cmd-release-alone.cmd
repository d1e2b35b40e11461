list docker-24.04-standard docker-latest-standard docker-10-standard docker-bookworm-standard
