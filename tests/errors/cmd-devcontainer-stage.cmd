devcontainer docker-debian-bookworm-minimal --to biult
