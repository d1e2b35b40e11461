list --axes -f fedora
