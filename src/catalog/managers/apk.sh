# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# apk(8). A name may have a version: `a>=1`, `a~1`.

update() {
  apk update
}

# The second line is that of Alpine before 3.13.
missing() {
  apk add --simulate $options "$@" 2>&1 | sed -n \
    -e 's/^  \(.*\) (no such package):$/\1/p' \
    -e 's/^  \(.*\) (missing):$/\1/p'
}

install() {
  apk add $options "$@"
}

clean() {
  rm -rf /var/cache/apk/*
}

installed() {
  apk info
}
