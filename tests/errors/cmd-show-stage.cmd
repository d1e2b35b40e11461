context docker-debian-bookworm bulit
