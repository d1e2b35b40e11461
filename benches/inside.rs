//! The pure steps, one by one: `cargo bench --features inside`.

use std::fmt::Write;

use divan::{Bencher, black_box};
use runenv::inside::{Loaded, expanded};

#[path = "../tests/sage/tree.rs"]
#[expect(dead_code, reason = "a bench needs a part of it")]
mod tree;

const SAGE: &str = include_str!("../examples/sage/envs.toml");

/// 46 releases of six families, as a large product has them, times three configs.
const SYSTEMS: &str =
    "{ubuntu-{1..12},debian-{1..8},fedora-{26..38},centos-{5..9},suse-{1..4},mint-{17..20}}";
const LIST_138: &str = "docker-{SYSTEMS}-{minimal,standard,maximal}";
/// 50 systems times ten values of an axis times ten configs.
const LIST_5000: &str = "docker-box-{1..50}-gcc_{8..17}-c{0..9}";
const NAME: &str = "docker-fedora-35-gcc_9-maximal";

fn main() {
    divan::main();
}

fn list_138() -> String {
    LIST_138.replace("{SYSTEMS}", SYSTEMS)
}

/// Every value is declared; each config, axis value and condition sets something.
fn file() -> String {
    let mut file = String::new();
    for family in [
        "ubuntu", "debian", "fedora", "centos", "suse", "mint", "box",
    ] {
        write!(
            file,
            "[system.{family}]\nimage = \"{family}:{{release}}\"\n"
        )
        .expect("a text grows");
        file += "package-manager = \"apt\"\ndistro = [\"debian\"]\nenv.FAMILY = \"{family}\"\n";
        for release in 1..=50 {
            writeln!(file, "release.{release} = {{}}").expect("a text grows");
        }
    }
    for config in ["minimal", "standard", "maximal"] {
        write!(file, "[config.{config}]\npackages = [\"@base\"]\n").expect("a text grows");
    }
    for n in 0..10 {
        write!(file, "[config.c{n}]\nenv.CONFIG = \"{n}\"\n").expect("a text grows");
    }
    for n in 8..=17 {
        write!(
            file,
            "[axis.gcc.gcc_{n}]\nsystem-packages = [\"gcc-{n}\"]\nenv.CC = \"gcc-{n}\"\n"
        )
        .expect("a text grows");
    }
    for n in 0..75 {
        let (release, gcc) = (n % 50 + 1, n % 10 + 8);
        write!(
            file,
            "[[when]]\nif = \"{{box,fedora}}-!gcc_{gcc},box-{release}\"\nvars.when = \"{n}\"\n"
        )
        .expect("a text grows");
    }
    file + "[vars]\nwhen = \"\"\njobs = \"{cpus}\"\ntargets = [\"{posargs:build}\"]\n\
            [group]\nbase = [\"make\"]\n[packages]\nmake = { debian = \"make\" }\n\
            [stage.packages]\npackages = true\n\
            [stage.configured]\nrun = [\"./configure {package-keys|each:--with-{}}\"]\n\
            [stage.built]\nrun = [\"make -j{jobs} {targets} {when}\"]\n"
}

#[divan::bench]
fn load(bencher: Bencher<'_, '_>) {
    let file = file();
    bencher.bench_local(|| Loaded::of(black_box(&file)));
}

#[divan::bench]
fn parse_a_name(bencher: Bencher<'_, '_>) {
    let loaded = Loaded::of(&file());
    bencher.bench_local(|| loaded.name(black_box(NAME)));
}

#[divan::bench]
fn expand_138(bencher: Bencher<'_, '_>) {
    let list = list_138();
    assert_eq!(expanded(&list).len(), 138);
    bencher.bench_local(|| expanded(black_box(&list)));
}

#[divan::bench]
fn expand_5000(bencher: Bencher<'_, '_>) {
    assert_eq!(expanded(LIST_5000).len(), 5000);
    bencher.bench_local(|| expanded(black_box(LIST_5000)));
}

#[divan::bench]
fn names_138(bencher: Bencher<'_, '_>) {
    let (loaded, list) = (Loaded::of(&file()), list_138());
    bencher.bench_local(|| loaded.names(black_box(&list)));
}

#[divan::bench]
fn names_5000(bencher: Bencher<'_, '_>) {
    let loaded = Loaded::of(&file());
    bencher.bench_local(|| loaded.names(black_box(LIST_5000)));
}

#[divan::bench]
fn a_condition_is_read(bencher: Bencher<'_, '_>) {
    let loaded = Loaded::of(&file());
    bencher.bench_local(|| loaded.condition(black_box("ubuntu-{3,4}-!minimal,fedora-gcc_{8..11}")));
}

/// Asked of 5000 names.
#[divan::bench]
fn a_condition_holds_for_5000(bencher: Bencher<'_, '_>) {
    let loaded = Loaded::of(&file());
    let names = loaded.names(LIST_5000);
    let condition = loaded.condition("box-{3,4}-!gcc_9,fedora-gcc_{8..11}-c3");
    bencher.bench_local(|| names.iter().filter(|name| condition.holds(name)).count());
}

#[divan::bench]
fn resolve_one(bencher: Bencher<'_, '_>) {
    let loaded = Loaded::of(&file());
    let name = loaded.name(NAME);
    bencher.bench_local(|| loaded.resolved(black_box(&name)));
}

/// What one process does for all products of a large matrix: the file and 2500 files of a package tree are read.
#[divan::bench(sample_count = 10)]
fn sage_resolves_all(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    tree::write(&tree::facts(), folder.path());
    let names = tree::products();
    assert!(names.len() >= 470, "{} names", names.len());
    bencher.bench_local(|| {
        let loaded = Loaded::in_folder(SAGE, folder.path());
        let stages = names.iter().map(|name| loaded.resolved(&loaded.name(name)));
        black_box(stages.sum::<usize>())
    });
}

#[divan::bench(sample_count = 10)]
fn sage_resolves_one(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    tree::write(&tree::facts(), folder.path());
    bencher.bench_local(|| {
        let loaded = Loaded::in_folder(SAGE, folder.path());
        loaded.resolved(&loaded.name("docker-fedora-35-gcc_9-maximal"))
    });
}
