//! An archive of images, read: where its files are, and what its images say of themselves. Nothing is loaded here.
//!
//! docker and podman write the same form: `manifest.json` names for each image its configuration, its layers and its
//! names (github.com/moby/moby/blob/master/image/spec/v1.2.md). podman would believe an `index.json` beside it, and
//! docker without it `repositories`: neither is read, nor passed on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tar::{Builder, EntryType, Header};

use super::{OURS, Said};
use crate::engine::facts::Image;
use crate::files;
use crate::plan::copy::shown;
use crate::problem::Problem;
use crate::registry;

/// Larger texts are none that an engine wrote.
const MOST_BYTES: u64 = 8 << 20;
const MOST_ENTRIES: usize = 100_000;
/// So many links may lead to a file.
const MOST_LINKS: usize = 8;

/// An archive, open.
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) path: PathBuf,
    file: File,
    /// Where the content of each file is, and how long it is.
    files: BTreeMap<String, (u64, u64)>,
    /// What links lead to.
    links: BTreeMap<String, String>,
    /// Who saved it; `None`: not runenv.
    pub(super) said: Option<Said>,
    /// What stands on another comes behind it.
    pub(super) images: Vec<Packed>,
}

/// An image in an archive.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    config: String,
    layers: Vec<String>,
    /// The names that the archive would give it.
    pub(super) names: Vec<String>,
    pub(super) image: Image,
}

/// An image in `manifest.json`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

/// Why it cannot be read.
struct Odd(String);

impl From<io::Error> for Odd {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl Archive {
    /// # Errors
    /// A mistake: it is not there, or no archive of images.
    pub(super) fn open(path: &Path) -> Result<Self, Problem> {
        let mut archive = Self {
            path: path.to_owned(),
            file: files::open_regular(path)?,
            files: BTreeMap::new(),
            links: BTreeMap::new(),
            said: None,
            images: Vec::new(),
        };
        match archive.read() {
            Ok(()) => Ok(archive),
            Err(Odd(why)) => {
                let title = format!("`{}` is no archive of images: {why}", path.display());
                let help = "give the file that `runenv save` wrote, whole and not compressed";
                Err(Problem::new(title, help))
            }
        }
    }

    fn read(&mut self) -> Result<(), Odd> {
        self.find()?;
        if self.files.contains_key(OURS) {
            self.said = Some(self.json(OURS)?);
        }
        let listed: Vec<Listed> = self.json("manifest.json")?;
        for one in listed {
            let config = self.leads_to(&one.config)?;
            let image = registry::facts(&config, &self.content(&config)?);
            let image = image.map_err(|e| Odd(format!("`{}`: {e}", shown(config.as_bytes()))))?;
            let layers = one.layers.unwrap_or_default();
            self.images.push(Packed {
                layers: layers
                    .iter()
                    .map(|layer| self.leads_to(layer))
                    .collect::<Result<_, _>>()?,
                names: one.repo_tags.unwrap_or_default(),
                config,
                image,
            });
        }
        // docker writes them in an order that it draws by lot.
        self.images.sort_by_key(|packed| {
            let layers = packed.image.root_fs.layers.iter().flatten();
            (layers.count(), packed.image.made())
        });
        Ok(())
    }

    /// Finds the files; of two of one name the last counts, as for engines.
    fn find(&mut self) -> Result<(), Odd> {
        let length = self.file.metadata()?.len();
        let mut archive = tar::Archive::new(&self.file);
        for (at, entry) in archive.entries_with_seek()?.enumerate() {
            let entry = entry.map_err(|_| Odd("it is no tar, or a broken one".to_owned()))?;
            let (kind, size, begin) = (
                entry.header().entry_type(),
                entry.size(),
                entry.raw_file_position(),
            );
            if at >= MOST_ENTRIES {
                return Err(Odd(format!("it has more than {MOST_ENTRIES} entries")));
            }
            if begin.checked_add(size).is_none_or(|end| end > length) {
                return Err(Odd("it is cut off".to_owned()));
            }
            let Some(path) = plain(&entry.path_bytes()) else {
                let path = shown(&entry.path_bytes());
                return Err(Odd(format!("engines write no such name: `{path}`")));
            };
            if kind.is_file() {
                self.files.insert(path, (begin, size));
            } else if kind.is_symlink() || kind.is_hard_link() {
                let target = entry.link_name_bytes().unwrap_or_default();
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let from = if kind.is_symlink() { folder } else { "" };
                self.links
                    .extend(joined(from, &target).map(|target| (path, target)));
            }
        }
        Ok(())
    }

