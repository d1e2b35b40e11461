list --all 'docker-debain-*'
