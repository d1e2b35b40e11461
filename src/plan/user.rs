//! `user`: the lines of a stage's script that find the user in the image, give it the workdir and the files that were
//! copied, and run commands as it. Pure text, for every POSIX shell; all of it is in the key.

use super::copy::delivery::Delivery;
use crate::quote;

/// How a script ends that does not find its user in the image, or no way to become it.
pub(crate) const NO_USER: i32 = 124;
pub(crate) const NO_WAY: i32 = 123;

/// One `chown` gets no more bytes of paths.
const LONGEST: usize = 60_000;

/// The user, if it is another one than root.
pub(super) fn other_than_root(user: &str) -> Option<&str> {
    (!["root", "0", "0:0", "root:root", "0:root", "root:0"].contains(&user)).then_some(user)
}

/// Finds out who it is (`/etc/passwd` and `/etc/group` alone are asked; without a line there the group is 0, as engines
/// have it), gives away what is its own, and finds a way to become it: setpriv of util-linux, chroot of coreutils, su.
const BECOME: &str = r#"runenv_of() {
runenv_wanted=$1 runenv_found=
[ -r "$2" ] || return 1
while IFS=: read -r runenv_n runenv_x runenv_i runenv_g runenv_c runenv_h runenv_s || [ -n "$runenv_n" ]; do
if [ "$runenv_n" = "$runenv_wanted" ] || [ "$runenv_i" = "$runenv_wanted" ]; then runenv_found=$runenv_n; break; fi
done <"$2"
[ -n "$runenv_found" ]
}
runenv_uid= runenv_gid=0 runenv_name= runenv_home=/
if runenv_of "$runenv_user" /etc/passwd; then
runenv_uid=$runenv_i runenv_gid=$runenv_g runenv_name=$runenv_n runenv_home=${runenv_h:-/}
else
case $runenv_user in *[!0-9]*) ;; *) runenv_uid=$runenv_user ;; esac
fi
if [ -n "$runenv_group" ]; then
if runenv_of "$runenv_group" /etc/group; then runenv_gid=$runenv_i
else case $runenv_group in *[!0-9]*) runenv_uid= ;; *) runenv_gid=$runenv_group ;; esac; fi
fi
[ -n "$runenv_uid" ] || exit 124
chown "$runenv_uid:$runenv_gid" . || exit 125
runenv_give || exit 125
runenv_groups=--clear-groups
[ -z "$runenv_name" ] || [ -n "$runenv_group" ] || runenv_groups=--init-groups
if setpriv --reuid="$runenv_uid" --regid="$runenv_gid" "$runenv_groups" sh -c : >/dev/null 2>&1; then
runenv_as() { exec setpriv --reuid="$runenv_uid" --regid="$runenv_gid" "$runenv_groups" sh -e -c "$1"; }
elif chroot --userspec="$runenv_uid:$runenv_gid" / sh -c : >/dev/null 2>&1; then
runenv_as() { exec chroot --userspec="$runenv_uid:$runenv_gid" / sh -c 'cd "$1" && exec sh -e -c "$2"' sh "$PWD" "$1"; }
elif [ -n "$runenv_name" ] && [ -z "$runenv_group" ] && su -s /bin/sh -c : "$runenv_name" >/dev/null 2>&1; then
runenv_as() { exec su -s /bin/sh -c "set -e
$1" "$runenv_name"; }
else exit 123
fi
export HOME="$runenv_home" USER="${runenv_name:-$runenv_uid}" LOGNAME="${runenv_name:-$runenv_uid}"
"#;

/// The lines that stand before the commands.
pub(super) fn become_user(user: &str) -> String {
    let (user, group) = user.split_once(':').unwrap_or((user, ""));
    let (user, group) = (quote::word(user), quote::word(group));
    format!("runenv_user={user} runenv_group={group}\n{BECOME}")
}

/// What gives away the copied files, and the folders that they made below the workdir: the list is no part of the body,
/// as the files are in the key.
pub(crate) fn give(delivery: Option<&Delivery>, workdir: &str) -> String {
    let workdir = workdir.trim_matches('/').len();
    let mut paths: Vec<&[u8]> = Vec::new();
    for path in delivery.into_iter().flat_map(Delivery::paths) {
        let ends = path.iter().enumerate().skip(workdir + 1);
        let ends = ends.filter(|(_, byte)| **byte == b'/');
        paths.extend(ends.map(|(at, _)| &path[..at]));
        paths.push(path);
    }
    paths.sort_unstable();
    paths.dedup();
    let mut text = "runenv_give() {\n:\n".to_owned();
    let mut open = 0;
    for path in paths {
        if open == 0 {
            text += "chown -h \"$runenv_uid:$runenv_gid\"";
        }
        text += " /";
        for chunk in path.utf8_chunks() {
            text += &quote::word(chunk.valid());
            // Bytes that are no text cannot stand in a script.
            text += &"?".repeat(chunk.invalid().len());
        }
        open += path.len();
        if open > LONGEST {
            text += " || return\n";
            open = 0;
        }
    }
    if open > 0 {
        text += " || return\n";
    }
    text + "}\n"
}
