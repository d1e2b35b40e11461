# shellcheck shell=sh disable=SC2154,SC2317,SC2329
# sources.list(5), apt.conf(5): the distribution's own trees, in lines and in stanzas, are looked for in the archive.

# Others' trees stay, and whoever's mirrors. Debian's archive has security beside it, and no `-updates`: the last of
# them are in the release itself. What is not renewed is out of date, and its signature is good all the same. An archive
# that is out of reach shall not be waited for as long as a mirror.
rewrite() {
  mkdir -p /var/lib/runenv/sources && cp -an /etc/apt/sources.list* /var/lib/runenv/sources/
  host='[a-z+]+://([^/[:space:]]+\.)?(debian\.org|ubuntu\.com|raspbian\.(org|raspberrypi\.[a-z]+))(/pub)?'
  security=$archive gone=-updates
  case $archive in
    */debian*) own=debian security=${archive%/debian*}/debian-security${archive##*/debian} ;;
    */raspbian*) own=raspbian ;;
    */ubuntu*) own='ubuntu[-a-z]*' gone='^$' ;;
    *) return ;;
  esac
  tree=$(printf '%s\n' "$archive" | sed 's/[#&\\]/\\&/g')
  security=$(printf '%s\n' "$security" | sed 's/[#&\\]/\\&/g')
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    part='/^deb(-src)?[[:space:]]/!b'
    case $file in
      *.sources) part='
      :part
      $!{
        N
        /\n$/!b part
      }' ;;
    esac
    sed -i -E "$part"'
      s#[a-z+]+://security\.debian\.org(/[^[:space:]]*)?([[:space:]]|$)#'"$security"'\2#g
      s#'"$host/$own"'-security/?([[:space:]]|$)#'"$security"'\5#g
      s#'"$host/$own"'/?([[:space:]]|$)#'"$tree"'\5#g
      t moved
      b
      :moved
      /^deb.*[[:space:]][a-z]+'"$gone"'[[:space:]]/s/^/# /
      s/((^|\n)Suites:[^\n]*[[:blank:]][a-z]+)'"$gone"'([[:space:]]|$)/\1\3/
      s/((^|\n)Suites:[^\n]*[[:blank:]]([^[:space:]]+))([[:blank:]][^\n]*)?[[:blank:]]\3([[:space:]]|$)/\1\4\5/' "$file"
  done
  echo 'Acquire { Check-Valid-Until "false"; http::Timeout "30"; };' >/etc/apt/apt.conf.d/99runenv-archive
}

used() {
  grep -rqsF -e "$archive" /etc/apt/sources.list /etc/apt/sources.list.d
}

restore() {
  cp -a /var/lib/runenv/sources/. /etc/apt/ && rm -f /etc/apt/apt.conf.d/99runenv-archive && rm -rf /var/lib/runenv/sources
}
