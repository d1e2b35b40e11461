# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# brew(1). A name is a formula, a cask, another name of one, or one of a tap: `user/tap/name`.

update() {
  brew update
}

# All formulae there are in one query; brew is asked for what is not among them.
missing() {
  there=$(brew formulae | grep -xF -e "$(printf '%s\n' "$@")") || :
  for name do
    printf '%s\n' "$there" | grep -qxF -e "$name" ||
      brew info "$name" >/dev/null 2>&1 || printf '%s\n' "$name"
  done
}

install() {
  brew install $options "$@"
}

clean() {
  brew cleanup --prune=all -s && rm -rf "$(brew --cache)"
}

installed() {
  there=$(brew list -1 --full-name)
  for name do
    { printf '%s\n' "$there" | grep -qxF -e "$name" || brew list "$name" >/dev/null 2>&1; } && printf '%s\n' "$name"
  done
}
