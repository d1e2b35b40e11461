list --set allow-volumes=yes