    /// The file behind a name.
    fn leads_to(&self, name: &str) -> Result<String, Odd> {
        let mut path = plain(name.as_bytes()).unwrap_or_default();
        for _ in 0..MOST_LINKS {
            if self.files.contains_key(&path) {
                return Ok(path);
            }
            let Some(next) = self.links.get(&path) else {
                break;
            };
            path.clone_from(next);
        }
        Err(Odd(format!("`{}` is not in it", shown(name.as_bytes()))))
    }

    fn json<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<T, Odd> {
        let bytes = self.content(&self.leads_to(name)?)?;
        serde_json::from_slice(&bytes).map_err(|e| Odd(format!("`{name}`: {e}")))
    }

    fn content(&self, path: &str) -> Result<Vec<u8>, Odd> {
        let (begin, size) = self.files[path];
        if size > MOST_BYTES {
            return Err(Odd(format!("`{}` is too large", shown(path.as_bytes()))));
        }
        let (mut file, mut bytes) = (&self.file, Vec::new());
        file.seek(SeekFrom::Start(begin))?;
        file.take(size).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The bytes of all that is passed on of these images.
    pub(super) fn bytes(&self) -> u64 {
        let paths = self.paths().into_iter();
        paths.map(|path| self.files[path].1).sum()
    }

    /// Configurations and layers, each once.
    fn paths(&self) -> BTreeSet<&str> {
        let images = self.images.iter();
        let files = images.flat_map(|packed| packed.layers.iter().chain([&packed.config]));
        files.map(String::as_str).collect()
    }

    /// Writes an archive of the images alone, with these names, an image each.
    pub(super) fn write(
        &self,
        names: &[String],
        out: &mut dyn Write,
        sent: &AtomicU64,
    ) -> io::Result<()> {
        let mut tar = Builder::new(out);
        for path in self.paths() {
            let (begin, size) = self.files[path];
            let mut file = &self.file;
            file.seek(SeekFrom::Start(begin))?;
            let mut content = Counted {
                from: file.take(size),
                sent,
                left: size,
            };
            tar.append_data(&mut head(size), path, &mut content)?;
        }
        let listed = self.images.iter().zip(names).map(|(packed, name)| Listed {
            config: packed.config.clone(),
            repo_tags: Some(vec![name.clone()]),
            layers: Some(packed.layers.clone()),
        });
        let manifest = serde_json::to_vec(&listed.collect::<Vec<_>>())?;
        tar.append_data(
            &mut head(manifest.len() as u64),
            "manifest.json",
            manifest.as_slice(),
        )?;
        tar.into_inner()?.flush()
    }
}

/// What is read, told as it goes. A file that became shorter meanwhile is no whole one.
struct Counted<'a, R> {
    from: R,
    sent: &'a AtomicU64,
    left: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        self.sent.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The head of a file of so many bytes, the same for everybody.
fn head(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(size);
    header
}

/// Our own entry, to stand before all others.
pub(super) fn ours(said: &Said) -> io::Result<Vec<u8>> {
    let text = serde_json::to_vec(said)?;
    let mut tar = Builder::new(Vec::new());
    tar.append_data(&mut head(text.len() as u64), OURS, text.as_slice())?;
    // Without the end of an archive, which comes behind the others.
    Ok(std::mem::take(tar.get_mut()))
}

/// A relative path of plain names, without `.` and doubled `/`; `None` for any that engines do not write.
fn plain(path: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(path).ok()?;
    let known = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    let names = text
        .split('/')
        .filter(|name| !name.is_empty() && *name != ".");
    let names: Vec<&str> = names.collect();
    let fine = text.len() <= 255
        && text.chars().all(known)
        && !text.starts_with('/')
        && !names.contains(&"..");
    fine.then(|| names.join("/"))
}

/// Where a link in a folder leads to; `None`: out of the archive.
fn joined(folder: &str, target: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(target)
        .ok()
        .filter(|text| !text.starts_with('/'))?;
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in text
        .split('/')
        .filter(|name| !name.is_empty() && *name != ".")
    {
        if name == ".." {
            names.pop()?;
        } else {
            names.push(name);
        }
    }
    plain(names.join("/").as_bytes())
}
