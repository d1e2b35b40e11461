//! `pass-env`: which of the caller's variables the commands get. A name means itself; a glob takes what it matches, but
//! into a container nothing that is of this host alone. Reads the host, and nothing else.

use std::ffi::OsStr;

use crate::config::forms;
use crate::host::Host;
use crate::late;
use crate::name::expand;
use crate::problem::Problem;

/// What no glob takes into a container, beside what the shell keeps for itself and what the image sets: where things are
/// on this host, who works on it, and what a shell or a loader would act on. A name in full takes it all the same.
const OF_THIS_HOST: [&str; 27] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "MAIL",
    "SHELL",
    "SHLVL",
    "OLDPWD",
    "_",
    "HOST",
    "HOSTNAME",
    "TERM",
    "TMPDIR",
    "TMP",
    "TEMP",
    "CDPATH",
    "DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "DOCKER_HOST",
    "SSH_AUTH_SOCK",
    "XDG_RUNTIME_DIR",
    "LD_AUDIT",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "PYTHONHOME",
    "ENV",
    "BASH_ENV",
];

/// The caller's variables that are named, and those that only a glob matches.
#[derive(Debug, Default)]
pub(crate) struct Passed<'h> {
    pub(crate) named: Vec<(String, &'h OsStr)>,
    pub(crate) matched: Vec<(String, &'h OsStr)>,
}

/// Picks them out of the caller's variables. What is no variable's name to a shell is matched by no glob.
pub(crate) fn of<'h>(host: &'h Host, pass_env: &[String]) -> Passed<'h> {
    let mut passed = Passed::default();
    let (globs, names): (Vec<&String>, Vec<&String>) =
        pass_env.iter().partition(|word| expand::is_glob(word));
    for name in &names {
        let value = host.variables.get(OsStr::new(name.as_str()));
        passed
            .named
            .extend(value.map(|value| ((*name).clone(), value.as_os_str())));
    }
    for (name, value) in &host.variables {
        let Some(name) = name.to_str().filter(|name| forms::is_variable(name)) else {
            continue;
        };
        let matched = globs.iter().any(|glob| expand::matches(glob, name));
        if matched && !names.iter().any(|named| *named == name) {
            passed.matched.push((name.to_owned(), value));
        }
    }
    passed
}

/// What a container gets of them: the values as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct ForContainer {
    pub(crate) named: Vec<(String, String)>,
    /// Only where the image does not set them.
    pub(crate) matched: Vec<(String, String)>,
}

/// The same for a container's script, which holds text: a named variable that is none is a mistake, a matched one is
/// left out.
pub(crate) fn for_container(host: &Host, pass_env: &[String]) -> Result<ForContainer, Problem> {
    let mut out = ForContainer::default();
    let passed = of(host, pass_env);
    for (name, value) in passed.named {
        let Some(text) = text(value) else {
            let title = format!("the variable `{name}` is no text that a script can hold");
            let help = "unset it, or take it out of `pass-env`";
            return Err(Problem::new(title, help));
        };
        out.named.push((name, text));
    }
    let ours = |name: &str| OF_THIS_HOST.contains(&name) || forms::SHELL_OWN.contains(&name);
    let matched = passed.matched.into_iter().filter(|(name, _)| !ours(name));
    out.matched = matched
        .filter_map(|(name, value)| Some((name, text(value)?)))
        .collect();
    Ok(out)
}

fn text(value: &OsStr) -> Option<String> {
    let text = value.to_str()?;
    (!text.contains(late::is_mark)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        let all = [
            ("PATH", "/bin"),
            ("SAGE_ROOT", "/sage"),
            ("SAGE_LOCAL", "/local"),
            ("SHELLOPTS", "braceexpand"),
            ("BASH_FUNC_f%%", "() { :; }"),
            ("OTHER", "o"),
        ];
        let variables = all.map(|(name, value)| (name.into(), value.into()));
        Host {
            variables: variables.into(),
            ..Host::default()
        }
    }

    fn names<T>(list: &[(String, T)]) -> Vec<&str> {
        list.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_glob_takes_what_it_matches_and_a_name_itself() {
        let host = host();
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let passed = of(&host, &words(&["SAGE_*", "SAGE_ROOT", "UNSET"]));
        assert_eq!(names(&passed.named), ["SAGE_ROOT"]);
        assert_eq!(names(&passed.matched), ["SAGE_LOCAL"]);
        let all = of(&host, &words(&["*"]));
        let expected = ["OTHER", "PATH", "SAGE_LOCAL", "SAGE_ROOT", "SHELLOPTS"];
        assert_eq!(names(&all.matched), expected);
    }

    #[test]
    fn a_container_gets_nothing_of_this_host_but_by_name() {
        let all = for_container(&host(), &["*".to_owned()]).unwrap();
        assert_eq!(names(&all.matched), ["OTHER", "SAGE_LOCAL", "SAGE_ROOT"]);
        let words = ["P*".to_owned(), "PATH".to_owned()];
        let named = for_container(&host(), &words).unwrap();
        assert_eq!(names(&named.named), ["PATH"]);
        assert!(named.matched.is_empty());
    }
}
