//! Archives of images for tests: as engines make them of what the fake one has, and as somebody means harm.

use std::fs;
use std::io::Read;

use serde_json::{Value, json};
use tar::{Archive, Builder, EntryType, Header};

use crate::support::Fake;

/// An image as its engine would save it: names, layers, configuration.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    pub(crate) names: Vec<String>,
    layers: Vec<String>,
    labels: serde_json::Map<String, Value>,
}

impl Saved {
    fn config(&self) -> Value {
        json!({
            "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
            "rootfs": { "type": "layers", "diff_ids": self.layers },
            "config": {
                "Env": ["PATH=/bin"], "Entrypoint": ["sh"], "Cmd": ["-e", "-s"], "User": "0:0", "WorkingDir": "/",
                "Labels": self.labels,
            },
        })
    }
}

/// The stages that the fake has, by stage.
pub(crate) fn images(fake: &Fake) -> Vec<Saved> {
    let mut all = Vec::new();
    for folder in fake.images() {
        let read = |file: &str| {
            let path = fake.folder().join("images").join(&folder).join(file);
            let text = fs::read_to_string(path).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let labels = read("labels").into_iter().map(|line| {
            let (name, value) = line.split_once('=').unwrap();
            (name.to_owned(), Value::from(value))
        });
        let labels: serde_json::Map<String, Value> = labels.collect();
        let (names, layers) = (read("tags"), read("layers"));
        all.extend(labels.contains_key("runenv.key").then_some(Saved {
            names,
            layers,
            labels,
        }));
    }
    all.sort_by_key(|image| image.layers.len());
    all
}

struct Tar(Builder<Vec<u8>>);

impl Tar {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// A file; the name is written as it is.
    fn file(mut self, name: &str, content: &[u8]) -> Self {
        self.entry(name, EntryType::Regular, "", content);
        self
    }

    fn link(mut self, name: &str, target: &str) -> Self {
        self.entry(name, EntryType::Symlink, target, b"");
        self
    }

    fn entry(&mut self, name: &str, kind: EntryType, target: &str, content: &[u8]) {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.append(&header, content).unwrap();
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

/// The archive of these images, each layer once and then a link to it, as docker does it.
pub(crate) fn archive(images: &[Saved]) -> Vec<u8> {
    let (mut tar, mut listed, mut seen) = (Tar::new(), Vec::new(), Vec::new());
    for (at, image) in images.iter().enumerate() {
        let mut layers = Vec::new();
        for (number, layer) in image.layers.iter().enumerate() {
            let path = format!("{at}{number}/layer.tar");
            let first = seen
                .iter()
                .find(|(known, _): &&(String, String)| known == layer);
            tar = match first {
                Some((_, first)) => tar.link(&path, &format!("../{first}")),
                None => tar.file(&path, layer.as_bytes()),
            };
            seen.push((layer.clone(), path.clone()));
            layers.push(path);
        }
        let config = format!("c{at}.json");
        tar = tar.file(&config, image.config().to_string().as_bytes());
        listed.push(json!({ "Config": config, "RepoTags": image.names, "Layers": layers }));
    }
    tar.file("manifest.json", Value::from(listed).to_string().as_bytes())
        .bytes()
}

/// Names and contents of an archive.
pub(crate) fn entries(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = Archive::new(bytes);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (entry.path().unwrap().display().to_string(), text)
    });
    entries.collect()
}

/// Files that are not what `save` wrote.
pub(crate) fn harmful(images: &[Saved]) -> Vec<(&'static str, Vec<u8>)> {
    let good = archive(images);
    let with = |change: &dyn Fn(&mut Saved)| {
        let mut images = images.to_owned();
        change(&mut images[1]);
        archive(&images)
    };
    let label = |name: &'static str, value: &'static str| {
        with(&|image| drop(image.labels.insert(name.to_owned(), value.into())))
    };
    let manifest = |text: &str| Tar::new().file("manifest.json", text.as_bytes());
    let escapes = Tar::new().file("../../etc/cron.d/x", b"* * * * * root id");
    let outside = manifest(r#"[{"Config":"config.json","RepoTags":[],"Layers":[]}]"#)
        .link("config.json", "../../../etc/passwd");
    let lacks = manifest(r#"[{"Config":"gone\u001b[2J.json","Layers":["a"]}]"#);
    vec![
        (
            "another-name",
            with(&|image| image.names.push("debian:12".to_owned())),
        ),
        (
            "another-project",
            label("runenv.project", "0123456789abcdef"),
        ),
        (
            "built-upon",
            with(&|image| image.layers.push("one more".to_owned())),
        ),
        ("a-label-more", label("evil", "1")),
        ("another-environment", label("runenv.env", "../x")),
        ("out-of-the-folder", escapes.bytes()),
        ("a-link-out-of-it", outside.bytes()),
        ("lacks-a-file", lacks.bytes()),
        ("no-image", manifest("[]").bytes()),
        ("no-manifest", Tar::new().file("index.json", b"{}").bytes()),
        ("cut-off", good[..good.len() / 4].to_owned()),
        (
            "compressed",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".repeat(60),
        ),
        ("empty", Vec::new()),
    ]
}
