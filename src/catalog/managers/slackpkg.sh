# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# slackpkg(8). A name is an expression that a word of the package list fits: `gcc` is `gcc-g++`, too.

# Where no mirror is chosen, it is Slackware's own. The key is fetched first: nothing is installed unsigned.
update() {
  grep -q '^[^# ]' /etc/slackpkg/mirrors ||
    sed -i '0,/^# *\(https\{0,1\}:\/\/mirrors\.slackware\.com\)/s//\1/' /etc/slackpkg/mirrors
  slackpkg -batch=on -default_answer=y update gpg &&
    slackpkg -batch=on -default_answer=y update
}

missing() {
  for name do
    grep -qw -e "$name" /var/lib/slackpkg/pkglist || printf '%s\n' "$name"
  done
}

# slackpkg leaves out what there is not, and says that all is well. 20: nothing was to be done.
install() {
  { slackpkg -batch=on -default_answer=y install $options "$@" || [ $? -eq 20 ]; } &&
    for name do
      (cd /var/log/packages && printf '%s\n' *) | grep -qw -e "$name" || printf 'nothing is installed for %s\n' "$name"
    done | { ! grep .; }
}

clean() {
  rm -rf /var/cache/packages/*
}

installed() {
  for file in /var/log/packages/*; do
    name=${file##*/}
    name=${name%-*-*-*}
    printf '%s\n' "$name"
  done
}
