ci matrix -f ''
