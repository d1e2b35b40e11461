//! The order of layers is fixed: where their tables stand in the file changes nothing, but for own axes, `[[when]]`
//! and stages among themselves.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::support::Project;

/// Tables that may stand anywhere; each that is a layer sets what others set, and something of its own.
const FREE: [&str; 16] = [
    "[project]\nname = \"p\"\ndefault = { config = \"standard\" }\n",
    "[defaults]\nprelude = [\"defaults\"]\npackages = [\"@base\"]\nenv = { LAST = \"defaults\", A = \"{x}\" }\n",
    "[vars]\nx = \"vars\"\nlist = [\"vars\"]\ny = \"{x}!\"\n",
    "[runner.container]\nprelude = [\"container\"]\nmemory = \"1g\"\nenv = { LAST = \"container\" }\n",
    "[runner.docker]\nprelude = [\"docker\"]\nmemory = \"2g\"\nenv = { LAST = \"docker\", B = \"1\" }\n",
    "[runner.local]\nprelude = [\"local\"]\nenv.LAST = \"local\"\n",
    "[config.minimal]\nprelude = [\"minimal\"]\nremove.packages = [\"zlib\"]\nenv.LAST = \"minimal\"\n",
    "[config.standard]\nprelude = [\"standard\"]\npackages = [\"gmp\", \"!make\"]\nenv.LAST = \"standard\"\nvars.x = \"standard\"\n",
    "[system.debian]\nprelude = [\"debian\"]\nimage = \"d:{release}\"\nenv = { LAST = \"debian\", C = \"{y}\" }\nappend.vars.list = [\"debian\"]\n",
    "[system.debian.release.bookworm]\nprelude = [\"bookworm\"]\nimage = \"{image}-b\"\nenv.LAST = \"bookworm\"\n",
    "[system.debian.release.trixie]\nprelude = [\"trixie\"]\nenv.LAST = \"trixie\"\nvars.list = []\n",
    "[group]\nbase = [\"make\", \"zlib\"]\n",
    "[packages]\nmake = { debian = \"make\" }\nzlib = { debian = \"zlib1g-dev\", fedora = \"zlib-devel\" }\n",
    "[packages.gmp]\ndebian = \"libgmp-dev\"\n",
    "[env.docker-debian-bookworm-gcc_9-x86_64-standard]\nprelude = [\"env\"]\nenv.LAST = \"env\"\nvars.y = \"env\"\n",
    "[env.lint]\nlike = \"docker-debian-trixie-minimal\"\ncommands = [\"lint {y}\"]\nprelude = [\"lint\"]\n",
];

/// Tables whose order among themselves means something.
const AXES: [&str; 2] = [
    "[axis.gcc.gcc_9]\nprelude = [\"gcc\"]\nenv.LAST = \"gcc\"\nappend.vars.list = [\"gcc\"]\n",
    "[axis.cpu.x86_64]\nprelude = [\"cpu\"]\nenv.LAST = \"cpu\"\nappend.vars.list = [\"cpu\"]\n",
];
const WHENS: [&str; 3] = [
    "[[when]]\nif = \"debian-!gcc_9\"\nprelude = [\"when 1\"]\nenv.LAST = \"when 1\"\n",
    "[[when]]\nif = \"gcc_9,minimal\"\nprelude = [\"when 2\"]\nenv.LAST = \"when 2\"\nremove.vars.list = [\"cpu\"]\n",
    "[[when]]\nif = \"local\"\nprelude = [\"when 3\"]\nenv.LAST = \"when 3\"\nstage.built.env.STAGE = \"when 3\"\n",
];
const STAGES: [&str; 2] = [
    "[stage.packages]\npackages = true\n",
    "[stage.built]\nrun = [\"make {list} {x} {y}\"]\nenv.STAGE = \"own\"\nprelude = [\"stage\"]\n",
];
const NAMES: [&str; 6] = [
    "docker-debian-bookworm",
    "podman-debian-trixie-minimal",
    "docker-debian-bookworm-gcc_9-x86_64",
    "podman-debian-trixie-gcc_9-x86_64-minimal",
    "local-x86_64",
    "lint",
];

/// The file with its tables in an order: numbers below 16 are free tables, the others say which kind comes next.
fn file(order: &[usize]) -> String {
    let (mut axes, mut whens, mut stages) = (AXES.iter(), WHENS.iter(), STAGES.iter());
    let table = |at: &usize| match at {
        16 | 17 => axes.next(),
        18..=20 => whens.next(),
        21 | 22 => stages.next(),
        at => FREE.get(*at),
    };
    order.iter().filter_map(table).copied().collect()
}

fn shown(project: &Project) -> Vec<String> {
    let show = |name| project.runenv(["show", "--json", name]).exits(0).stdout;
    NAMES.map(show).to_vec()
}

#[test]
fn the_order_of_tables_changes_nothing() {
    let written: Vec<usize> = (0..23).collect();
    let project = Project::new().envs_toml(&file(&written));
    let expected = shown(&project);
    for (name, at, last) in [
        (NAMES[0], 0, "when 1"),
        (NAMES[2], 2, "env"),
        (NAMES[3], 3, "when 2"),
        (NAMES[4], 4, "when 3"),
    ] {
        let json: serde_json::Value = serde_json::from_str(&expected[at]).unwrap();
        assert_eq!(json["env.LAST"], last, "{name}: {json:#}");
    }
    let config = ProptestConfig {
        cases: 12,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    };
    proptest!(config, |(order in Just(written.clone()).prop_shuffle())| {
        let text = file(&order);
        project.write("envs.toml", &text);
        let found = shown(&project);
        for (at, name) in NAMES.iter().enumerate() {
            prop_assert_eq!(&found[at], &expected[at], "{} of\n{}", name, text);
        }
    });
    // What does depend on the order is seen to.
    let last_to_first: Vec<&str> = AXES.into_iter().rev().collect();
    let text = file(&written).replace(&AXES.concat(), &last_to_first.concat());
    project.write("envs.toml", text);
    let turned = shown(&project);
    assert!(turned[0] == expected[0] && turned[2] != expected[2] && turned[3] != expected[3]);
}
