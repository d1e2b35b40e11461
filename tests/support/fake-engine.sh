#!/bin/sh
# fake-engine.sh: a `docker` or `podman` for tests; put it into PATH under that name.
#
# It keeps containers and images as files, so that whole runs work: what is committed is found again. It runs no script:
# it only plays the marks of one. Everything else is scripted.
#
# Environment:  FAKE_ENGINE  a folder, with
#   log            written: one line a call, `NAME WORDS...` (newlines in words are shown as blanks)
#   images/        what there is: one folder an image (id, tags, layers, labels)
#   containers/    what was made and not removed
#   stdin.N        written: what call N of `run` or `start` was sent
#   play/VERB.KEY  or play/VERB.N.KEY for the N-th call of a verb: what is played in place of the usual answer
#                  KEY: out (stdout), err (stderr), code (exit code), delay (seconds before), die (kills itself),
#                  hang (waits for ever); for run and start: output (of the script), fails (`NUMBER CODE`: that
#                  command), cut (ends after the begin mark of that command)
#   volumes        names of volumes, a line each
#   registry       names of images that its registry has, a line each
# Verbs: image-inspect image-ls image-rm container-inspect create cp start run commit rm pull tag stop kill ps version load
#        volume-create volume-ls volume-rm manifest-inspect info build (which no image comes of)
set -u
me=${0##*/}
home=${FAKE_ENGINE:?}
state=$home/images

# --- the log, and which call of its verb this is

line="$me $*"
case $line in
  *'
'*) line=$(printf %s "$line" | tr '\n' ' ') ;;
esac
[ "${1-}" != --config ] || shift 2
case ${1-} in
  image | container | manifest | volume) verb=$1-${2-} ; shift 2 ;;
  *) verb=${1-} ; [ $# = 0 ] || shift ;;
esac
# One that was killed with the lock in its hand is not waited for for ever.
tries=0
while ! mkdir "$home/lock" 2>/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 300 ] || break
  sleep 0.01
done
printf '%s\n' "$line" >>"$home/log"
count=0
[ ! -e "$home/count.$verb" ] || read -r count <"$home/count.$verb"
count=$((count + 1))
echo $count >"$home/count.$verb"
rmdir "$home/lock" 2>/dev/null || :

# played KEY: is it scripted? then $file says what
played() {
  for file in "$home/play/$verb.$count.$1" "$home/play/$verb.$1"; do
    [ ! -e "$file" ] || return 0
  done
  return 1
}

# --- images: $state/FOLDER/{id,tags,layers,labels}

# folder_of NAME-OR-ID: sets $folder
folder_of() {
  for folder in "$state"/*; do
    [ -e "$folder/id" ] || continue
    read -r id <"$folder/id"
    [ "$id" != "$1" ] || return 0
    while read -r tag; do
      [ "$tag" != "$1" ] || return 0
    done <"$folder/tags"
  done
  return 1
}

# list FILE: its lines as a JSON list
list() { sed 's/.*/"&"/' "$1" | paste -sd, -; }

# json FOLDER
json() {
  labels=$(sed 's/\([^=]*\)=\(.*\)/"\1":"\2"/' "$1/labels" | paste -sd, -)
  volumes=null
  [ ! -e "$1/volumes" ] || volumes="{$(sed 's/.*/"&":{}/' "$1/volumes" | paste -sd, -)}"
  arch=amd64
  [ ! -e "$1/arch" ] || read -r arch <"$1/arch"
  created=''
  [ ! -e "$1/created" ] || read -r created <"$1/created"
  printf '{"Id":"%s","RepoTags":[%s],"Architecture":"%s","Os":"linux","Author":"","Size":1000,"Created":"%s",' \
    "$(cat "$1/id")" "$(list "$1/tags")" "$arch" "$created"
  printf '"RootFS":{"Type":"layers","Layers":[%s]},' "$(list "$1/layers")"
  if [ -s "$1/labels" ]; then
    printf '"Config":{"Env":["PATH=/bin"],"Entrypoint":["sh"],"Cmd":["-e","-s"],"User":"0:0","WorkingDir":"/",'
  else
    printf '"Config":{"Env":["PATH=/bin"],"Cmd":["sh"],"User":"","WorkingDir":"",'
  fi
  printf '"Volumes":%s,"Labels":{%s}}}' "$volumes" "$labels"
}

image_inspect() {
  found='' missing=0
  for name do
    if folder_of "$name"; then
      found=$found${found:+,}$(json "$folder")
    else
      echo "Error: No such image: $name" >&2
      missing=1
    fi
  done
  echo "[$found]"
  return $missing
}

# new_image ID TAG: an empty folder for it; the tag leaves the image that had it
new_image() {
  new=$state/$(printf %s "$1" | tr ':/' '--')
  mkdir -p "$new"
  for tags in "$state"/*/tags; do
    [ ! -e "$tags" ] || { grep -vxF "$2" "$tags" >"$tags.$$"; mv "$tags.$$" "$tags"; }
  done
  echo "$1" >"$new/id"
  echo "$2" >"$new/tags"
  date -u +%Y-%m-%dT%H:%M:%S.%NZ >"$new/created"
}

pull() {
  for image do :; done
  new_image "sha256:$(printf %s "$image" | cksum | tr -d ' ')" "$image"
  for word do
    case $word in --platform=*) echo "${word#*/}" >"$new/arch" ;; esac
  done
  echo "layer-of-$image" >"$new/layers"
  : >"$new/labels"
  cat "$new/id"
}

