list debian-bookworm
