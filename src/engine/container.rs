//! Making containers: the options that all have in common, and what each use adds. Values only.

use super::Engine;
use super::labels::Labels;
use crate::command::{Command, Stdin};

/// A pipe in memory, of a shell that waits for secrets.
const PIPE: &str = "/dev/shm/.runenv";

/// A container that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Container<'a> {
    pub(crate) name: &'a str,
    pub(crate) image: &'a str,
    /// `container:NAME`, `none`, `host`; `None`: the engine's default.
    pub(crate) network: Option<&'a str>,
    pub(crate) labels: &'a Labels,
    pub(crate) memory: Option<&'a str>,
    pub(crate) cpus: Option<&'a str>,
    pub(crate) platform: Option<&'a str>,
    /// The image has a `PATH`.
    pub(crate) has_path: bool,
    /// Options that the project asks for: before ours, which win.
    pub(crate) extra: &'a [String],
    /// A folder with a configuration of docker's client that has no proxies, where the user's own has some.
    pub(crate) client: Option<&'a str>,
}

impl Engine {
    /// The options that every container has: the same for every stage but for image, name, labels and limits.
    fn container(self, verb: &str, spec: &Container<'_>) -> Command {
        let Container {
            name,
            image: _,
            network,
            labels,
            memory,
            cpus,
            platform,
            has_path,
            extra,
            client,
        } = spec;
        let config = client.map(|folder| ["--config", folder]);
        let mut command = Command::new([self.name()]).args(config.into_iter().flatten());
        command = command.arg(verb).args(extra.iter().cloned()).args([
            "-i",
            "--init",
            "--name",
            name,
            "--user",
            "0:0",
            "--workdir",
            "/",
            "--entrypoint",
            "sh",
        ]);
        command = command.args(["--no-healthcheck", "--log-driver", "none", "--pull=never"]);
        command = command.args(network.iter().flat_map(|n| ["--network", n]));
        command = command.args(self.dialect().bare.iter().copied());
        command = command.args(self.dialect().no_path.iter().copied().filter(|_| !has_path));
        for (option, value) in [
            ("--memory", memory),
            ("--cpus", cpus),
            ("--platform", platform),
        ] {
            command = command.args(value.iter().map(|value| format!("{option}={value}")));
        }
        for (name, value) in labels.iter() {
            command = command.arg("--label").arg(format!("{name}={value}"));
        }
        command
    }

    /// Makes a stage's container, not started.
    pub(crate) fn create(self, spec: &Container<'_>) -> Command {
        self.container("create", spec)
            .args([spec.image, "-e", "-s"])
    }

    /// Makes and starts a stage's container, attached; the script comes over stdin.
    pub(crate) fn run(self, spec: &Container<'_>, script: String) -> Command {
        self.container("run", spec)
            .args([spec.image, "-e", "-s"])
            .stdin(Stdin::Text(script))
    }

    /// The container whose network the stages of an environment share; it ends when its stdin does.
    pub(crate) fn hold_network(self, spec: &Container<'_>) -> Command {
        self.container("run", spec)
            .args(self.dialect().self_removing.iter().copied())
            .args([spec.image, "-c", "echo up; exec cat"])
    }

    /// Does the network's container stay when it has ended, to be removed by us?
    pub(crate) fn network_stays(self) -> bool {
        self.dialect().self_removing.is_empty()
    }

    /// Hands shell text to a shell that waits for it (`fed`): it fails until that one does.
    pub(crate) fn feed_shell(self, name: &str, text: String) -> Command {
        let script = format!("[ -p {PIPE} ] && cat >{PIPE}");
        self.call(&["exec", "-i", name, "sh", "-c", &script])
            .stdin(Stdin::Text(text))
    }

    /// An interactive shell in a throw-away container of an image, with these variables.
    ///
    /// Everybody on the machine sees a program's arguments, so values come in the client's environment, and under
    /// names that mean nothing to it (`PATH` and `DOCKER_HOST` would). In the container they get their own. A `fed` one
    /// gets secrets by `feed_shell`, which the engine does not keep.
    pub(crate) fn shell(
        self,
        spec: &Container<'_>,
        workdir: &str,
        env: &[(String, String)],
        fed: bool,
        tty: bool,
    ) -> Command {
        let mut command = self
            .container("run", spec)
            .arg("--rm")
            .args(tty.then_some("-t"))
            .args(["--workdir", workdir]);
        let mut script = String::new();
        for (at, (name, value)) in env.iter().enumerate() {
            let carrier = format!("RUNENV_SHELL_{at}");
            script += &format!("export {name}=\"${carrier}\"; unset {carrier}; ");
            command = command.arg("-e").arg(&carrier);
            command.env.push((carrier, value.into()));
        }
        if fed {
            script += &format!("mkfifo -m 600 {PIPE}; . {PIPE}; rm -f {PIPE}; ");
        }
        script += "exec sh";
        command
            .args([spec.image, "-c", &script])
            .stdin(Stdin::Inherit)
    }
}
