list 'docker-{debian-bookworm,fedora-{41,43}}-minimal'