image_rm() {
  for name do
    case $name in -*) continue ;; esac
    folder_of "$name" || { echo "Error: No such image: $name" >&2; return 1; }
    grep -vxF "$name" "$folder/tags" >"$folder/tags.$$"
    mv "$folder/tags.$$" "$folder/tags"
    if [ ! -s "$folder/tags" ] || [ "$id" = "$name" ]; then rm -r "$folder"; fi
  done
}

# image_ls ... [--filter label=NAME=VALUE]
image_ls() {
  for label do :; done
  case $label in label=*) ;; *) cat "$state"/*/id; return ;; esac
  for folder in "$state"/*/; do
    ! grep -qxF "${label#label=}" "$folder/labels" || cat "$folder/id"
  done
}

# --- containers: $home/containers/NAME/{labels,image,exit}

# made WORDS OF create: sets $container, $image and $inner, the words behind the image
made() {
  container='' labels=''
  while [ $# -gt 0 ]; do
    case $1 in
      --name) container=$2 ; shift 2 ;;
      --label) labels="$labels$2
" ; shift 2 ;;
      --user | --workdir | --entrypoint | --log-driver | --network | --unsetenv | -e) shift 2 ;;
      -*) shift ;;
      *) break ;;
    esac
  done
  image=$1 ; shift
  inner="$*"
  folder_of "$image" || { echo "Error: No such image: $image" >&2; return 125; }
  mkdir -p "$home/containers/$container"
  printf %s "$labels" >"$home/containers/$container/labels"
  echo "$image" >"$home/containers/$container/image"
  [ ! -e "$folder/.runenv" ] || cp -R "$folder/.runenv" "$home/containers/$container"
}

# play_script CONTAINER: the marks of the script on stdin
play_script() {
  script=$home/stdin.$verb.$count
  cat >"$script"
  ended=$home/containers/$1/exit
  mark=$(sed -n '1s/^runenv_mark=//p' "$script")
  failing=0 code=0 cut=0
  ! played fails || read -r failing code <"$file"
  ! played cut || read -r cut <"$file"
  numbers=$(sed -n "s/^printf '.036%s begin \([0-9]*\).n'.*/\1/p" "$script")
  for number in $numbers; do
    printf '\036%s begin %s\n' "$mark" "$number"
    [ "$number" != "$cut" ] || return 1
    ! played output || cat "$file"
    ! played hang || { echo $$ >>"$home/hanging"; exec sleep 600; }
    if [ "$number" = "$failing" ]; then
      printf '\036%s end %s %s\n' "$mark" "$number" "$code"
      echo "$code" >"$ended"
      return "$code"
    fi
    printf '\036%s end %s 0\n' "$mark" "$number"
  done
  printf '\036%s done\n' "$mark"
  echo 0 >"$ended"
}

run() {
  made "$@" || return
  case $inner in
    *'echo up'*) echo up ; cat >/dev/null ; rm -rf "$home/containers/$container" ;;
    *) play_script "$container" ;;
  esac
}

container_inspect() {
  for name do :; done
  [ -d "$home/containers/$name" ] || { echo "Error: No such container: $name" >&2; return 1; }
  status=exited code=0
  [ -e "$home/containers/$name/exit" ] && code=$(cat "$home/containers/$name/exit") || status=running
  printf '{"Status":"%s","ExitCode":%s,"OOMKilled":false,"Error":""}\n' "$status" "$code"
}

