list docker-standard
