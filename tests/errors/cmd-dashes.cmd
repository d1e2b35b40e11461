list docker--debian-bookworm
