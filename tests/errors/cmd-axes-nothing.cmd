list --axes xyzzy
