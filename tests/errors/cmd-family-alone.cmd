list docker-almalinux
