show docker-debian-bookworm --set 'a b=2'
