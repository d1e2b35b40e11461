list -e docker-fedora-noble
