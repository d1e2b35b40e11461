list docker-jammy
