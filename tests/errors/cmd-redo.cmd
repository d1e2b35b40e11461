run -n --redo tsted docker-debian-bookworm
