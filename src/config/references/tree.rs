//! `[package-tree]`: paths that say where, filters that ask something, groups that are declared once.

use super::super::Project;
use super::super::file::spanned::Spanned;
use super::super::file::{PackageTree, Text, TreeFilter};
use crate::files;
use crate::problem::{Place, Problem, Problems};

pub(super) fn check(project: &Project, problems: &mut Problems) {
    let Some(PackageTree { names, group }) = &project.file.package_tree else {
        return;
    };
    name_files(project, names, problems);
    for (name, filter) in group {
        if let Some((other, _)) = project.file.group.get_key_value(name.get_ref().as_str()) {
            let title = format!("the group `@{}` is declared twice", name.get_ref());
            let help = "rename one: a group is either a list or chosen from the tree";
            let problem = Problem::new(title, help).place(project.place(name.span()));
            problems.push(problem.place(project.place(other.span())));
        }
        self::filter(project, filter, problems);
    }
}

/// The path of the files with names: a folder a package, and a file for each distro key.
fn name_files(project: &Project, names: &Text, problems: &mut Problems) {
    let place = project.place(names.span());
    let text = names.get_ref();
    if !path(text, &place, problems) {
        return;
    }
    let folder = text.split('/').position(|part| part == "{package}");
    let distro = text.find("{distro}");
    let after = distro > text.find("{package}");
    if folder.is_none() || !after {
        let title = format!("`{text}` does not say where names are");
        let help =
            "write a folder `{package}` and, behind it, `{distro}`: `pkgs/{package}/{distro}.txt`";
        problems.push(Problem::new(title, help).place(place));
    } else if let Some(tree) = &project.tree
        && !files::is_there(&tree.folder())
    {
        let before = text.split("{package}").next().unwrap_or_default();
        let title = format!("there is no folder `{before}`");
        let help = "name the folder that holds a folder for each package";
        problems.push(Problem::new(title, help).place(place));
    }
}

/// A filter that says nothing holds for all, or one that asks of no file, is a slip.
fn filter(project: &Project, filter: &Spanned<TreeFilter>, problems: &mut Problems) {
    let TreeFilter {
        file,
        equals,
        contains,
        exists,
        package,
        any_of,
    } = filter.get_ref();
    let asked = equals.is_some() || contains.is_some();
    let mut wrong = |title: &str, help: &str| {
        problems.push(Problem::new(title, help).place(project.place(filter.span())));
    };
    if file.is_some() != asked {
        wrong(
            "`file` and what is asked of it stand together",
            "write `file` with `equals` or `contains`",
        );
    } else if !asked && exists.is_none() && package.is_none() && any_of.is_none() {
        let help = "say what its packages are like: `file` with `equals` or `contains`, `exists`, `package`, `any-of`";
        wrong("a group without a filter", help);
    }
    if let Some(file) = file {
        path(file.get_ref(), &project.place(file.span()), problems);
        of_a_package(file.get_ref(), &project.place(file.span()), problems);
    }
    for (text, place) in project.texts(exists.as_ref()) {
        path(&text, &place, problems);
        of_a_package(&text, &place, problems);
    }
    for inner in any_of.iter().flatten() {
        self::filter(project, inner, problems);
    }
}

/// Without `{package}` the answer is the same for all.
fn of_a_package(text: &str, place: &Place, problems: &mut Problems) {
    if !text.contains("{package}") {
        let title = format!("`{text}` is the same file for every package");
        let problem = Problem::new(title, "put `{package}` where the package's name stands");
        problems.push(problem.place(place.clone()));
    }
}

/// Is it one of the tree?
fn path(text: &str, place: &Place, problems: &mut Problems) -> bool {
    let bad = |part: &str| part == ".." || part.is_empty();
    let wrong = text.split('/').any(bad) || text.contains(['\0', '\n']);
    if wrong {
        let title = format!("`{text}` is no path inside the tree");
        let help = "write it from the folder of envs.toml, without `..`";
        problems.push(Problem::new(title, help).place(place.clone()));
    }
    !wrong
}
