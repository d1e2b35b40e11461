# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# apt-get(8), apt-cache(8), dpkg-query(1).

# A mirror that does not answer is no error to an apt that does not know Error-Mode: then no source is known.
update() {
  apt-get -q -o APT::Update::Error-Mode=any update &&
    apt-cache policy | grep -q '^ *-\{0,1\}[0-9]* [a-z+-]*:'
}

# Pattern-Only: `python3.1` is that name, not an expression that `python3.11` fits. --print-uris: nothing is done.
missing() {
  apt-get --print-uris -o APT::Cmd::Pattern-Only=true install $options -- "$@" 2>&1 | sed -n \
    -e 's/^E: Unable to locate package //p' \
    -e "s/^E: Couldn't find any package by [a-z]* '\(.*\)'$/\1/p" \
    -e "s/^E: Package '\{0,1\}\([^ ']*\)'\{0,1\} has no installation candidate$/\1/p" \
    -e "s/^E: Version '\([^']*\)' for '\([^']*\)' was not found$/\2=\1/p" \
    -e "s/^E: Release '\([^']*\)' for '\([^']*\)' was not found$/\2\/\1/p"
}

install() {
  apt-get -q -y --no-install-recommends -o APT::Cmd::Pattern-Only=true -o Dpkg::Use-Pty=0 install $options -- "$@"
}

clean() {
  apt-get clean && rm -rf /var/lib/apt/lists/*
}

installed() {
  dpkg-query -W -f '${db:Status-Status} ${Package}, ${Package}:${Architecture}, ${Provides}\n' |
    sed -n 's/^installed //p' | tr ',' '\n' | sed -e 's/^ *//' -e 's/ .*//'
}
