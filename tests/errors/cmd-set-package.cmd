list --set packages+=gpm
