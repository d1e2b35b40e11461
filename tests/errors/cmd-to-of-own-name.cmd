run -n --to built lint
