run -q -v lint
