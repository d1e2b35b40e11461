//! What the images of stages are called: on the engine, and in the registry, where they are the same.

use super::{Plan, Stage};
use crate::config::file::Registry;
use crate::config::forms;
use crate::config::template::{Part, Template};
use crate::digest::Digest;

/// An image's name where nobody says another.
const NAME: &str = "{project}-{env}-{stage}:{tag}";
/// Longer tags are none.
const LONGEST_TAG: usize = 128;

/// `[registry]`, as an environment uses it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registries {
    image: Option<String>,
    /// Repositories that are looked into, in this order, each with its host: `ghcr.io/me`.
    pub(crate) look: Vec<String>,
    /// Where images are pushed to.
    pub(crate) push: Option<String>,
}

impl Registries {
    /// Reads the table: what is pushed is looked for there, too.
    pub(crate) fn of(table: &Registry) -> Self {
        let Registry {
            repository,
            image,
            pull,
            push,
        } = table;
        let own = push.as_ref().or(repository.as_ref());
        let more = pull.iter().flat_map(|list| list.get_ref().words());
        let named = repository
            .iter()
            .chain(push)
            .map(|text| text.get_ref().as_str());
        let mut look: Vec<String> = Vec::new();
        for name in named
            .map(str::to_owned)
            .chain(more.map(str::to_owned))
            .map(|n| whole(&n))
        {
            if !look.contains(&name) {
                look.push(name);
            }
        }
        Self {
            image: image.as_ref().map(|text| text.get_ref().clone()),
            look,
            push: own.map(|text| whole(text.get_ref())),
        }
    }
}

/// A repository with its host: engines do not agree what one without means.
fn whole(repository: &str) -> String {
    if forms::has_host(repository) {
        repository.to_owned()
    } else {
        format!("docker.io/{repository}")
    }
}

impl Plan {
    /// The name of a stage's image on the engine: that of the registry that it is pushed to, if there is one.
    pub(crate) fn image_name(&self, stage: &Stage, tag: &str) -> String {
        let of = [&self.project, &self.slug, &stage.name];
        self.registries.name(of.map(String::as_str), tag)
    }

    /// Its names in all registries that are looked into.
    pub(crate) fn registry_names(&self, stage: &Stage, tag: &str) -> Vec<String> {
        let name = self.bare_name(stage, tag);
        let each = self.registries.look.iter();
        each.map(|repository| format!("{repository}/{name}"))
            .collect()
    }

    /// Did a run give a stage's image this name?
    pub(crate) fn gave(&self, stage: &Stage, name: &str) -> bool {
        let of = [&self.project, &self.slug, &stage.name];
        self.registries.gave(of.map(String::as_str), name)
    }

    /// A tag of what is this environment's alone, whatever it shares its repository with.
    pub(crate) fn own_tag(&self, tag: &str) -> String {
        self.registries.own_tag(&self.slug, tag)
    }

    /// A tag of what is this stage's of this environment alone, with what the image's name does not say.
    pub(crate) fn named_tag(&self, stage: &Stage, tag: &str) -> String {
        if self.registries.says("stage") {
            self.own_tag(tag)
        } else {
            self.own_tag(&format!("{}-{tag}", stage.name))
        }
    }

    fn bare_name(&self, stage: &Stage, tag: &str) -> String {
        let of = [&self.project, &self.slug, &stage.name];
        self.registries.bare_name(of.map(String::as_str), tag)
    }
}

/// Stands for any part of a name; no name has it.
const ANY: &str = "\0";

impl Registries {
    /// The name of an image on the engine: that of the registry that it is pushed to, if there is one.
    pub(crate) fn name(&self, of: [&str; 3], tag: &str) -> String {
        let before = self.push.as_ref().map(|r| format!("{r}/"));
        before.unwrap_or_default() + &self.bare_name(of, tag)
    }

    /// `PROJECT-ENV-STAGE:TAG`, the environment without its runner, or what the file says.
    fn bare_name(&self, [project, env, stage]: [&str; 3], tag: &str) -> String {
        let mut text = String::new();
        for part in Template::parse(self.image.as_deref().unwrap_or(NAME)).0 {
            match part {
                Part::Text(part) => text += &part,
                Part::Element => text += "{}",
                Part::Use(used) => {
                    text += match used.name.as_str() {
                        "project" => project,
                        "env" => env,
                        "stage" => stage,
                        _ => tag,
                    }
                }
            }
        }
        let (name, tag) = text.split_once(':').unwrap_or((&text, tag));
        format!("{name}:{}", legal(tag))
    }

    /// A tag with the environment in it, where the name has none: `failed`, `jammy-standard-failed`.
    pub(crate) fn own_tag(&self, env: &str, tag: &str) -> String {
        if self.says("env") {
            return tag.to_owned();
        }
        if env.len() + 1 + tag.len() <= LONGEST_TAG {
            return format!("{env}-{tag}");
        }
        // What is cut off would be what tells environments apart.
        format!("{}-{tag}", Digest::of(env.as_bytes()).short())
    }

    /// Is this word in the image's name?
    fn says(&self, word: &str) -> bool {
        let parts = Template::parse(self.image.as_deref().unwrap_or(NAME)).0;
        let says = |part: &Part| matches!(part, Part::Use(used) if used.name == word);
        parts.iter().any(says)
    }

    /// Did a run give an image this name? `of` is its project, environment and stage; `name` is as an engine tells it.
    pub(crate) fn gave(&self, of: [&str; 3], name: &str) -> bool {
        self.is_called(&self.bare_name(of, ANY), name)
    }

