run -n docker-fedroa-41 -e docker-debain-bookworm,lnit
