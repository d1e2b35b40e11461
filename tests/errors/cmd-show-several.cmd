show 'docker-fedora-*'
