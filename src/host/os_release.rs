//! What this machine is: os-release(5).

use std::path::Path;

use crate::files;

/// The machine's system, by every name that a family or a release of it may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostSystem {
    pub(crate) id: String,
    /// The release as it is called first: the code name, else the version.
    pub(crate) release: Option<String>,
    /// `ID_LIKE`: systems that it is made of.
    pub(crate) like: Vec<String>,
    families: Vec<String>,
    releases: Vec<String>,
}

/// Systems whose `ID` says another word than people do.
const ALIASES: [(&str, &str); 3] = [
    ("amzn", "amazonlinux"),
    ("ol", "oraclelinux"),
    ("pop", "pop_os"),
];

impl HostSystem {
    /// Is the machine of this family, and this release of it?
    pub(crate) fn is(&self, family: &str, release: Option<&str>) -> bool {
        self.families.iter().any(|f| f == family)
            && release.is_none_or(|release| self.releases.iter().any(|r| r == release))
    }
}

/// os-release(5): `ID`, `VERSION_CODENAME` or `VERSION_ID`, `ID_LIKE`.
pub(crate) fn parse(text: &str) -> HostSystem {
    let field = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|v| !v.is_empty())
    };
    let id = field("ID").unwrap_or_else(|| "linux".to_owned());
    let (codename, version) = (field("VERSION_CODENAME"), field("VERSION_ID"));
    let mut families = vec![id.clone(), format!("{id}linux")];
    let aliases = ALIASES.iter().filter(|(short, _)| *short == id);
    families.extend(aliases.map(|(_, name)| (*name).to_owned()));
    let major = version.as_deref().and_then(|v| v.split_once('.'));
    let major = major.map(|(major, _)| major.to_owned());
    let plain = codename.iter().chain(&version).chain(&major);
    let mut releases: Vec<String> = plain.cloned().collect();
    // `opensuse-leap` is a family, or the family `opensuse` with releases such as `leap` and `leap-15.6`.
    if let Some((family, kind)) = id.split_once('-') {
        families.push(family.to_owned());
        let whole = version.iter().map(|v| format!("{kind}-{v}"));
        releases.extend(whole.chain([kind.to_owned()]).collect::<Vec<_>>());
    }
    HostSystem {
        release: codename.or(version),
        like: field("ID_LIKE")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        id,
        families,
        releases,
    }
}

/// This machine.
pub(crate) fn read() -> HostSystem {
    let text = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|p| files::read_if_there(Path::new(p)));
    parse(&text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_is_read_as_its_manual_says() {
        let debian =
            parse("NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
        assert_eq!(debian.id, "debian");
        assert_eq!(debian.release.as_deref(), Some("bookworm"));
        assert!(debian.like.is_empty());
        let leap = parse("ID='opensuse-leap'\nID_LIKE=\"suse opensuse\"\nVERSION_ID=15.6\n");
        assert_eq!(leap.like, ["suse", "opensuse"]);
        assert_eq!(leap.release.as_deref(), Some("15.6"));
    }

    #[test]
    fn a_machine_has_every_name_that_people_call_it_by() {
        let all = [
            (
                "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm",
                "debian-bookworm debian-12",
            ),
            (
                "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble",
                "ubuntu-noble ubuntu-24.04",
            ),
            (
                "ID=rocky\nVERSION_ID=9.4",
                "rocky rockylinux-9 rockylinux-9.4",
            ),
            ("ID=arch", "arch archlinux"),
            ("ID=amzn\nVERSION_ID=2023", "amazonlinux-2023"),
            (
                "ID=opensuse-leap\nVERSION_ID=15.6",
                "opensuse-leap-15.6 opensuse-leap opensuse",
            ),
        ];
        for (text, names) in all {
            let host = parse(text);
            let is = |name: &str| {
                let cuts = name.match_indices('-').map(|(at, _)| at);
                let mut cuts = cuts.map(|at| host.is(&name[..at], Some(&name[at + 1..])));
                host.is(name, None) || cuts.any(|is| is)
            };
            for name in names.split(' ') {
                assert!(is(name), "{text}: {name}");
            }
            assert!(
                !is("fedora") && !is("debian-11") && !is("ubuntu-jammy"),
                "{text}"
            );
        }
    }
}
