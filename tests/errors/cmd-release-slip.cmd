list docker-raspbian-bustre
