list docker-scientificlinux-7x
