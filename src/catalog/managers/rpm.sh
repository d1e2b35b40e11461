# shellcheck shell=sh disable=SC2317,SC2329
# rpm(8): what dnf, yum and zypper have in common.

# The name of a file is a name, too: few packages list theirs among what they provide.
installed() {
  rpm -qa --provides | sed 's/ .*//'
  for name do
    case $name in
      /*) [ ! -e "$name" ] || printf '%s\n' "$name" ;;
    esac
  done
}
