list -- -rf
