# shellcheck shell=sh disable=SC2154,SC2317,SC2329
# yum.conf(5), dnf.conf(5), zypper(8): the distribution's own trees are looked for in the archive, not among mirrors.

# By section: what has no base URL of the distribution's own keeps its mirrors.
rewrite() {
  own='https?://(mirror\.centos\.org/[^/[:space:]]+/[^/[:space:]]+|(download\.example|(download|dl)\.fedoraproject\.org)/pub/fedora/linux|ftp[0-9]*\.scientificlinux\.org/linux/scientific|(download|cdn)\.opensuse\.org)'
  tree=$(printf '%s\n' "$archive" | sed 's/[#&\\]/\\&/g')
  for folder in /etc/yum.repos.d /etc/zypp/repos.d; do
    [ ! -d "$folder" ] || { mkdir -p "/var/lib/runenv/sources$folder" && cp -an "$folder/." "/var/lib/runenv/sources$folder/"; }
    for file in "$folder"/*.repo; do
      ! grep -Eqs "^#?[[:space:]]*baseurl[[:space:]]*=[[:space:]]*$own" "$file" || sed -i -E '
      :section
      $!{
        N
        /\n\[[^\n]*$/!b section
      }
      h
      \#\n\#?[[:blank:]]*baseurl[[:blank:]]*=[[:blank:]]*'"$own"'#{
        s/\n((mirrorlist|metalink)[[:blank:]]*=)/\n#\1/g
        s#\n\#?([[:blank:]]*baseurl[[:blank:]]*=[[:blank:]]*)'"$own"'#\n\1'"$tree"'#g
        s#(\n[[:blank:]]+)'"$own"'#\1'"$tree"'#g
      }
      /\n\[[^\n]*$/!b
      s/\n\[[^\n]*$//
      p
      g
      s/.*\n//
      b section' "$file"
    done
  done
}

used() {
  grep -rqsF -e "$archive" /etc/yum.repos.d /etc/zypp/repos.d
}

restore() {
  for folder in /etc/yum.repos.d /etc/zypp/repos.d; do
    [ ! -d "/var/lib/runenv/sources$folder" ] || cp -a "/var/lib/runenv/sources$folder/." "$folder/" || return
  done
  rm -rf /var/lib/runenv/sources
}
