list docker-ubuntu
