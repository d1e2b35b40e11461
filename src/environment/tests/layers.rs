//! Which table wins, and how they merge: one project in which every layer says something of everything.

use super::{environment, lines, values};
use crate::environment::Environment;
use crate::environment::draft::Strings;

/// The layers from the first to the last, each with the word that it says.
const LAYERS: [(&str, &str); 11] = [
    ("defaults", "defaults"),
    ("runner.container", "container"),
    ("runner.docker", "runner"),
    ("config.c", "config"),
    ("system.ubuntu", "family"),
    ("system.ubuntu.release.focal", "release"),
    ("axis.one.a", "first-axis"),
    ("axis.two.b", "second-axis"),
    ("when1", "first-when"),
    ("when2", "second-when"),
    ("env.docker-ubuntu-focal-a-b-c", "env"),
];

/// A file in which the first `count` layers speak.
fn file(count: usize) -> String {
    let mut text = String::from(
        "[vars]\nv = \"vars\"\nl = [\"l0\"]\n[stage.built]\nrun = [\"echo {v}\", [\"all\", \"{l}\"]]\n\
         [packages]\np = { ubuntu = \"p-\" }\n",
    );
    for name in ["config.c", "axis.one.a", "axis.two.b"] {
        if !LAYERS[..count].iter().any(|(table, _)| *table == name) {
            text += &format!("[{name}]\n");
        }
    }
    for (table, word) in &LAYERS[..count] {
        text += &match *table {
            "when1" => "[[when]]\nif = \"ubuntu\"\n".to_owned(),
            "when2" => "[[when]]\nif = \"b-!podman\"\n".to_owned(),
            table => format!("[{table}]\n"),
        };
        text += &format!(
            "workdir = \"/{word}\"\nenv = {{ SAME = \"{word}\", \"E_{}\" = \"x\" }}\nvars.v = \"{word}\"\n\
             system-packages = [\"{word}\"]\nprelude = [\"echo {word}\"]\npass-env = [\"P_{}\"]\n\
             append.vars.l = [\"{word}\"]\nstage.built.timeout = \"{}s\"\n",
            word.replace('-', "_"),
            word.replace('-', "_"),
            word.len(),
        );
    }
    text
}

fn texts(list: &Strings) -> Vec<&str> {
    list.iter().map(|s| s.value.as_str()).collect()
}

fn of(count: usize) -> Environment {
    environment(&file(count), "docker-ubuntu-focal-a-b-c")
}

#[test]
fn a_later_layer_wins() {
    for (at, (table, word)) in LAYERS.iter().enumerate() {
        let env = of(at + 1);
        let settings = &env.settings;
        let workdir = settings.workdir.as_ref().unwrap();
        assert_eq!(workdir.value, format!("/{word}"), "{table}");
        assert_eq!(settings.env["SAME"].value, *word, "{table}");
        assert_eq!(
            texts(&settings.pass_env),
            [format!("P_{}", word.replace('-', "_"))],
            "{table}"
        );
        assert_eq!(lines(&env)[0], format!("echo {word}"), "{table}");
        let timeout = env.stages[0].timeout.as_ref().unwrap();
        assert_eq!(timeout.value, format!("{}s", word.len()), "{table}");
    }
}

#[test]
fn what_adds_up_adds_up_in_order() {
    let env = of(LAYERS.len());
    let words: Vec<&str> = LAYERS.iter().map(|(_, word)| *word).collect();
    assert_eq!(texts(&env.settings.system_packages), words);
    let prelude: Vec<String> = words.iter().map(|w| format!("echo {w}")).collect();
    assert_eq!(texts(&env.settings.prelude), prelude);
    assert_eq!(
        env.settings.env.len(),
        words.len() + 1,
        "env merges by name"
    );
    let mut list = vec!["all", "l0"];
    list.extend(&words);
    assert_eq!(lines(&env)[1], format!("{list:?}"));
}

