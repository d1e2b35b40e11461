run --engine dokcer docker-debian-bookworm
