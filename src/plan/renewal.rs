//! Lines of a script that take away what an image has too much of, before anything of the stage runs. Pure text.

use super::copy::delivery::Gone;
use super::copy::listing;
use crate::late;
use crate::quote;
use crate::time;

/// A file or link that is gone from the tree. One that something has made in its place is left, and told.
const FUNCTIONS: &str = r#"runenv_left() { printf 'left, since the build made it: %s\n' "$1"; }
runenv_file() {
if [ -L "$1" ] || { [ -e "$1" ] && [ ! -f "$1" ]; }; then runenv_left "$1"
elif [ ! -e "$1" ]; then :
elif [ "$1" -nt /.runenv/time ] || [ "$1" -ot /.runenv/time ]; then runenv_left "$1"
else rm -f "$1"; fi
}
runenv_link() { if [ -L "$1" ]; then rm -f "$1"; elif [ -e "$1" ]; then runenv_left "$1"; fi; }
runenv_folder() { rmdir "$1" 2>/dev/null || :; }
"#;

/// What is gone goes, as long as it is what was copied. Then the time comes that the sent files have (`newest` is one of
/// them), so that nothing is made now that is older than they.
pub(crate) fn lines(gone: &Gone, newest: &str) -> String {
    let mut text = FUNCTIONS.to_owned();
    for (time, files) in &gone.files {
        let time = time::for_touch(*time);
        text += &format!("TZ=UTC0 touch -t {time} /.runenv/time\n");
        text.extend(files.iter().map(|path| call("runenv_file", path)));
    }
    text.extend(gone.links.iter().map(|path| call("runenv_link", path)));
    let folders = gone.folders.iter();
    text.extend(folders.map(|path| call("runenv_folder", path)));
    for stage in &gone.texts {
        let path = format!("{}/{stage}{}", listing::FOLDER, listing::SUFFIX);
        text += &format!("rm -f {}\n", quote::word(&path));
    }
    let newest = quote::word(newest);
    text + &format!(
        "runenv_tries=0\n\
         while : >/.runenv/time; [ {newest} -nt /.runenv/time ] && [ $runenv_tries -lt 50 ]; do\n\
         runenv_tries=$((runenv_tries + 1)); sleep 0.1 || sleep 1\n\
         done\n\
         rm -f /.runenv/time\n"
    )
}

/// A call with a path of any bytes.
pub(crate) fn call(verb: &str, path: &[u8]) -> String {
    let path = [b"/", path].concat();
    match std::str::from_utf8(&path) {
        Ok(text) if !text.contains(late::is_mark) => format!("{verb} {}\n", quote::word(text)),
        _ => {
            // The `x` keeps a newline at the end, which `$()` would take away.
            let octal: String = path.iter().map(|b| format!("\\{b:03o}")).collect();
            format!("runenv_path=$(printf '{octal}x')\n{verb} \"${{runenv_path%x}}\"\n")
        }
    }
}
