# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# conda. A name is a specification: `python>=3.8`, `pari=*=*_pthread`. It fetches its lists itself.

update() {
  :
}

# The solver's word is not enough: it may call missing what is only too old. Those few are asked for one by one.
missing() {
  not_found=$(
    conda install --yes --dry-run $options "$@" 2>&1 | sed -n \
      -e '/not available from current channels/,/^Current channels/s/^ *- *\(.*::\)\{0,1\}\([A-Za-z0-9_.-]*\).*/\2/p' \
      -e 's/.*nothing provides requested \([A-Za-z0-9_.-]*\).*/\1/p'
  )
  for name do
    ! printf '%s\n' "$not_found" | grep -qxF -e "${name%%[!A-Za-z0-9_.-]*}" ||
      conda search "$name" >/dev/null 2>&1 || printf '%s\n' "$name"
  done
}

install() {
  conda install --yes $options "$@"
}

clean() {
  conda clean --all --yes
}

installed() {
  conda list | sed -e '/^#/d' -e 's/ .*//'
}
