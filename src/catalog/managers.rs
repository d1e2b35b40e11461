//! Package managers, one row each: what `packages/script.rs` and the local check put together.
//!
//! Every text is a line of POSIX shell; `"$@"` is the list of names, each one word, never part of the text.

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Manager {
    pub(crate) name: &'static str,
    /// Refreshes the lists of what there is.
    pub(crate) update: &'static str,
    /// Prints those of the names that exist, one a line; one query for all.
    pub(crate) exists: &'static str,
    /// Installs all names, or fails.
    pub(crate) install: &'static str,
    /// Frees what an image does not need.
    pub(crate) clean: &'static str,
    /// Prints those of the names that are installed, one a line: for the local check.
    pub(crate) installed: &'static str,
    /// Set while the package stage runs.
    pub(crate) env: &'static [(&'static str, &'static str)],
}

pub(crate) const MANAGERS: [Manager; 2] = [
    // apt-cache(8): `show` names what it has and exits 100 where one is missing. dpkg-query(1) for what is there.
    Manager {
        name: "apt",
        update: "apt-get -q update",
        exists: r#"apt-cache show --no-all-versions "$@" 2>/dev/null | sed -n 's/^Package: //p'"#,
        install: r#"apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 install -- "$@""#,
        clean: "apt-get clean && rm -rf /var/lib/apt/lists/*",
        installed: r#"dpkg-query -W -f '${db:Status-Status} ${Package}\n' -- "$@" 2>/dev/null | sed -n 's/^installed //p'"#,
        env: &[("DEBIAN_FRONTEND", "noninteractive"), ("LC_ALL", "C")],
    },
    // dnf 4 and 5: `list` exits 1 where one is missing and prints `NAME.ARCH VERSION REPO` for the others.
    Manager {
        name: "dnf",
        update: "dnf -q makecache",
        exists: r#"dnf -q list "$@" 2>/dev/null | sed -n 's/^\([^ ]*\)\.[^. ]* .*/\1/p' | sort -u"#,
        install: r#"dnf -y install -- "$@""#,
        clean: "dnf -q clean all",
        installed: r#"rpm -q --qf '%{NAME}\n' -- "$@" 2>/dev/null | sed '/ is not installed$/d'"#,
        env: &[("LC_ALL", "C")],
    },
];

pub(crate) fn find(name: &str) -> Option<&'static Manager> {
    MANAGERS.iter().find(|m| m.name == name)
}

/// Every manager that a system may have; one without a row above is read and shown, and no run can use it yet.
pub(crate) const NAMES: [&str; 12] = [
    "apt", "dnf", "yum", "zypper", "pacman", "emerge", "xbps", "slackpkg", "apk", "nix", "conda",
    "brew",
];
