//! The tags that runs give to images of stages. They are hints: labels alone say what an image is.

use super::Plan;
use super::image::Registries;
use crate::digest::Digest;

const KEY: &str = "key-";
const INCREMENT: &str = "inc-";
const LINE: &str = "line-";
const FAILED: &str = "failed";

/// How no tag of a person begins.
pub(crate) const RESERVED: [&str; 4] = [KEY, INCREMENT, LINE, FAILED];

/// Of a stage that was made clean: the same in all environments that share it.
pub(crate) fn key(key: Digest) -> String {
    format!("{KEY}{}", key.short())
}

/// Of a stage that was made in an increment.
pub(crate) fn increment(key: Digest) -> String {
    format!("{INCREMENT}{}", key.short())
}

pub(crate) fn is_key(tag: &str) -> bool {
    tag.starts_with(KEY)
}

/// Of a stage's image in an environment. Increments never have that of a key, which others would take for a clean
/// stage's.
pub(crate) fn stage(registries: &Registries, env: &str, of: Digest, clean: bool) -> String {
    if clean {
        key(of)
    } else {
        registries.own_tag(env, &increment(of))
    }
}

/// Of what the stage of a key left when it ended early, where others find it.
pub(crate) fn failed(registries: &Registries, env: &str, key: Digest) -> String {
    registries.own_tag(env, &format!("{FAILED}-{}", key.short()))
}

/// The same, where people find it: by git's description of the tree.
pub(crate) fn left(registries: &Registries, env: &str, describe: Option<&str>) -> String {
    let word = describe.map_or_else(|| FAILED.to_owned(), |d| format!("{d}-{FAILED}"));
    registries.own_tag(env, &word)
}

/// Of the newest image of a stage, whatever its key: a tag that moves. `of` tells the stage and its environment.
pub(crate) fn line(registries: &Registries, env: &str, of: Digest) -> String {
    registries.own_tag(env, &format!("{LINE}{}", of.short()))
}

impl Plan {
    /// The tag of a stage's image.
    pub(crate) fn stage_tag(&self, key: Digest, clean: bool) -> String {
        stage(&self.registries, &self.slug, key, clean)
    }

    /// The tag of what the stage of a key left when it ended early.
    pub(crate) fn failed_tag(&self, key: Digest) -> String {
        failed(&self.registries, &self.slug, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tag_of_a_run_is_free_for_people() {
        let (of, own) = (Digest::of(b""), Registries::default());
        let all = [
            key(of),
            stage(&own, "e", of, true),
            stage(&own, "e", of, false),
            failed(&own, "e", of),
            left(&own, "e", None),
            line(&own, "e", of),
        ];
        for tag in all {
            assert!(RESERVED.iter().any(|own| tag.starts_with(own)), "{tag}");
        }
        assert!(is_key(&key(of)) && !is_key(&stage(&own, "e", of, false)));
    }
}
