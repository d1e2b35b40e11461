# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# pacman(8). A system that is upgraded in part is not supported: all is upgraded, the keys of packagers before.

update() {
  pacman -Sy --noconfirm && {
    ! pacman -Si archlinux-keyring >/dev/null 2>&1 ||
      pacman -S --noconfirm --needed archlinux-keyring
  } && pacman -Su --noconfirm
}

missing() {
  pacman -Sp $options -- "$@" 2>&1 | sed -n 's/^error: target not found: //p'
}

install() {
  pacman -S --noconfirm --needed $options -- "$@"
}

# -Scc keeps the packages where it may not ask.
clean() {
  rm -rf /var/cache/pacman/pkg/* /var/lib/pacman/sync/*
}

installed() {
  pacman -Qi | sed -n -e 's/^Name *: //p' -e 's/^Provides *: //p' | tr -s ' ' '\n' | sed 's/[<>=].*//'
}
