//! docker and podman as commands: each function is one call of the engine's client, as a value.
//!
//! What differs between engines is a row of `Dialect`; nothing here runs anything. docs.docker.com/reference/cli and
//! docs.podman.io/en/latest/Commands.html are the sources.

pub(crate) mod about;
mod container;
pub(crate) mod facts;
pub(crate) mod labels;

use crate::command::{Command, Stdin};
pub(crate) use container::Container;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Docker,
    Podman,
}

/// Variables that choose which engine, on which machine, a client talks to.
pub(crate) const CLIENT: [&str; 4] = [
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "CONTAINER_HOST",
    "CONTAINER_CONNECTION",
];

/// What one engine says or wants otherwise than the other.
#[derive(Debug)]
struct Dialect {
    program: &'static str,
    /// Options of `create` and `run` that keep out of the container what the image does not have: podman would put
    /// proxies, `TERM` and `container` into it, and the commit would keep them.
    bare: &'static [&'static str],
    /// The same for its default `PATH`, where the image has none. The script sets one.
    no_path: &'static [&'static str],
    /// The template that gives a label of a container; `NAME` stands for its name.
    label: &'static str,
    /// Options of `rm` that end a container without waiting, and remove those that are there when one is not:
    /// without `--ignore` podman 4.3 removes none, and says nothing.
    at_once: &'static [&'static str],
    /// Options of `commit` that leave the id alone on its output.
    quiet: &'static [&'static str],
    /// Options of `image rm` that leave untagged parents alone: they may be somebody's.
    no_prune: &'static [&'static str],
    /// Options of the network's container that have it removed when it ends. Not podman's: when its `rm -f` meets
    /// `--rm`, 4.3 frees the container's lock twice, and two containers that get that lock later wait for each other,
    /// and all of podman for them, for ever.
    self_removing: &'static [&'static str],
    /// An image that it tells of is compared with every other.
    tells_slowly: bool,
    /// Options of `cp` that follow a link at the end of the path, as podman's always does.
    followed: &'static [&'static str],
    /// Options of `save` that make one archive of several images with their names, as docker makes and both load.
    archive: &'static [&'static str],
    /// What stands before the name of an image that is of no registry.
    local: &'static str,
}

const DOCKER: Dialect = Dialect {
    program: "docker",
    bare: &[],
    no_path: &[],
    label: r#"{{.Label "NAME"}}"#,
    at_once: &[],
    quiet: &[],
    no_prune: &["--no-prune"],
    self_removing: &["--rm"],
    tells_slowly: false,
    followed: &["-L"],
    archive: &[],
    local: "",
};
const PODMAN: Dialect = Dialect {
    program: "podman",
    bare: &[
        "--http-proxy=false",
        "--unsetenv",
        "TERM",
        "--unsetenv",
        "container",
    ],
    no_path: &["--unsetenv", "PATH"],
    label: r#"{{index .Labels "NAME"}}"#,
    at_once: &["-t", "0", "--ignore"],
    quiet: &["-q"],
    no_prune: &[],
    self_removing: &[],
    tells_slowly: true,
    followed: &[],
    archive: &["-q", "--format", "docker-archive", "-m"],
    local: "localhost/",
};

