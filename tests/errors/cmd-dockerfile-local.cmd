dockerfile local-host-minimal
