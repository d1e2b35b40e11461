list --set vars.jbos=4
