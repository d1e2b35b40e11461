//! The processor of this machine, as far as results can depend on it: its model and flags.
//!
//! Linux tells them in `/proc/cpuinfo`, on each architecture in words of its own. What changes from one boot to the next
//! (clock, microcode, how many there are) is left out.

use std::collections::BTreeSet;
use std::path::Path;

use crate::digest::{Digest, Digester};
use crate::files;

/// Names of lines that tell a model, and of those that tell flags: of x86, ARM, POWER, RISC-V, s390 and others.
const MODEL: [&str; 17] = [
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "cpu implementer",
    "cpu architecture",
    "cpu variant",
    "cpu part",
    "cpu",
    "cpu model",
    "isa",
    "hart isa",
    "uarch",
    "mvendorid",
    "marchid",
    "mimpid",
    "machine",
];
const FLAGS: [&str; 3] = ["flags", "features", "ases implemented"];

/// What the processors say, a text each: `model name = ...`, `flag avx2`; the same whatever their order and number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Machine(BTreeSet<String>);

impl Machine {
    /// This machine's; where the system does not tell, its architecture alone.
    pub(crate) fn read() -> Self {
        let text = files::read_if_there(Path::new("/proc/cpuinfo")).unwrap_or_default();
        Self::parse(std::env::consts::ARCH, &text)
    }

    fn parse(architecture: &str, text: &str) -> Self {
        let mut all = BTreeSet::from([format!("architecture = {architecture}")]);
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if FLAGS.contains(&name.as_str()) {
                all.extend(value.split_whitespace().map(|flag| format!("flag {flag}")));
            } else if MODEL.contains(&name.as_str()) {
                all.insert(format!("{name} = {value}"));
            } else if name.starts_with("processor ") {
                // s390: a line for each, with its model at the end.
                let machine = value.split("machine = ").nth(1);
                all.extend(machine.map(|model| format!("machine = {model}")));
            }
        }
        Self(all)
    }

    pub(crate) fn digest(&self) -> Digest {
        let all: Vec<&String> = self.0.iter().collect();
        Digester::new("runenv-machine").list("lines", &all).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Machine {
        Machine::parse("a", text)
    }

    const X86: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n\
        model name\t: Xeon\nstepping\t: 7\nmicrocode\t: 0x1\ncpu MHz\t\t: 2499.9\nflags\t\t: fpu avx2\n\
        bogomips\t: 4999.99\n";

    #[test]
    fn what_changes_by_itself_is_left_out() {
        let other = X86
            .replace("2499", "1200")
            .replace("4999", "5000")
            .replace("0x1", "0x2");
        let two = format!(
            "{X86}\n{}",
            other.replace("processor\t: 0", "processor\t: 1")
        );
        assert_eq!(of(X86), of(&two));
        assert_eq!(of(X86), of(&X86.replace("fpu avx2", "avx2 fpu")));
        for (from, to) in [
            ("85", "86"),
            ("avx2", "avx2 avx512f"),
            ("Xeon", "Xeon Gold"),
        ] {
            assert_ne!(
                of(X86).digest(),
                of(&X86.replace(from, to)).digest(),
                "{from}"
            );
        }
        assert_ne!(of(X86), Machine::parse("b", X86));
    }

    #[test]
    fn every_architecture_tells_its_model() {
        let arm = "processor : 0\nBogoMIPS : 50.00\nFeatures : fp asimd sve\nCPU implementer : 0x41\n\
            CPU architecture: 8\nCPU variant : 0x1\nCPU part : 0xd40\nCPU revision : 1\n";
        let power =
            "processor : 0\ncpu : POWER9, altivec supported\nclock : 3783.0MHz\nrevision : 2.2\n";
        let riscv = "processor : 0\nhart : 2\nisa : rv64imafdc\nuarch : sifive,u74-mc\n";
        let s390 = "vendor_id : IBM/S390\nfeatures : esan3 zarch\n\
            processor 0: version = 00, identification = 1234, machine = 8561\n";
        for (text, lines) in [(arm, 8), (power, 2), (riscv, 3), (s390, 5)] {
            assert_eq!(of(text).0.len(), lines, "{:?}", of(text));
        }
        assert_eq!(of(s390), of(&s390.replace("1234", "9")));
        assert_eq!(of("").0.len(), 1);
    }
}
