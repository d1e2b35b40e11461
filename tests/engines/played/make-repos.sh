#!/bin/sh
# make-repos.sh "NAME NAME=DEPENDENCY ...": (in an image) a repository of rpm packages in /srv/repo/rpm and one of
# pacman packages in /srv/repo/pacman. Each package brings /usr/bin/NAME, which prints "NAME 1.0"; it also provides
# `pkgconfig(NAME)` as rpm, and `virtual-NAME` for pacman.
set -eu
repo=/srv/repo

tree() { # tree NAME: what is in the package
  rm -rf root
  mkdir -p root/usr/bin
  printf '#!/bin/sh\necho "%s 1.0"\n' "$1" >"root/usr/bin/$1"
  chmod 755 "root/usr/bin/$1"
}

spec() { # spec NAME DEPENDENCY
  cat <<SPEC
Name: $1
Version: 1.0
Release: 1
Summary: test package $1
License: MIT
BuildArch: noarch
AutoReqProv: no
Provides: pkgconfig($1)
${2:+Requires: $2}
%description
A test package.
%install
cp -a $PWD/root/. %{buildroot}/
%files
/usr/bin/$1
SPEC
}

pkginfo() { # pkginfo NAME DEPENDENCY
  cat <<INFO
pkgname = $1
pkgbase = $1
pkgver = 1.0-1
pkgdesc = test package $1
arch = any
builddate = 1700000000
size = 100
provides = virtual-$1
INFO
  [ -z "$2" ] || echo "depend = $2"
  case $1 in gcc|make) echo 'group = base-devel';; esac
}

package() { # package NAME DEPENDENCY
  tree "$1"
  spec "$1" "$2" >package.spec
  rpmbuild -bb --quiet --define "_topdir $PWD/rpm" --define "_rpmdir $repo/rpm" package.spec >/dev/null 2>rpm.log ||
    { cat rpm.log; exit 1; }
  pkginfo "$1" "$2" >root/.PKGINFO
  (cd root && bsdtar -czf "$repo/pacman/$1-1.0-1-any.pkg.tar.gz" --uid 0 --gid 0 .PKGINFO usr)
}

mkdir -p $repo/rpm $repo/pacman /work
cd /work
for word in $1; do
  case $word in
    *=*) package "${word%%=*}" "${word#*=}";;
    *) package "$word" '';;
  esac
done
createrepo_c -q $repo/rpm
cd $repo/pacman
repo-add -q runenv.db.tar.gz ./*.pkg.tar.gz