commit() {
  changed=''
  while [ $# -gt 2 ]; do
    case $1 in
      --change) changed="$changed${2#LABEL }
" ; shift 2 ;;
      *) shift ;;
    esac
  done
  made=$home/containers/$1
  [ -d "$made" ] || { echo "Error: No such container: $1" >&2; return 1; }
  read -r image <"$made/image"
  folder_of "$image"
  parent=$folder
  # As long as a digest: by that runenv knows ids from names.
  new_image "sha256:$(printf %s "$1" | cksum | awk '{ id = $1 $2; while (length(id) < 64) id = "0" id; print id }')" "$2"
  { cat "$parent/layers" ; echo "layer-of-$1" ; } >"$new/layers"
  [ ! -e "$made/.runenv" ] || cp -R "$made/.runenv" "$new"
  # What is changed comes last; of two lines of one name the last counts.
  { cat "$made/labels" ; printf %s "$changed" ; } |
    awk -F= '{ name = $1; if (!(name in at)) { at[name] = ++n; order[n] = name }; line[name] = $0 }
      END { for (i = 1; i <= n; i++) print line[order[i]] }' >"$new/labels"
  cat "$new/id"
}

# What was sent of /.runenv is there, and what is played.
copy_in() {
  cat >"$home/stdin.$verb.$count"
  tar -xf "$home/stdin.$verb.$count" -C "$home/containers/${1%%:*}" .runenv 2>/dev/null || :
}

copy_out() {
  for from do [ "$from" = - ] || { path=${from#*:} ; container=${from%%:*} ; }; done
  if [ "$path" = /.runenv ] && [ -e "$home/containers/$container/.runenv" ]; then
    tar -cf - -C "$home/containers/$container" .runenv
    return
  fi
  echo "Error response from daemon: Could not find the file $path in container x" >&2
  return 1
}

rm_containers() {
  for name do
    case $name in -* | 0) ;; *) rm -rf "$home/containers/$name" ;; esac
  done
}

stop() {
  for name do :; done
  echo 137 >"$home/containers/$name/exit"
  ! [ -e "$home/hanging" ] || xargs kill <"$home/hanging" 2>/dev/null
}

# what a registry says: one image, which names no platform
manifest_inspect() {
  for image do :; done
  grep -qxF "$image" "$home/registry" 2>/dev/null || { echo "no such manifest: $image" >&2; return 1; }
  echo '{"config":{}}'
}

info() {
  case $me in
    docker) read -r host </proc/sys/kernel/hostname
      printf '{"ServerVersion":"20.10.24","Name":"%s","DockerRootDir":"%s","SecurityOptions":["name=rootless"]}\n' "$host" "$home" ;;
    *) printf '{"host":{"security":{"rootless":false}},"store":{"graphRoot":"/no/such"},"version":{"Version":"4.3.1"}}\n' ;;
  esac
}

# --- what is played, else the usual answer

mkdir -p "$state" "$home/containers"
! played delay || sleep "$(cat "$file")"
! played die || kill -KILL $$
if played hang && [ "$verb" != run ] && [ "$verb" != start ]; then exec sleep 600; fi
! played err || cat "$file" >&2
! played out || cat "$file"
if played code; then exit "$(cat "$file")"; fi
if played out; then exit 0; fi
case $verb in
  image-inspect) image_inspect "$@" ;;
  image-ls) image_ls "$@" ;;
  image-rm) image_rm "$@" ;;
  container-inspect) container_inspect "$@" ;;
  create) made "$@" && echo "$container" ;;
  cp) for to do :; done ; if [ "$to" = - ]; then copy_out "$@" ; else copy_in "$to" ; fi ;;
  start) for container do :; done ; play_script "$container" ;;
  run) run "$@" ;;
  commit) commit "$@" ;;
  rm) rm_containers "$@" ;;
  pull) pull "$@" ;;
  tag) : ;;
  load) cat >"$home/stdin.$verb.$count" ;;
  stop | kill) stop "$@" ;;
  ps) [ ! -e "$home/play/ps.list" ] || cat "$home/play/ps.list" ;;
  version) echo 1.0 ;;
  volume-create) for name do :; done ; grep -qxF "$name" "$home/volumes" 2>/dev/null || echo "$name" >>"$home/volumes" ; echo "$name" ;;
  volume-ls) [ ! -e "$home/volumes" ] || cat "$home/volumes" ;;
  volume-rm) grep -vxF "$1" "$home/volumes" >"$home/volumes.new" ; mv "$home/volumes.new" "$home/volumes" ;;
  build) cat >/dev/null ; echo 'ERROR: BuildKit is enabled but the buildx component is missing or broken.' >&2 ; exit 1 ;;
  manifest-inspect) manifest_inspect "$@" ;;
  info) info ;;
  *) echo "fake $me: no such call: $line" >&2 ; exit 64 ;;
esac