impl Engine {
    pub(crate) const ALL: [Self; 2] = [Self::Docker, Self::Podman];

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.name() == name)
    }

    /// What somebody can use in its place.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Docker => Self::Podman,
            Self::Podman => Self::Docker,
        }
    }

    fn dialect(self) -> &'static Dialect {
        match self {
            Self::Docker => &DOCKER,
            Self::Podman => &PODMAN,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.dialect().program
    }

    fn call(self, words: &[&str]) -> Command {
        Command::new(std::iter::once(self.name()).chain(words.iter().copied()))
    }

    /// A call that is a question. Both clients are Go programs that live for some milliseconds: without collecting
    /// garbage and without threads for it they live a sixth shorter (pkg.go.dev/runtime, "Environment Variables").
    fn question(self, words: &[&str]) -> Command {
        let mut command = self.call(words);
        for (name, value) in [("GOGC", "off"), ("GOMAXPROCS", "1")] {
            command.env.push((name.into(), value.into()));
        }
        command
    }

    /// All that an engine knows of these images; one that is missing makes it fail, the others are printed anyway.
    pub(crate) fn image_inspect(self, images: &[&str]) -> Command {
        self.question(&["image", "inspect"])
            .args(images.iter().copied())
    }

    /// Ids of all images that have all of these labels, whatever they are called.
    pub(crate) fn image_list(self, labels: &[(&str, &str)]) -> Command {
        let labels = labels.iter();
        let filters = labels.map(|(name, value)| format!("--filter=label={name}={value}"));
        self.all_images().args(filters)
    }

    /// Is it dear to be told of an image? podman 4.3 compares each one it tells of with all that there are: 230 images
    /// take 17 s, where it takes 0.1 s to see that none has a label.
    pub(crate) fn tells_slowly(self) -> bool {
        self.dialect().tells_slowly
    }

    /// Ids of all images that there are.
    pub(crate) fn all_images(self) -> Command {
        self.call(&["image", "ls", "-aq", "--no-trunc"])
    }

    pub(crate) fn pull(self, image: &str, platform: Option<&str>) -> Command {
        let platform = platform.map(|p| format!("--platform={p}"));
        self.call(&["pull", "-q"]).args(platform).arg(image)
    }

    pub(crate) fn push(self, image: &str) -> Command {
        self.call(&["push", "-q", image])
    }

    /// Copies a tar into a container that is not started; `made` is the command that makes the tar.
    pub(crate) fn copy_in(self, container: &str, made: String) -> Command {
        self.call(&["cp", "-", &format!("{container}:/")])
            .stdin(Stdin::Made(made))
    }

    /// Prints a path of a container, with all that is in it, as a tar. What a link at its end leads to has the name of
    /// its target there.
    pub(crate) fn copy_out(self, container: &str, path: &str) -> Command {
        self.call(&["cp"])
            .args(self.dialect().followed.iter().copied())
            .args([&format!("{container}:{path}"), "-"])
    }

    /// Starts a made container, attached; the script comes over stdin.
    pub(crate) fn start(self, container: &str, script: String) -> Command {
        self.call(&["start", "-a", "-i", container])
            .stdin(Stdin::Text(script))
    }

    pub(crate) fn inspect_container(self, container: &str) -> Command {
        self.question(&[
            "container",
            "inspect",
            "--format",
            "{{json .State}}",
            container,
        ])
    }

    /// Keeps a container's filesystem under a tag; `labels` replace those the container was made with.
    pub(crate) fn commit(self, container: &str, tag: &str, labels: &[(&str, &str)]) -> Command {
        let mut command = self
            .call(&["commit", "--pause=false"])
            .args(self.dialect().quiet.iter().copied());
        for (name, value) in labels {
            command = command.arg("--change").arg(format!("LABEL {name}={value}"));
        }
        command.args([container, tag])
    }

    /// Makes a volume; podman fails where it is there.
    pub(crate) fn make_volume(self, name: &str, labels: &labels::Labels) -> Command {
        let labels = labels
            .iter()
            .map(|(name, value)| format!("--label={name}={value}"));
        self.call(&["volume", "create"]).args(labels).arg(name)
    }

    /// Names of volumes with a label, a line each.
    pub(crate) fn volume_list(self, label: &str) -> Command {
        self.call(&["volume", "ls", "-q", "--filter", &format!("label={label}")])
    }

    /// Removes a volume that no container uses.
    pub(crate) fn remove_volume(self, name: &str) -> Command {
        self.call(&["volume", "rm", name])
    }

    pub(crate) fn tag(self, image: &str, tag: &str) -> Command {
        self.call(&["tag", image, tag])
    }

    /// Prints images, named by these names, as one archive.
    pub(crate) fn save(self, names: &[&str]) -> Command {
        self.call(&["save"])
            .args(self.dialect().archive.iter().copied())
            .args(names.iter().copied())
    }

    /// Takes images out of an archive that comes over stdin; `made` is the command that makes it.
    pub(crate) fn load(self, made: String) -> Command {
        self.call(&["load", "-q"]).stdin(Stdin::Made(made))
    }

    /// What an image that is of no registry is called in an archive that this engine loads: podman would take a bare name
    /// for one of docker's registry.
    pub(crate) fn local_name(self, name: &str) -> String {
        self.dialect().local.to_owned() + name
    }

    /// Asks every process of a container to end. `stop` asks the first alone, which passes it on to its child and no
    /// further; then a `make` could not take half a file away, and a later run would take it for a whole one.
    pub(crate) fn terminate(self, container: &str) -> Command {
        self.call(&["exec", container, "sh", "-c", "kill -TERM -1"])
    }

    pub(crate) fn stop(self, container: &str, kill_after: std::time::Duration) -> Command {
        self.call(&[
            "stop",
            "-t",
            &kill_after.as_secs().max(1).to_string(),
            container,
        ])
    }

    pub(crate) fn kill(self, container: &str) -> Command {
        self.call(&["kill", container])
    }

    /// Removes containers and their anonymous volumes, running or not.
    pub(crate) fn remove_containers(self, containers: &[&str]) -> Command {
        self.call(&["rm", "-f", "-v"])
            .args(self.dialect().at_once.iter().copied())
            .args(containers.iter().copied())
    }

    /// Takes tags or ids away, never by force: podman's force removes other people's containers.
    pub(crate) fn remove_images(self, images: &[&str]) -> Command {
        self.call(&["image", "rm"])
            .args(self.dialect().no_prune.iter().copied())
            .args(images.iter().copied())
    }

    /// `ID OWNER` of all containers with a label, a line each.
    pub(crate) fn container_list(self, label: &str) -> Command {
        let owner = self.dialect().label.replace("NAME", labels::OWNER);
        let (filter, format) = (format!("label={label}"), format!("{{{{.ID}}}} {owner}"));
        let words = [
            "ps",
            "-a",
            "--no-trunc",
            "--filter",
            &filter,
            "--format",
            &format,
        ];
        self.call(&words)
    }
}
