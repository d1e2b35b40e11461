list --set stage.biult.timeout=5m
