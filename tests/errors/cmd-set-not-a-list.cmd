list --set memory+=2g
