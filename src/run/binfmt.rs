//! Which foreign platforms this machine can run: what the kernel hands to an emulator (`binfmt_misc`).

use std::path::Path;

use super::client;
use crate::engine::Engine;
use crate::files;
use crate::host::Host;
use crate::plan::Plan;
use crate::problem::Problem;

/// Where the kernel lists them.
const FOLDER: &str = "/proc/sys/fs/binfmt_misc";

/// Architectures as images call them, what the kernel and Rust call them, the machine in their programs' headers (elf(5))
/// as the kernel prints it, and what runs them without an emulator.
const ARCHITECTURES: [(&str, &str, &str, &[&str]); 9] = [
    ("amd64", "x86_64", "3e00", &[]),
    ("386", "i386", "0300", &["x86_64", "x86"]),
    ("arm64", "aarch64", "b700", &[]),
    ("arm", "arm", "2800", &["aarch64"]),
    ("ppc64le", "ppc64le", "1500", &["powerpc64"]),
    ("s390x", "s390x", "0016", &[]),
    ("riscv64", "riscv64", "f300", &[]),
    ("loong64", "loongarch64", "0201", &[]),
    ("mips64le", "mips64el", "0800", &["mips64"]),
];

/// What registers emulators.
pub(crate) const EMULATORS: &str = "`docker run --privileged --rm tonistiigi/binfmt --install all`, or the package `qemu-user-static`";

/// Whether a platform can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    /// It is this machine's, or near enough.
    Itself,
    /// An emulator is there, also in containers.
    Emulated,
    /// An emulator is there, and containers do not see it: it was registered without the flag F.
    OnlyHere,
    No,
    /// The kernel's list is not to be seen from here, as in a container.
    Unseen,
    /// Nothing is known of the architecture.
    Unknown,
}

impl Runs {
    /// Why it cannot be run.
    pub(crate) fn why_not(self) -> Option<&'static str> {
        match self {
            Self::OnlyHere => {
                Some("its emulator is registered without the flag F, so containers do not see it")
            }
            Self::No => Some("no emulator is registered with the kernel"),
            Self::Itself | Self::Emulated | Self::Unseen | Self::Unknown => None,
        }
    }
}

/// Can this machine run a platform?
pub(crate) fn here(platform: &str) -> Runs {
    runs(platform, std::env::consts::ARCH, Path::new(FOLDER))
}

/// Before anything is pulled or run: an environment for another platform than this machine's needs an emulator. Of an
/// engine on another machine nothing is known.
pub(crate) fn check(plan: &Plan, engine: Engine, host: &Host) -> Result<(), Problem> {
    let Some(platform) = plan.platform.as_deref() else {
        return Ok(());
    };
    let judged = host.os == "linux" && client::is_here(engine, host);
    match here(platform).why_not().filter(|_| judged) {
        Some(why) => {
            let title = format!("this machine cannot run {platform}: {why}");
            Err(Problem::engine(title, format!("register one: {EMULATORS}")))
        }
        None => Ok(()),
    }
}

/// Can a machine of this architecture (as Rust calls it) run `os/architecture[/variant]`?
fn runs(platform: &str, machine: &str, folder: &Path) -> Runs {
    let asked = platform.split('/').nth(1).unwrap_or_default();
    let known = ARCHITECTURES.iter().find(|(name, ..)| *name == asked);
    let Some((_, kernel, header, natives)) = known else {
        return Runs::Unknown;
    };
    if *kernel == machine || natives.contains(&machine) {
        return Runs::Itself;
    }
    if !files::is_there(&folder.join("status")) {
        return Runs::Unseen;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = entries.filter_map(|entry| {
        let named = entry.file_name() == *format!("qemu-{kernel}");
        let text = files::read_if_there(&entry.path())?;
        (named || is_of(&text, header)).then_some(text)
    });
    let mut found = Runs::No;
    for text in texts.filter(|text| text.starts_with("enabled\n")) {
        let mut lines = text.lines();
        if lines.any(|line| line.starts_with("flags:") && line.contains('F')) {
            return Runs::Emulated;
        }
        found = Runs::OnlyHere;
    }
    found
}

/// Is an entry of the kernel's list for programs of this machine? Bytes 18 and 19 of their headers tell.
fn is_of(entry: &str, machine: &str) -> bool {
    let magic = entry.lines().find_map(|line| line.strip_prefix("magic "));
    magic.is_some_and(|magic| magic.starts_with("7f454c46") && magic.get(36..40) == Some(machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |name: &str, text: &str| {
            files::write_atomic(&folder.path().join(name), text.as_bytes()).unwrap();
        };
        entry(
            "qemu-aarch64",
            "enabled\ninterpreter /usr/bin/qemu\nflags: OCF\noffset 0\n",
        );
        entry(
            "qemu-s390x",
            "enabled\ninterpreter /usr/bin/qemu\nflags: \noffset 0\n",
        );
        entry(
            "qemu-riscv64",
            "disabled\ninterpreter /usr/bin/qemu\nflags: F\n",
        );
        assert_eq!(runs("linux/arm64", "x86_64", folder.path()), Runs::Unseen);
        entry("status", "enabled\n");
        entry(
            "somebodys",
            "enabled\ninterpreter /x\nflags: PF\noffset 0\nmagic 7f454c460201010000000000000000000200f300\n",
        );
        entry(
            "python3",
            "enabled\ninterpreter /x\nflags: F\noffset 0\nmagic 420d0d0a\n",
        );
        let all = [
            ("linux/amd64", Runs::Itself),
            ("linux/386", Runs::Itself),
            ("linux/arm64/v8", Runs::Emulated),
            ("linux/s390x", Runs::OnlyHere),
            ("linux/riscv64", Runs::Emulated),
            ("linux/loong64", Runs::No),
            ("linux/ppc64le", Runs::No),
            ("linux/pdp11", Runs::Unknown),
        ];
        for (platform, expected) in all {
            assert_eq!(
                runs(platform, "x86_64", folder.path()),
                expected,
                "{platform}"
            );
        }
        assert_eq!(runs("linux/arm/v7", "aarch64", folder.path()), Runs::Itself);
    }
}
