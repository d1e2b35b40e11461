//! `create-args`: which options of the engine's `create` a project may give. docs.docker.com/reference/cli/docker/container/create
//! and podman-create(1) are the sources. Pure.

use crate::environment::draft::Strings;
use crate::problem::Problem;

/// Options that decide what runenv decides: it would not know its container again, or its image would be another one.
const OURS: [&str; 36] = [
    "--name",
    "--label",
    "-l",
    "--label-file",
    "--entrypoint",
    "--interactive",
    "-i",
    "--tty",
    "-t",
    "--attach",
    "-a",
    "--detach",
    "-d",
    "--rm",
    "--rmi",
    "--replace",
    "--restart",
    "--init",
    "--no-healthcheck",
    "--health-cmd",
    "--log-driver",
    "--log-opt",
    "--pull",
    "--cidfile",
    "--rootfs",
    "--pod",
    "--http-proxy",
    "--unsetenv",
    "--unsetenv-all",
    "--expose",
    "--stop-signal",
    "--help",
    // podman makes a variable of it, which its image would keep.
    "--hostname",
    "-h",
    // The caller's whole environment would be in the image.
    "--env-host",
    "--env-merge",
];
/// Options that a setting says, and the setting.
const SETTINGS: [(&str, &str); 16] = [
    ("--user", "user"),
    ("-u", "user"),
    ("--workdir", "workdir"),
    ("-w", "workdir"),
    ("--env", "env"),
    ("-e", "env"),
    ("--env-file", "env"),
    ("--memory", "memory"),
    ("-m", "memory"),
    ("--cpus", "cpus"),
    ("--platform", "platform"),
    // What a stage writes there is not kept: `mounts` looks where they are.
    ("--volume", "mounts"),
    ("-v", "mounts"),
    ("--mount", "mounts"),
    ("--tmpfs", "mounts"),
    ("--volumes-from", "mounts"),
];
/// Options that touch network, hosts or names: a container that joins another one's network cannot have them.
const NETWORK: [&str; 22] = [
    "--network",
    "--net",
    "--network-alias",
    "--net-alias",
    "--add-host",
    "--no-hosts",
    "--no-hostname",
    "--dns",
    "--dns-opt",
    "--dns-option",
    "--dns-search",
    "--domainname",
    "--ip",
    "--ip6",
    "--mac-address",
    "--link",
    "--link-local-ip",
    "--publish",
    "-p",
    "--publish-all",
    "-P",
    "--uts",
];

/// The option in a word; `None`: it is another one's value. Of short ones with a value behind them, the short one.
fn option(word: &str) -> Option<&str> {
    if word.starts_with("--") {
        return Some(word.split('=').next().unwrap_or(word));
    }
    let short = word.starts_with('-') && word.is_char_boundary(2) && word.len() > 1;
    short.then(|| &word[..2])
}

/// Does it touch network, hosts or names?
pub(super) fn is_of_network(word: &str) -> bool {
    option(word).is_some_and(|option| NETWORK.contains(&option))
}

/// `networked`: the stage has `network`.
pub(super) fn check(words: &Strings, networked: bool) -> Result<(), Problem> {
    for (number, word) in words.iter().enumerate() {
        let text = &word.value;
        let option = option(text);
        let setting = option.and_then(|o| SETTINGS.iter().find(|(name, _)| *name == o));
        let (title, help) = if let Some((option, setting)) = setting {
            let title = format!("`{option}` of `create-args` is a setting");
            (title, format!("say `{setting} = …` in its place"))
        } else if let Some(option) = option.filter(|o| OURS.contains(o)) {
            let title = format!("`{option}` of `create-args` is for runenv to say");
            (title, "take it out".to_owned())
        } else if networked && is_of_network(text) {
            let title = format!("`{text}` of `create-args` and `network` are both said");
            (title, "take one of them out".to_owned())
        } else if text == "--" || text.is_empty() || (number == 0 && option.is_none()) {
            let title = format!("`{text}` of `create-args` is no option");
            let help = "name options of the engine's `create`, such as `--cap-add=SYS_PTRACE`";
            (title, help.to_owned())
        } else {
            continue;
        };
        let place = word.place().cloned();
        return Err(place
            .into_iter()
            .fold(Problem::new(title, help), Problem::place));
    }
    Ok(())
}
