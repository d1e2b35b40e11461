//! Groups within groups: none contains itself, and none is too deep to be opened.

use std::collections::BTreeMap;

use crate::config::Project;
use crate::problem::{Problem, Problems};

/// Groups within groups.
const DEEPEST: usize = 64;

pub(super) fn check(project: &Project, problems: &mut Problems) {
    let mut walk = Walk {
        project,
        problems,
        path: Vec::new(),
        heights: BTreeMap::new(),
    };
    for group in project.file.group.keys() {
        walk.height(group.get_ref());
    }
}

struct Walk<'a, 'p> {
    project: &'a Project,
    problems: &'p mut Problems,
    /// The groups that are open.
    path: Vec<&'a str>,
    /// Of groups that were walked: how deep they are.
    heights: BTreeMap<&'a str, usize>,
}

impl<'a> Walk<'a, '_> {
    /// How many groups there are within a group, itself counted.
    fn height(&mut self, group: &'a str) -> usize {
        if let Some(height) = self.heights.get(group) {
            return *height;
        }
        let Some(list) = self.project.file.group.get(group) else {
            return 0;
        };
        if self.problems.full() || self.path.len() >= DEEPEST {
            return DEEPEST;
        }
        if let Some(at) = self.path.iter().position(|open| *open == group) {
            self.circle(at);
            return 1;
        }
        self.path.push(group);
        let words = list.get_ref().words().into_iter();
        let groups = words.filter_map(|w| w.strip_prefix('!').unwrap_or(w).strip_prefix('@'));
        let inside = groups.map(|group| self.height(group)).max().unwrap_or(0);
        self.path.pop();
        let mut height = inside + 1;
        if height > DEEPEST {
            // Told once, not again by every group around it.
            height = 1;
            let title = format!("groups within groups, more than {DEEPEST} deep");
            let problem = Problem::new(title, "put members into the groups themselves");
            let place = self.project.place(list.span());
            self.problems.push(problem.place(place));
        }
        self.heights.insert(group, height);
        height
    }

    fn circle(&mut self, at: usize) {
        let mut path = self.path[at..].to_vec();
        let last = path[path.len() - 1];
        path.push(path[0]);
        let title = format!(
            "the group `@{}` contains itself: {}",
            path[0],
            path.join(" -> ")
        );
        let problem = Problem::new(title, "take it out of one of these groups");
        let place = self.project.file.group[last].span();
        self.problems.push(problem.place(self.project.place(place)));
    }
}