    /// The same of a stage's image that has this tag, for whichever environment that has the stage, too.
    pub(crate) fn gave_for_any(&self, [project, stage]: [&str; 2], tag: &str, name: &str) -> bool {
        self.is_called(&self.bare_name([project, ANY, stage], tag), name)
    }

    /// What the names of all of a project's repositories begin with; perhaps nothing.
    pub(crate) fn beginning(&self, project: &str) -> String {
        let name = self.bare_name([project, ANY, ANY], ANY);
        let (begin, _) = name.split_once(ANY).unwrap_or((&name, ""));
        begin.split(':').next().unwrap_or_default().to_owned()
    }

    /// Is it this name, in a registry that is used or in none? `ANY` in it stands for a text.
    fn is_called(&self, ours: &str, name: &str) -> bool {
        let is_ours = |name: &str| match ours.split_once(ANY) {
            None => name == ours,
            Some((begin, end)) => {
                let rest = name.strip_prefix(begin);
                let any = rest.and_then(|rest| rest.strip_suffix(end));
                any.is_some_and(|any| !any.is_empty() && !any.contains(['/', ':']))
            }
        };
        // podman's registry of images that are from here, and docker's that it does not say.
        let hub = |repository: &str| repository.strip_prefix("docker.io/").map(str::to_owned);
        let told = self.look.iter().chain(&self.push);
        let told = told.flat_map(|r| [Some(r.clone()), hub(r)]).flatten();
        let mut before = told.chain(["localhost".to_owned()]);
        is_ours(name)
            || before.any(|before| {
                let rest = name.strip_prefix(before.as_str());
                rest.and_then(|rest| rest.strip_prefix('/'))
                    .is_some_and(is_ours)
            })
    }
}

/// A tag's end, which tells it from others, where all of it is too long.
fn legal(tag: &str) -> &str {
    let cut = tag.len().saturating_sub(LONGEST_TAG);
    tag[cut..].trim_start_matches(['.', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_have_hosts_and_tags_fit() {
        let repositories = [
            "me",
            "me/x",
            "ghcr.io",
            "localhost/x",
            "localhost:5000",
            "a.b/c",
        ];
        let whole: Vec<String> = repositories.iter().map(|r| super::whole(r)).collect();
        let expected = [
            "docker.io/me",
            "docker.io/me/x",
            "ghcr.io",
            "localhost/x",
            "localhost:5000",
            "a.b/c",
        ];
        assert_eq!(whole, expected);
        let long = format!("a-{}-key-1", "x".repeat(200));
        assert_eq!((legal(&long).len(), legal("a.b-c")), (128, "a.b-c"));
        let dashes = format!("{}key", "-".repeat(200));
        assert!(legal(&long).ends_with("-key-1") && legal(&dashes) == "key");
    }

    #[test]
    fn what_is_one_environments_alone_says_so() {
        let named = |image: &str| Registries {
            image: Some(image.to_owned()),
            ..Registries::default()
        };
        let (own, shared) = (named("{project}:{env}-{tag}"), named("{project}:{tag}"));
        assert_eq!(Registries::default().own_tag("jammy", "failed"), "failed");
        assert_eq!(own.own_tag("jammy", "failed"), "failed");
        assert_eq!(shared.own_tag("jammy", "failed"), "jammy-failed");
        let long = |end: &str| {
            let tag = shared.own_tag(&format!("{}{end}", "x".repeat(120)), "v1.2-failed");
            shared.bare_name(["p", "e", "s"], &tag)
        };
        assert_ne!(long("a"), long("b"));
        assert!(long("a").ends_with("-v1.2-failed"), "{}", long("a"));
    }

    #[test]
    fn an_image_that_environments_share_has_the_names_of_all() {
        let named = |image: &str| Registries {
            image: Some(image.to_owned()),
            ..Registries::default()
        };
        let (own, one) = (Registries::default(), named("{project}:{env}-{tag}"));
        for (registries, name, gave) in [
            (&own, "p-other-s:key-1", true),
            (&own, "localhost/p-other-s:key-1", true),
            (&own, "p-other-s:key-2", false),
            (&own, "p--s:key-1", false),
            (&own, "x/p-other-s:key-1", false),
            (&own, "p-other-t:key-1", false),
            (&one, "p:other-key-1", true),
            (&one, "p:other-key-2", false),
            (&named("{project}:{tag}"), "p:key-1", true),
            (&named("{project}:{tag}"), "p:key-12", false),
        ] {
            let of = ["p", "s"];
            assert_eq!(registries.gave_for_any(of, "key-1", name), gave, "{name}");
        }
    }

    #[test]
    fn names_that_runs_gave_are_known() {
        let of = ["p", "e", "s"];
        let own = Registries::default();
        let shared = Registries {
            image: Some("{project}:{env}-{tag}-x".to_owned()),
            look: vec!["docker.io/me".to_owned()],
            push: Some("ghcr.io/me".to_owned()),
        };
        for (registries, name, gave) in [
            (&own, "p-e-s:key-1", true),
            (&own, "localhost/p-e-s:v1-failed", true),
            (&own, "ghcr.io/me/p-e-s:key-1", false),
            (&own, "p-e-s2:key-1", false),
            (&shared, "ghcr.io/me/p:e-key-1-x", true),
            (&shared, "me/p:e-key-1-x", true),
            (&shared, "docker.io/me/p:e-key-1-x", true),
            (&shared, "p:e-key-1-x", true),
            (&shared, "p:e-key-1", false),
            (&shared, "quay.io/me/p:e-key-1-x", false),
        ] {
            assert_eq!(registries.gave(of, name), gave, "{name}");
        }
    }
}
