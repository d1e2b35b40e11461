devcontainer local-host-minimal
