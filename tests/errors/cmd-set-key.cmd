show docker-debian-bookworm --set memroy=2g
