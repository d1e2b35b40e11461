run 'podman-*'
