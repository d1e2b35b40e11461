list 'docker-{debian-bookworm,scientificlinux-{7,99}}-minimal'
