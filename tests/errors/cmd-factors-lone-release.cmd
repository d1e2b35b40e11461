list -f bookworm
