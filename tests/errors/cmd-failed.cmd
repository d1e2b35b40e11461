run --failed 'docker-*-minimal'
