list 'docker-debain-*'
