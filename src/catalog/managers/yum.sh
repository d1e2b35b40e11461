# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# yum(8), rpm(8). Without -y and without an answer, yum says what it would do, and ends.

update() {
  yum -q makecache
}

missing() {
  yum install $options -- "$@" </dev/null 2>&1 | sed -n \
    -e 's/^No package \(.*\) available\.$/\1/p' \
    -e 's/^Warning: Group \(.*\) does not exist\.$/@\1/p'
}

# yum leaves out what there is not, and says that all is well: so it is asked first.
install() {
  ! yum install $options -- "$@" </dev/null 2>&1 | grep -e '^No package .* available\.$' -e '^Warning: Group .* does not exist\.$' &&
    yum -y install $options -- "$@"
}

clean() {
  yum -q clean all && rm -rf /var/cache/yum
}
