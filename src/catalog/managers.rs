//! Package managers, one row and one file of shell each: what `packages/script.rs` and the local check put together.
//!
//! A file of `managers/` is a valid POSIX script of functions that nobody calls: their bodies are what is run, so that
//! a plan shows the real commands. `"$@"` is the list of names, each one word, never part of the text; `$options ` stands
//! where options of the install go.

#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) name: &'static str,
    functions: &'static str,
    /// The functions `rewrite`, `used` and `restore`: package sources that have moved to `$archive`.
    pub(crate) archive: Option<&'static str>,
    /// Installs on a host for root alone.
    pub(crate) root: bool,
    /// Its update upgrades all that is installed.
    pub(crate) upgrades: bool,
    /// What it says of a package that there is not: then trying again is no use.
    pub(crate) unknown: &'static [&'static str],
    /// Set while the package stage runs.
    pub(crate) env: &'static [(&'static str, &'static str)],
}

/// What programs say is read: it is in English.
const ENGLISH: (&str, &str) = ("LC_ALL", "C");
const APT: Option<&str> = Some(include_str!("archives/apt.sh"));
const REPOS: Option<&str> = Some(include_str!("archives/repos.sh"));

const fn row(
    name: &'static str,
    functions: &'static str,
    unknown: &'static [&'static str],
) -> Manager {
    Manager {
        name,
        functions,
        archive: None,
        root: true,
        upgrades: false,
        unknown,
        env: &[ENGLISH],
    }
}

pub(crate) const MANAGERS: [Manager; 12] = [
    Manager {
        archive: APT,
        env: &[("DEBIAN_FRONTEND", "noninteractive"), ENGLISH],
        ..row(
            "apt",
            include_str!("managers/apt.sh"),
            &[
                "E: Unable to locate package ",
                "E: Couldn't find any package by ",
                " has no installation candidate",
                "E: Version '",
                "E: Release '",
            ],
        )
    },
    Manager {
        archive: REPOS,
        ..row(
            "dnf",
            concat!(
                include_str!("managers/dnf.sh"),
                include_str!("managers/rpm.sh")
            ),
            &["No match for argument: ", "Module or Group '"],
        )
    },
    Manager {
        archive: REPOS,
        ..row(
            "yum",
            concat!(
                include_str!("managers/yum.sh"),
                include_str!("managers/rpm.sh")
            ),
            &["No package ", "Warning: Group "],
        )
    },
    Manager {
        archive: REPOS,
        ..row(
            "zypper",
            concat!(
                include_str!("managers/zypper.sh"),
                include_str!("managers/rpm.sh")
            ),
            &["No provider of '"],
        )
    },
    Manager {
        upgrades: true,
        ..row(
            "pacman",
            include_str!("managers/pacman.sh"),
            &["error: target not found: "],
        )
    },
    // Namespaces of its own are refused to it in a container.
    Manager {
        env: &[
            (
                "FEATURES",
                "-ipc-sandbox -mount-sandbox -network-sandbox -pid-sandbox",
            ),
            ENGLISH,
        ],
        ..row(
            "emerge",
            include_str!("managers/emerge.sh"),
            &["there are no ebuilds to satisfy"],
        )
    },
    Manager {
        upgrades: true,
        ..row(
            "xbps",
            include_str!("managers/xbps.sh"),
            &["not found in repository pool"],
        )
    },
    row("slackpkg", include_str!("managers/slackpkg.sh"), &[]),
    row(
        "apk",
        include_str!("managers/apk.sh"),
        &[" (no such package):", " (missing):"],
    ),
    Manager {
        root: false,
        ..row(
            "nix",
            include_str!("managers/nix.sh"),
            &[" in selection path "],
        )
    },
    Manager {
        root: false,
        ..row(
            "conda",
            include_str!("managers/conda.sh"),
            &["PackagesNotFoundError", "nothing provides requested "],
        )
    },
    // It asks nothing, and updates only where it is told to. In a container it runs as root.
    Manager {
        root: false,
        env: &[
            ("HOMEBREW_NO_ANALYTICS", "1"),
            ("HOMEBREW_NO_AUTO_UPDATE", "1"),
            ("HOMEBREW_NO_ENV_HINTS", "1"),
            ("HOMEBREW_NO_INSTALL_CLEANUP", "1"),
            ("NONINTERACTIVE", "1"),
            ENGLISH,
        ],
        ..row(
            "brew",
            include_str!("managers/brew.sh"),
            &["No available formula"],
        )
    },
];

impl Manager {
    /// Refreshes the lists of what there is; `None`: it has no lists.
    pub(crate) fn update(&self) -> Option<String> {
        Some(self.body("update")).filter(|body| body != ":")
    }

    /// Prints those of the names that do not exist, one a line, in one query for all. A query that fails prints none:
    /// then the install tells.
    pub(crate) fn missing(&self) -> String {
        self.body("missing")
    }

    /// Installs all names, or fails.
    pub(crate) fn install(&self) -> String {
        self.body("install")
    }

    /// Frees what an image does not need.
    pub(crate) fn clean(&self) -> String {
        self.body("clean")
    }

    /// Prints what is installed, one a line, at least those of the names: for the local check.
    pub(crate) fn installed(&self) -> String {
        self.body("installed")
    }

    /// The lines between `NAME() {` and `}`, two blanks less deep. A file without the function fails a test.
    fn body(&self, name: &str) -> String {
        let lines = self.functions.lines();
        let begin = format!("{name}() {{");
        let inside = lines.skip_while(|line| **line != begin).skip(1);
        let inside = inside.take_while(|line| *line != "}");
        let shallow = inside.map(|line| line.strip_prefix("  ").unwrap_or(line));
        shallow.collect::<Vec<_>>().join("\n")
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Manager> {
    MANAGERS.iter().find(|m| m.name == name)
}

/// Every package manager that a system may have.
pub(crate) const NAMES: [&str; MANAGERS.len()] = {
    let mut names = [""; MANAGERS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = MANAGERS[at].name;
        at += 1;
    }
    names
};
