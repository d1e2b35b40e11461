//! Names of images in registries, as docker and podman read them.
//!
//! Asks nothing; `debian:bookworm` is `library/debian` of `docker.io`, whose interface answers on `registry-1.docker.io`.

use std::fmt;
use std::net::IpAddr;

use crate::config::forms::is_digest;
use crate::problem::Problem;

/// The registry that a name without a host means.
const DEFAULT_HOST: &str = "docker.io";

/// Which image of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    Tag(String),
    /// `sha256:` and 64 hex digits.
    Digest(String),
}

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    /// As people and credentials name it, with its port if it has one: `docker.io`, `localhost:5000`.
    pub(crate) host: String,
    pub(crate) repository: String,
    pub(crate) version: Version,
}

impl Reference {
    /// Reads `[HOST/]REPOSITORY[:TAG][@DIGEST]`; the tag is `latest` if none is said, and a digest counts before a tag.
    ///
    /// # Errors
    /// A mistake, if it is no such name.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        Self::read(text).ok_or_else(|| {
            Problem::new(
                format!("`{text}` is no image of a registry"),
                "write it as `debian:bookworm` or `registry/path/name:tag`",
            )
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) if is_digest(digest) => (name, Some(digest)),
            Some(_) => return None,
            None => (text, None),
        };
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match name[slash..].rfind(':').map(|at| at + slash) {
            Some(colon) => (&name[..colon], Some(&name[colon + 1..])),
            None => (name, None),
        };
        let (host, path) = match name.split_once('/') {
            Some((first, rest)) if is_host(first) => (first, rest),
            Some(_) | None => (DEFAULT_HOST, name),
        };
        let host = host
            .strip_prefix("index.")
            .filter(|h| *h == DEFAULT_HOST)
            .unwrap_or(host);
        let path_alone = host == DEFAULT_HOST && !path.contains('/');
        let repository = if path_alone {
            format!("library/{path}")
        } else {
            path.to_owned()
        };
        let version = match (digest, tag) {
            (Some(digest), _) => Version::Digest(digest.to_owned()),
            (None, tag) => Version::Tag(tag.unwrap_or("latest").to_owned()),
        };
        let ok = is_repository(path) && tag.is_none_or(is_tag);
        ok.then(|| Self {
            host: host.to_owned(),
            repository,
            version,
        })
    }

    /// Another image of the same repository.
    pub(crate) fn with(&self, version: Version) -> Self {
        Self {
            version,
            ..self.clone()
        }
    }

    /// `HOST/REPOSITORY`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// The tag or digest alone.
    pub(crate) fn version(&self) -> &str {
        match &self.version {
            Version::Tag(text) | Version::Digest(text) => text,
        }
    }

    /// Does the registry stand on this machine? Then, and only then, it is spoken to without TLS.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Where its interface is: a scheme and a host.
    pub(super) fn endpoint(&self) -> String {
        match self.host.as_str() {
            DEFAULT_HOST => "https://registry-1.docker.io".to_owned(),
            host if is_loopback(host) => format!("http://{host}"),
            host => format!("https://{host}"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match &self.version {
            Version::Tag(_) => ':',
            Version::Digest(_) => '@',
        };
        write!(f, "{}{sign}{}", self.name(), self.version())
    }
}

/// Is a host, with or without a port, this machine itself?
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Is the first part of a name a host, and not a folder of the default registry?
fn is_host(part: &str) -> bool {
    part == "localhost" || part.contains(['.', ':']) || part.chars().any(|c| c.is_ascii_uppercase())
}

fn is_repository(path: &str) -> bool {
    let part = |part: &str| {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.chars().all(ok) && part.starts_with(end) && part.ends_with(end)
    };
    !path.is_empty() && path.len() < 256 && path.split('/').all(part)
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let ok = |c: char| word(c) || c == '.' || c == '-';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_docker_reads_them() {
        let hex = "a".repeat(64);
        let read = |text: &str| Reference::read(text).map(|r| (r.to_string(), r.endpoint()));
        let hub = "https://registry-1.docker.io";
        for (text, name, endpoint) in [
            ("debian:bookworm", "docker.io/library/debian:bookworm", hub),
            ("debian", "docker.io/library/debian:latest", hub),
            ("i386/debian:8", "docker.io/i386/debian:8", hub),
            ("docker.io/debian", "docker.io/library/debian:latest", hub),
            ("index.docker.io/a/b", "docker.io/a/b:latest", hub),
            (
                "quay.io/a/b/c:1.2_x-y",
                "quay.io/a/b/c:1.2_x-y",
                "https://quay.io",
            ),
            ("localhost/a", "localhost/a:latest", "http://localhost"),
            (
                "localhost:5000/a:b",
                "localhost:5000/a:b",
                "http://localhost:5000",
            ),
            (
                "127.3.0.1:1/a",
                "127.3.0.1:1/a:latest",
                "http://127.3.0.1:1",
            ),
            ("[::1]:5000/a", "[::1]:5000/a:latest", "http://[::1]:5000"),
            ("host:5000/a", "host:5000/a:latest", "https://host:5000"),
            ("128.0.0.1/a", "128.0.0.1/a:latest", "https://128.0.0.1"),
            (
                "127.0.0.1.evil.org/a",
                "127.0.0.1.evil.org/a:latest",
                "https://127.0.0.1.evil.org",
            ),
        ] {
            assert_eq!(
                read(text),
                Some((name.to_owned(), endpoint.to_owned())),
                "{text}"
            );
        }
        let pinned = format!("debian:12@sha256:{hex}");
        let name = format!("docker.io/library/debian@sha256:{hex}");
        assert_eq!(read(&pinned), Some((name, hub.to_owned())));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            ":x",
            "a:",
            "A",
            "a/B",
            "a//b",
            "a b",
            "-a",
            "a@sha256:12",
            "a@md5:x",
            "a:b:c",
            "https://ghcr.io/a",
            "ghcr.io/",
            "a:.x",
            "a:ü",
            "a?x=1",
            "a#b",
        ] {
            assert_eq!(Reference::read(text), None, "{text}");
        }
        assert!(Reference::read(&format!("a:{}", "t".repeat(129))).is_none());
    }
}
