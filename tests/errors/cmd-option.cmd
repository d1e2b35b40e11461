list --jsn
