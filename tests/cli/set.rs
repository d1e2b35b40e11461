//! `--set`: settings of the command line, over all that is written.

use crate::support::Project;

const FILE: &str = "[vars]\njobs = \"1\"\nargs = [\"a\"]\n[packages]\np = { debian = \"deb-p\" }\nq = { debian = \"deb-q\" }\n\
    [defaults]\npackages = [\"p\"]\nprelude = [\"first\"]\nenv.A = \"file\"\n\
    [stage.built]\nincremental = true\nrun = [\"make -j{jobs} {args}\"]\n";

fn shown(sets: &[&str], keys: &[&str]) -> String {
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let words = ["show", "docker-debian-bookworm"].into_iter();
    let words = words.chain(keys.iter().copied()).chain(sets);
    let words: Vec<String> = words.map(str::to_owned).collect();
    Project::new().envs_toml(FILE).runenv(words).exits(0).stdout
}

#[test]
fn a_set_value_stands_over_every_layer() {
    for (set, key, expected) in [
        ("vars.jobs=8", "stage.built.run", "make -j8 a\n"),
        ("vars.jobs=a b", "stage.built.run", "make -j'a b' a\n"),
        ("env.A=x=y", "env.A", "x=y\n"),
        ("env.A=true", "env.A", "true\n"),
        ("env.A=", "env.A", "\n"),
        ("env.A=\"quoted\\n\"", "env.A", "quoted\n\n"),
        ("memory=2g", "memory", "2g\n"),
        ("allow-volumes=true", "allow-volumes", "true\n"),
        ("stage.built.timeout=5m", "stage.built.timeout", "5m\n"),
        ("stage.built.max-links=3", "stage.built.max-links", "3\n"),
        ("image={image}-slim", "image", "debian:bookworm-slim\n"),
        (
            "vars.args=[\"b\", \"c d\"]",
            "stage.built.run",
            "make -j1 b 'c d'\n",
        ),
        ("vars.args+=b c", "stage.built.run", "make -j1 a 'b c'\n"),
        ("vars.args-=a", "vars.jobs", "1\n"),
        ("packages+=q", "package-names", "deb-p\ndeb-q\n"),
        ("packages=q", "package-names", "deb-q\n"),
        ("packages=!p", "vars.jobs", "1\n"),
        ("prelude=other", "prelude", "other\n"),
        ("prelude+=other", "prelude", "first\nother\n"),
        (
            "stage.built.run+=more",
            "stage.built.run",
            "make -j1 a\nmore\n",
        ),
        (
            "stage.built.run=[\"x\", [\"y\", \"z\"]]",
            "stage.built.run",
            "x\ny z\n",
        ),
    ] {
        assert_eq!(shown(&[set], &[key]), expected, "{set}");
    }
}

#[test]
fn several_apply_in_order_and_say_where_they_come_from() {
    let sets = ["vars.jobs=2", "vars.jobs=3", "packages=q", "packages+=p"];
    assert_eq!(
        shown(&sets, &["vars.jobs", "package-names"]),
        "deb-q\ndeb-p\n3\n"
    );
    let origin = shown(&["vars.jobs=2"], &["vars.jobs", "--origin"]);
    assert_eq!(origin, "2    # --set:1:13\n");
}
