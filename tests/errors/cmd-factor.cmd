list docker-fedroa-41
