//! The package stage's commands: before, update, filter, install, after, clean.
//!
//! Names are arguments, each one quoted word behind `set --`; nothing of a name is ever shell text.

use crate::catalog::managers::Manager;
use crate::quote;

/// What the line that names a package which could not be had begins with; `run/` reads it from the output.
pub(crate) const MISSING: &str = "runenv: package not available: ";

/// The shell lines of a package stage, in order, each run as one command.
pub(crate) fn lines(
    manager: &Manager,
    names: &[String],
    options: &[String],
    before: &[String],
    after: &[String],
    ignore_missing: bool,
) -> Vec<String> {
    let mut lines: Vec<String> = before.to_vec();
    if !names.is_empty() {
        lines.push(manager.update.to_owned());
        let (list, install) = (quote::words(names), install(manager, options));
        if ignore_missing {
            lines.push(filtered(manager, &list, &install));
        } else {
            lines.push(format!("set -- {list}\n{install}"));
        }
    }
    lines.extend(after.iter().cloned());
    if !names.is_empty() {
        lines.push(manager.clean.to_owned());
    }
    lines
}

/// The install, with options before the names.
fn install(manager: &Manager, options: &[String]) -> String {
    let names = r#"-- "$@""#;
    if options.is_empty() {
        return manager.install.to_owned();
    }
    let options = format!("{} {names}", quote::words(options));
    manager.install.replace(names, &options)
}

/// One query for all names, one install of those that exist, then one by one if that fails.
fn filtered(manager: &Manager, list: &str, install: &str) -> String {
    let exists = manager.exists;
    format!(
        r#"set -- {list}
there=$({exists}) || :
for name do
  shift
  case "
$there
" in
    *"
$name
"*) set -- "$@" "$name" ;;
    *) echo "{MISSING}$name" ;;
  esac
done
install() {{ {install}; }}
if [ $# -gt 0 ] && ! install "$@"; then
  for name do
    install "$name" || echo "{MISSING}$name"
  done
fi"#
    )
}

/// The command that installs on this host, for a person to type.
pub(crate) fn install_line(manager: &Manager, names: &[String]) -> String {
    manager.install.replace("\"$@\"", &quote::words(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::managers::MANAGERS;

    #[test]
    fn names_stay_one_quoted_word_each() {
        for manager in &MANAGERS {
            let names = [
                "foo; reboot".to_owned(),
                "x[y]".to_owned(),
                "pkgconfig(z)".to_owned(),
            ];
            let options = ["--opt=a b".to_owned()];
            let text = lines(manager, &names, &options, &[], &[], true).join("\n");
            assert!(text.contains("'--opt=a b' -- \"$@\""), "{text}");
            for ignore in [false, true] {
                let text = lines(manager, &names, &[], &[], &[], ignore).join("\n");
                assert!(
                    text.contains("set -- 'foo; reboot' 'x[y]' 'pkgconfig(z)'"),
                    "{text}"
                );
            }
            assert!(lines(manager, &[], &[], &["a".into()], &["b".into()], false) == ["a", "b"]);
        }
    }
}
