//! `[env.NAME] depends`: environments that there are, and none that waits for itself.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Project;
use super::super::listed::{self, Pattern, Patterns};
use crate::name::parse;
use crate::problem::{Place, Problem, Problems};

/// What an environment depends on, each with where that is said.
type Edges = BTreeMap<String, Vec<(String, Place)>>;

pub(super) fn check(project: &Project, problems: &mut Problems) {
    let mut edges = Edges::new();
    for (name, table) in &project.file.env {
        let place = project.place(name.span());
        // What is wrong with a name is told where its table is checked.
        let Ok(parsed) = parse::parse(name.get_ref(), &project.axes, &place) else {
            continue;
        };
        let from = parsed.to_string();
        for (text, place) in project.texts(table.get_ref().depends.as_ref()) {
            if problems.full() {
                return;
            }
            let mut all = Patterns::default();
            match all.add(&text, &project.axes, &place) {
                Ok(added) => {
                    let idle = |p: &Pattern| !p.is_name() && project.listed.meant(p).is_empty();
                    let what = "no environment of `env-list`, and nothing is run before";
                    let warning = listed::matches_none(added, idle, what, &place);
                    problems.0.extend(warning);
                }
                Err(wrong) => {
                    problems.0.extend(wrong.0);
                    continue;
                }
            }
            // A glob stands for the others.
            let others = |p: &Pattern| {
                let meant = project.listed.meant(p).into_iter();
                let names = meant.map(|entry| entry.canonical.clone());
                let names = names.filter(|name| p.is_name() || *name != from);
                names.collect::<Vec<_>>()
            };
            let to = all.0.iter().flat_map(others);
            let to: Vec<_> = to.map(|name| (name, place.clone())).collect();
            edges.entry(from.clone()).or_default().extend(to);
        }
    }
    circles(&edges, problems);
}

/// Walks from every environment along what it depends on; a way that comes back is told once. Without recursion: a file
/// may hold a long chain.
fn circles(edges: &Edges, problems: &mut Problems) {
    let (mut done, mut open) = (BTreeSet::<&str>::new(), BTreeSet::<&str>::new());
    for start in edges.keys() {
        // The way to where the walk is, each with how many of its edges were walked.
        let mut way: Vec<(&str, usize)> = vec![(start, 0)];
        while let Some((name, walked)) = way.last_mut() {
            let (name, at) = (*name, *walked);
            *walked += 1;
            let next = edges.get(name).and_then(|to| to.get(at));
            let Some((to, place)) = next.filter(|_| !done.contains(name)) else {
                done.insert(name);
                open.remove(name);
                way.pop();
                continue;
            };
            open.insert(name);
            if open.contains(to.as_str()) {
                let from = way.iter().position(|(open, _)| open == to);
                let from = from.expect("what is open is on the way");
                let circle = way[from..]
                    .iter()
                    .map(|(name, _)| *name)
                    .chain([to.as_str()]);
                let circle = circle.collect::<Vec<_>>().join(" -> ");
                let title = format!("`{to}` depends on itself: {}", shown(&circle));
                let help = "take one of them out of `depends`: none could be run first";
                problems.push(Problem::new(title, help).place(place.clone()));
                if problems.full() {
                    return;
                }
            } else {
                way.push((to, 0));
            }
        }
    }
}

/// A long circle is told by its beginning.
fn shown(circle: &str) -> String {
    let most = 400;
    match circle.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &circle[..at]),
        None => circle.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Source;

    #[test]
    fn a_long_chain_is_walked_and_its_circle_is_told_once() {
        let place = Place::new(&Source::new("envs.toml", ""), 0..0);
        let edge = |n: usize| {
            (
                format!("e{n}"),
                vec![(format!("e{}", n + 1), place.clone())],
            )
        };
        let mut edges: Edges = (0..50_000).map(edge).collect();
        let mut problems = Problems::default();
        circles(&edges, &mut problems);
        assert!(problems.0.is_empty());
        edges.insert("e50000".to_owned(), vec![("e7".to_owned(), place)]);
        circles(&edges, &mut problems);
        assert_eq!(problems.0.len(), 1);
        assert!(problems.0[0].title.contains("depends on itself: e"));
    }
}
