run -n --to tsted docker-debian-bookworm