/// Every value says where it was written.
#[test]
fn origins_are_the_layers_lines() {
    let text = file(LAYERS.len());
    let env = environment(&text, "docker-ubuntu-focal-a-b-c");
    let line = |needle: &str| text[..text.find(needle).unwrap()].matches('\n').count() + 1;
    let workdir = env.settings.workdir.as_ref().unwrap();
    let expected = format!("envs.toml:{}:11", line("workdir = \"/env\""));
    assert_eq!(workdir.origin.to_string(), expected);
    let first = &env.settings.system_packages[0];
    let expected = format!("envs.toml:{}:20", line("[\"defaults\"]"));
    assert_eq!(first.origin.to_string(), expected);
    assert_eq!(env.settings.image[0].origin.to_string(), "catalog");
}

#[test]
fn layers_of_others_do_not_act() {
    let text = file(LAYERS.len());
    let env = environment(&text, "local-host-c");
    assert_eq!(
        texts(&env.settings.system_packages),
        ["defaults", "config"],
        "no container, no system, no axis, no condition"
    );
    let env = environment(&text, "podman-ubuntu-jammy-b-c");
    let words = [
        "defaults",
        "container",
        "config",
        "family",
        "second-axis",
        "first-when",
    ];
    assert_eq!(texts(&env.settings.system_packages), words);
}

const LISTS: &str = r#"
[packages]
a = { debian = "a1 'a 2'" }
b = { debian = ["b1", "b2 b3"] }
c = { debian = "" }
d = { fedora = "d" }
e = { debian = "e" }
[group]
two = ["a", "b"]
all = ["@two", "e", "!b"]
[stage.built]
packages = true
[defaults]
packages = ["@two", "c", "d"]
"#;

fn packages(more: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let text = format!("{LISTS}\n{more}");
    let env = environment(&text, "docker-debian-bookworm-x");
    let keys = texts(&env.settings.packages);
    let keys = keys.into_iter().map(str::to_owned).collect();
    (keys, values(&env.package_names), values(&env.nameless))
}

#[test]
fn groups_are_opened_and_names_are_words() {
    let (keys, names, nameless) = packages("[config.x]\n");
    assert_eq!(keys, ["a", "b", "c", "d"]);
    assert_eq!(names, ["a1", "a 2", "b1", "b2", "b3"]);
    assert_eq!(nameless, ["c", "d"]);
}

#[test]
fn a_substitution_can_be_of_a_groups_packages_alone() {
    let line = |run: &str| {
        let text = format!("{LISTS}\n[config.x]\nstage.built.run = [{run}]\n");
        lines(&environment(&text, "docker-debian-bookworm-x")).pop()
    };
    let said = |run, expected: &str| assert_eq!(line(run).as_deref(), Some(expected), "{run}");
    said("'x {package-keys}'", "x a b");
    said(
        "'x {package-keys|in:all|each:--with-{}=yes}'",
        "x --with-a=yes",
    );
    said("'x {package-keys|in:two}'", "x a b");
}

#[test]
fn what_is_taken_out_is_out() {
    for (config, expected) in [
        ("packages = [\"!a\"]", vec!["b", "c", "d"]),
        ("packages = [\"!@two\"]", vec!["c", "d"]),
        ("packages = [\"!@two\", \"a\"]", vec!["c", "d", "a"]),
        ("packages = [\"a\", \"e\"]", vec!["a", "b", "c", "d", "e"]),
        ("append.packages = [\"e\"]", vec!["a", "b", "c", "d", "e"]),
        ("remove.packages = [\"a\", \"d\"]", vec!["b", "c"]),
        ("remove.packages = [\"@two\"]", vec!["c", "d"]),
        ("packages = [\"@all\"]", vec!["a", "b", "c", "d", "e"]),
        ("packages = [\"!@two\", \"@all\"]", vec!["c", "d", "a", "e"]),
        ("packages = [\"!e\"]", vec!["a", "b", "c", "d"]),
    ] {
        let (keys, ..) = packages(&format!("[config.x]\n{config}\n"));
        assert_eq!(keys, expected, "{config}");
    }
}

