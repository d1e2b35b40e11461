list --skip 'docker-debain-bookworm,docker-fedora-99,*-minimal'
