list Docker-Debian-Bookworm
