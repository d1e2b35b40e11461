//! What an engine says of itself, and what its registries say of an image: the calls, and their answers read.

use std::path::PathBuf;

use serde_json::Value;

use super::Engine;
use crate::command::{Command, Stdin};
use crate::platform;

/// Where podman looks for programs of its own, beside PATH (containers.conf(5), `helper_binaries_dir`).
pub(crate) const HELPERS: [&str; 4] = [
    "/usr/local/libexec/podman",
    "/usr/local/lib/podman",
    "/usr/libexec/podman",
    "/usr/lib/podman",
];

/// An engine that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) version: String,
    pub(crate) rootless: bool,
    /// Where it keeps images, on its own machine.
    pub(crate) root: PathBuf,
    /// What that machine is called.
    pub(crate) host: String,
    /// The client says that it is another machine.
    pub(crate) remote: bool,
}

impl About {
    /// Reads the answer to `Engine::info`; `None`: it is not that of an engine that answers.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let info: Value = serde_json::from_slice(json).ok()?;
        let text = |places: [&str; 2]| {
            let found = places
                .iter()
                .find_map(|place| info.pointer(place)?.as_str());
            found.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let options = info.pointer("/SecurityOptions").and_then(Value::as_array);
        let mut options = options.into_iter().flatten().filter_map(Value::as_str);
        let podman = info.pointer("/host/security/rootless");
        Some(Self {
            version: text(["/ServerVersion", "/version/Version"])?,
            root: text(["/DockerRootDir", "/store/graphRoot"])?.into(),
            host: text(["/Name", "/host/hostname"]).unwrap_or_default(),
            remote: info
                .pointer("/host/serviceIsRemote")
                .and_then(Value::as_bool)
                == Some(true),
            rootless: podman.and_then(Value::as_bool).unwrap_or(false)
                || options.any(|option| option == "name=rootless"),
        })
    }
}

/// The platforms of a list of manifests, `os/architecture[/variant]`; `None`: it is one image, which does not say.
pub(crate) fn platforms(manifest: &[u8]) -> Option<Vec<String>> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    let word = |platform: &Value, key: &str| platform[key].as_str().unwrap_or_default().to_owned();
    let each = manifest.get("manifests")?.as_array()?.iter();
    let each = each.map(|of| {
        let platform = &of["platform"];
        let words = ["os", "architecture", "variant"].map(|key| word(platform, key));
        words.join("/").trim_end_matches('/').to_owned()
    });
    Some(each.collect())
}

/// What a Dockerfile ends a build with as soon as its base image is known, and before a byte of it is fetched.
const NO_SIGNAL: &str = "runenv";

/// Does a failed question say that the image is there all the same? podman 4.3 finds a single image of OCI's form and
/// cannot show it; a build that was made to stop has found its base.
pub(crate) fn says_there(said: &[u8]) -> bool {
    let said = String::from_utf8_lossy(said).to_lowercase();
    let stopped = format!("invalid signal: {NO_SIGNAL}");
    said.contains("treating single images as manifest lists") || said.contains(&stopped)
}

/// Will one of these platforms do?
pub(crate) fn offers(platforms: &[String], asked: &str) -> bool {
    let mut all = platforms.iter();
    all.any(|one| platform::distance(asked, one).is_some())
}

impl Engine {
    /// All that it says of itself.
    pub(crate) fn info(self) -> Command {
        self.call(&["info", "--format", "{{json .}}"])
    }

    /// The program that its `--init` needs, where that is a package of its own.
    pub(crate) fn init(self) -> Option<&'static str> {
        match self {
            Self::Docker => None,
            Self::Podman => Some("catatonit"),
        }
    }

    /// What a registry has under an image's name, without a byte of the image. docker's client asks by itself, and so
    /// has to be told what its daemon knows: that registries of this machine speak without TLS.
    pub(crate) fn manifest(self, image: &str) -> Command {
        let insecure = self == Self::Docker && is_of_this_machine(image);
        self.call(&["manifest", "inspect"])
            .args(insecure.then_some("--insecure"))
            .arg(image)
    }

    /// The same question to docker's daemon, for when its client does not know: clients before 23 read no manifests of
    /// OCI's form. They have `BuildKit` built in, which asks the registry and stops at the odd signal; a later client
    /// without `BuildKit` refuses.
    pub(crate) fn base_of_a_build(self, image: &str, platform: Option<&str>) -> Option<Command> {
        let build = match self {
            Self::Docker => self.call(&["build"]),
            Self::Podman => return None,
        };
        let platform = platform.map(|p| format!("--platform={p}"));
        let dockerfile = format!("FROM {image}\nSTOPSIGNAL {NO_SIGNAL}\n");
        let mut build = build.args(platform).arg("-").stdin(Stdin::Text(dockerfile));
        build.env.push(("DOCKER_BUILDKIT".into(), "1".into()));
        Some(build)
    }
}

/// Is the image's registry one of the loopback interface?
fn is_of_this_machine(image: &str) -> bool {
    let registry = image.split_once('/').map_or("", |(registry, _)| registry);
    let host = registry.split(':').next().unwrap_or_default();
    let address = host.parse::<std::net::Ipv4Addr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_say_what_they_are() {
        let docker = br#"{"ServerVersion":"20.10.24","DockerRootDir":"/var/lib/docker","SecurityOptions":["name=seccomp"]}"#;
        let podman = br#"{"host":{"security":{"rootless":true}},"store":{"graphRoot":"/r"},"version":{"Version":"4.3.1"}}"#;
        let (docker, podman) = (About::read(docker).unwrap(), About::read(podman).unwrap());
        assert_eq!(
            (docker.version.as_str(), docker.rootless),
            ("20.10.24", false)
        );
        assert_eq!((podman.version.as_str(), podman.rootless), ("4.3.1", true));
        assert_eq!(podman.root, PathBuf::from("/r"));
        let down = br#"{"ServerVersion":"","DockerRootDir":"","SecurityOptions":null}"#;
        assert_eq!(About::read(down), None);
    }

    #[test]
    fn a_list_of_manifests_has_platforms() {
        let list = br#"{"manifests":[{"platform":{"os":"linux","architecture":"amd64"}},
            {"platform":{"os":"linux","architecture":"arm","variant":"v7"}}]}"#;
        let list = platforms(list).unwrap();
        assert_eq!(list, ["linux/amd64", "linux/arm/v7"]);
        for (asked, there) in [
            ("linux/amd64", true),
            ("linux/arm/v7", true),
            ("linux/arm", true),
            ("linux/arm/v6", false),
            ("linux/386", false),
        ] {
            assert_eq!(offers(&list, asked), there, "{asked}");
        }
        assert_eq!(platforms(br#"{"config":{}}"#), None);
    }

    #[test]
    fn tls_is_left_out_for_this_machine_alone() {
        for (image, there) in [
            ("127.0.0.1:5000/a:1", true),
            ("localhost:5000/a", true),
            ("localhost/a:1", true),
            ("127.evil.example/a", false),
            ("quay.io/a", false),
            ("busybox", false),
        ] {
            let argv = Engine::Docker.manifest(image).argv;
            assert_eq!(argv.contains(&"--insecure".to_owned()), there, "{image}");
            assert_eq!(Engine::Podman.manifest(image).argv.len(), 4);
        }
    }
}
