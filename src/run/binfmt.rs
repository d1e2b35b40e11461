//! Which foreign platforms this machine can run: what the kernel hands to an emulator (`binfmt_misc`).

use std::path::Path;

use crate::files;

/// Where the kernel lists them.
pub(crate) const FOLDER: &str = "/proc/sys/fs/binfmt_misc";

/// Architectures as images call them, what the kernel and Rust call them, and what runs them without an emulator.
const ARCHITECTURES: [(&str, &str, &[&str]); 9] = [
    ("amd64", "x86_64", &[]),
    ("386", "i386", &["x86_64", "x86"]),
    ("arm64", "aarch64", &[]),
    ("arm", "arm", &["aarch64"]),
    ("ppc64le", "ppc64le", &["powerpc64"]),
    ("s390x", "s390x", &[]),
    ("riscv64", "riscv64", &[]),
    ("loong64", "loongarch64", &[]),
    ("mips64le", "mips64el", &["mips64"]),
];

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
    /// Nothing is known of the architecture.
    Unknown,
}

/// Can a machine of this architecture (as Rust calls it) run `os/architecture[/variant]`?
pub(crate) fn runs(platform: &str, machine: &str, folder: &Path) -> Runs {
    let asked = platform.split('/').nth(1).unwrap_or_default();
    let known = ARCHITECTURES.iter().find(|(name, ..)| *name == asked);
    let Some((_, kernel, natives)) = known else {
        return Runs::Unknown;
    };
    if *kernel == machine || natives.contains(&machine) {
        return Runs::Itself;
    }
    let Some(text) = files::read_if_there(&folder.join(format!("qemu-{kernel}"))) else {
        return Runs::No;
    };
    let fixed = text
        .lines()
        .any(|line| line.starts_with("flags:") && line.contains('F'));
    match text.lines().next() {
        Some("enabled") if fixed => Runs::Emulated,
        Some("enabled") => Runs::OnlyHere,
        Some(_) | None => Runs::No,
    }
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
        let all = [
            ("linux/amd64", Runs::Itself),
            ("linux/386", Runs::Itself),
            ("linux/arm64/v8", Runs::Emulated),
            ("linux/s390x", Runs::OnlyHere),
            ("linux/riscv64", Runs::No),
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
    }
}
