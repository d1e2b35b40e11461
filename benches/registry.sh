#!/bin/bash
# registry.sh: 828 keys that a registry does not have (138 environments of six stages), against as many curls.
#
# Usage:        benches/registry.sh [RUNS]      default 5
# Needs:        docker and the registry on 127.0.0.1:5000 (tests/engines/up.sh), curl, hyperfine
# Output:       medians in milliseconds and the ratio (goal: 0.125)
# Exit:         0 measured, 1 not all of it was asked, 2 something is missing
#
# `list --stale` asks as a run does before it begins anything. The base image is locked, so that no key needs an engine.
set -euo pipefail
cd "$(dirname "$0")/.."
RUNS=${1:-5}
HOST=127.0.0.1:5000
RUNENV=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/runenv
for tool in docker curl hyperfine; do
  command -v "$tool" >/dev/null || { echo "registry.sh: no $tool here" >&2; exit 2; }
done
[ -x "$RUNENV" ] || { echo "registry.sh: first: cargo build --release" >&2; exit 2; }
curl -sf "http://$HOST/v2/" >/dev/null || { echo "registry.sh: no registry on $HOST" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
  printf '[project]\nname = "bench"\nid = "bench-registry"\nenv-list = ["docker-box-r{1..46}-{small,middle,large}"]\n'
  printf '[defaults]\nplatform = "linux/amd64"\n[system.box]\nimage = "busybox:latest"\n[system.box.release]\n'
  seq -f 'r%g = {}' 46
  printf '[config.small]\n[config.middle]\n[config.large]\n[registry]\nrepository = "%s/bench"\n' "$HOST"
  for n in 1 2 3 4 5 6; do printf '[stage.s%s]\nrun = ["echo {env-name} >/f%s"]\n' $n $n; done
} >"$work/envs.toml"
printf 'version = 1\n\n[[image]]\nname = "busybox:latest"\nplatform = "linux/amd64"\ndigest = "sha256:%s"\nidentity = "%s"\n' \
  "$(printf '0f%.0s' {1..32})" "$(printf 'ab%.0s' {1..32})" >"$work/envs.lock"
cd "$work"
[ "$("$RUNENV" list --stale | wc -l)" = 138 ] || { echo "registry.sh: not all environments are stale" >&2; exit 1; }
for env in $("$RUNENV" list | sed 's/^docker-//'); do
  for n in 1 2 3 4 5 6; do echo "http://$HOST/v2/bench/bench-$env-s$n/manifests/key-0123456789abcdef"; done
done >urls
[ "$(wc -l <urls)" = 828 ] || { echo "registry.sh: not 828 names" >&2; exit 1; }
cat >curls <<'SH'
while read -r url; do curl -s -o /dev/null -I -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$url"; done <urls
SH
hyperfine -N --warmup 1 --runs "$RUNS" --export-json times.json "$RUNENV list --stale" 'sh curls' >/dev/null 2>&1
python3 - <<'PYTHON'
import json
ours, curls = [1000 * r["median"] for r in json.load(open("times.json"))["results"]]
print(f"828 keys absent  {ours:8.1f} ms   828 curls {curls:8.1f} ms   ratio {ours / curls:.3f} (goal 0.125)")
PYTHON
