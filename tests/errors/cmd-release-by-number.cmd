show docker-ubuntu-24.04-standard
