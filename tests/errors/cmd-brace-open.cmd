list 'docker-{debian-bookworm,fedora'
