list docker-fedora-35x
