list --skip 'docker-debain-bookworm,docker-scientificlinux-99,*-minimal'