#[test]
fn lists_are_appended_and_removed_from() {
    let base = "[defaults]\nsystem-packages = [\"a\", \"b\", \"a\"]\nprelude = [\"p\", \"q\"]\n\
                packages-before = [\"x\"]\n[vars]\nl = [\"1\", \"2\"]\n[stage.built]\ncopy = [\"c\"]\n\
                run = [\"echo {l}\"]\n";
    let with = |more: &str| {
        let text = format!("{base}[config.x]\n{more}\n");
        environment(&text, "docker-debian-bookworm-x")
    };
    let env = with(
        "remove.system-packages = [\"a\"]\nappend.prelude = [\"r\"]\nremove.prelude = [\"p\"]",
    );
    assert_eq!(texts(&env.settings.system_packages), ["b"]);
    assert_eq!(texts(&env.settings.prelude), ["q", "r"]);
    let env = with("append.vars.l = [\"3\"]\nremove.vars.l = [\"1\"]");
    assert_eq!(lines(&env), ["echo 2 3"]);
    let env = with("vars.l = [\"9\"]\nappend.distro = [\"x\"]\nremove.packages-before = [\"x\"]");
    assert_eq!(lines(&env), ["echo 9"]);
    assert_eq!(texts(&env.settings.distro), ["debian", "x"]);
    assert_eq!(texts(&env.settings.packages_before), Vec::<&str>::new());
    let env = with("stage.built.append.copy = [\"d\"]\nstage.built.append.run = [\"more\"]");
    assert_eq!(texts(&env.stages[0].copy), ["c", "d"]);
    assert_eq!(lines(&env), ["echo 1 2", "more"]);
    let env = with("stage.built.copy = [\"d\"]\nstage.built.run = [\"other\"]");
    assert_eq!(texts(&env.stages[0].copy), ["d"]);
    assert_eq!(lines(&env), ["other"]);
}

#[test]
fn an_image_may_be_made_of_the_one_before() {
    let text = "[axis.arch.i386]\nimage = \"i386/{image}\"\nplatform = \"linux/386\"\n[axis.slim.slim]\n\
                image = \"{image}-slim\"\n[stage.built]\nrun = \"make\"\n";
    let env = environment(text, "docker-debian-bookworm-i386-slim");
    assert_eq!(env.settings.image[0].value, "i386/debian:bookworm-slim");
    let env = environment(text, "docker-debian-bookworm");
    assert_eq!(env.settings.image[0].value, "debian:bookworm");
}

#[test]
fn a_name_of_its_own_takes_what_it_is_like() {
    let text = "[defaults]\nenv = { D = \"d\" }\n[config.x]\nenv = { C = \"c\" }\n[runner.local]\nenv = { L = \"l\" }\n\
                [stage.built]\nrun = \"make\"\n[project]\ndefault = { config = \"x\" }\n\
                [env.smoke]\nlike = \"docker-debian-bookworm\"\ncommands = [\"./smoke\"]\ncopy = \"smoke\"\nenv = { E = \"e\" }\n\
                [env.lint]\nrunner = \"local\"\ncommands = [\"lint {env-name} {runner}\"]\n";
    let smoke = environment(text, "smoke");
    assert_eq!(smoke.settings.image[0].value, "debian:bookworm");
    let names: Vec<&String> = smoke.settings.env.keys().collect();
    assert_eq!(names, ["D", "C", "E"]);
    assert_eq!(
        (smoke.stages.len(), smoke.stages[0].name.as_str()),
        (1, "commands")
    );
    assert_eq!(texts(&smoke.stages[0].copy), ["smoke"]);
    let lint = environment(text, "lint");
    let names: Vec<&String> = lint.settings.env.keys().collect();
    assert_eq!(names, ["D", "L"]);
    assert_eq!(lines(&lint), ["lint lint local"]);
}
