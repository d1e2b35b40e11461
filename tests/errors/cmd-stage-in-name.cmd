run -n docker-debian-bookworm-bulit
