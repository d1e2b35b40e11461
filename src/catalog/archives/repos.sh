# shellcheck shell=sh disable=SC2154,SC2317,SC2329
# yum.conf(5), dnf.conf(5), zypper(8): the distribution's own trees are looked for in the archive, not among mirrors.

rewrite() {
  own='https?://(mirror\.centos\.org/[^/]+/[^/]+|(download\.example|(download|dl)\.fedoraproject\.org)/pub/fedora/linux|ftp[0-9]*\.scientificlinux\.org/linux/scientific|(download|cdn)\.opensuse\.org)'
  tree=$(printf '%s\n' "$archive" | sed 's/[#&\\]/\\&/g')
  for folder in /etc/yum.repos.d /etc/zypp/repos.d; do
    [ ! -d "$folder" ] || { mkdir -p "/var/lib/runenv/sources$folder" && cp -an "$folder/." "/var/lib/runenv/sources$folder/"; }
    for file in "$folder"/*.repo; do
      ! grep -Eqs "^#?[[:space:]]*baseurl[[:space:]]*=[[:space:]]*$own" "$file" || sed -i -E \
        -e 's/^(mirrorlist|metalink)[[:space:]]*=/#&/' \
        -e "s#^\\#?[[:space:]]*(baseurl[[:space:]]*=[[:space:]]*)$own#\\1$tree#" \
        -e "/^[[:space:]]/s#$own#$tree#" "$file"
    done
  done
}

used() {
  grep -rqsF -e "$archive" /etc/yum.repos.d /etc/zypp/repos.d
}

restore() {
  cp -a /var/lib/runenv/sources/. /
}
