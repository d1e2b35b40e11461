list 'docker-debian
bookworm' 'a[31mb' 'a	b' 'docker–debian'
