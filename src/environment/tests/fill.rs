//! Substitution: what acts, what it gives, what is never substituted again.

use super::{environment, lines, outside, values};

/// The line that a stage's only command becomes.
fn line(vars: &str, command: &str) -> Result<String, String> {
    with(vars, command, &[], &[])
}

fn with(
    vars: &str,
    command: &str,
    variables: &[(&str, &str)],
    posargs: &[&str],
) -> Result<String, String> {
    let text = format!("[vars]\n{vars}\n[axis.tool.gcc]\n[stage.built]\nrun = [{command}]\n");
    let env = outside(&text, "docker-debian-bookworm", variables, posargs);
    env.map(|env| lines(&env).join("\n")).map_err(|p| p.title)
}

const VARS: &str = r#"
word = "plain"
odd = "it's $HOME {x}"
empty = ""
flag = true
list = ["a b", "c"]
none = []
nested = "<{word}>"
twice = ["{nested}", "{list}", "x{word}"]
splice = ["{list}"]
shell = "a && b > 'c d'"
mixed = "{word} {env:OUT:unset}"
flags = "-a '-b c'"
"#;

#[test]
fn values_become_words() {
    for (command, expected) in [
        ("'make {word}'", "make plain"),
        ("'make {flag}'", "make true"),
        ("'make {empty} x'", "make '' x"),
        ("'make {none} x'", "make  x"),
        ("'make {list}'", "make 'a b' c"),
        ("'make {twice}'", "make '<plain>' 'a b' c xplain"),
        ("'make {splice}'", "make 'a b' c"),
        ("'make X={word}'", "make X=plain"),
        ("'make {nested}'", "make '<plain>'"),
        ("'make {flags|words}'", "make -a '-b c'"),
        ("'make {list|join:, }'", "make 'a b, c'"),
        ("'make {list|each:-I{}}'", "make '-Ia b' -Ic"),
        ("'make {list|each:{word}-{}}'", "make 'plain-a b' plain-c"),
        ("'make {list|each:<{}>|join:+}'", "make '<a b>+<c>'"),
        ("'make {list|join:{word}}'", "make 'a bplainc'"),
        ("'make {word|words}'", "make plain"),
        ("'make {env:OUT:{word}}'", "make plain"),
        ("'make {env:OUT:{env:MORE:{list|join: }}}'", "make 'a b c'"),
        ("'make {env:OUT:}'", "make ''"),
        ("'make {env:OUT:|words}'", "make "),
        ("'make {posargs:build all}'", "make 'build all'"),
        ("'make {posargs:build all|words}'", "make build all"),
        ("'make {tool:none}'", "make none"),
        (
            "'{project} {system} {family} {release} {runner}'",
            "p debian-bookworm debian bookworm docker",
        ),
        ("'{env-name}'", "docker-debian-bookworm"),
        ("'{shell|raw}'", "a && b > 'c d'"),
        ("'{list|raw}'", "a b c"),
        ("'{mixed}'", "'plain unset'"),
        (
            "['x', '{list}', '{word}', 'y{word}']",
            "[\"x\", \"a b\", \"c\", \"plain\", \"yplain\"]",
        ),
        ("['x', '{none}', '{odd}']", "[\"x\", \"it's $HOME {x}\"]"),
    ] {
        assert_eq!(
            line(&VARS.replace("{x}", "{{x}}"), command).as_deref(),
            Ok(expected),
            "{command}"
        );
    }
}

#[test]
fn other_braces_are_left_alone() {
    for text in [
        "echo ${HOME} ${word:-x} $word",
        "awk '{print $1}'",
        "echo {a,b} {} { word } {WORD} {9} {word",
        "find . -exec rm {} \\;",
        "x() { word; }",
    ] {
        let command = format!("'''{text}'''");
        assert_eq!(line(VARS_PLAIN, &command).as_deref(), Ok(text));
    }
    assert_eq!(
        line(VARS_PLAIN, "'{{word}} {{env:X}} {{list|join:,}}'").as_deref(),
        Ok("{word} {env:X} {'a b,c'}")
    );
}

const VARS_PLAIN: &str = "word = \"plain\"\nlist = [\"a b\", \"c\"]";

/// What comes from outside is data: quoted, and never looked at again.
#[test]
fn what_comes_from_outside_is_never_substituted() {
    let odd = [
        "it's",
        "\"",
        "a\nb",
        "-n",
        "{word}",
        "{{word}}",
        "{env:HOME}",
        "${HOME}",
        "$(id)",
        "`id`",
        "",
        " ",
        "\\",
        "{}",
        "%s",
        "*",
        "~",
        "é",
        "a|raw}",
    ];
    let quoted = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
    for word in odd {
        let expected = match word {
            "-n" | "%s" => word.to_owned(),
            word => quoted(word),
        };
        let given = with(VARS_PLAIN, "'x {posargs}'", &[], &[word]);
        assert_eq!(given, Ok(format!("x {expected}")), "{word:?}");
        let given = with(VARS_PLAIN, "'x {env:OUT}'", &[("OUT", word)], &[]);
        assert_eq!(given, Ok(format!("x {expected}")), "{word:?}");
        let vars = format!("{VARS_PLAIN}\nv = \"{{env:OUT}}\"\nw = [\"{{v}}\", \"{{posargs}}\"]");
        let given = with(&vars, "['x', '{w}']", &[("OUT", word)], &[word]);
        assert_eq!(given, Ok(format!("{:?}", ["x", word, word])), "{word:?}");
        let given = with(VARS_PLAIN, "['x', '{posargs|each:<{}>}']", &[], &[word]);
        assert_eq!(
            given,
            Ok(format!("{:?}", ["x".to_owned(), format!("<{word}>")])),
            "{word:?}"
        );
    }
}

#[test]
fn a_default_that_is_one_list_is_a_list() {
    let line = "'make {env:TARGETS:{posargs:all}|words}'";
    let given = |variables: &[(&str, &str)], posargs: &[&str]| {
        with(VARS_PLAIN, line, variables, posargs).expect("it has a value")
    };
    assert_eq!(given(&[], &[]), "make all");
    assert_eq!(given(&[], &["a", "b"]), "make a b");
    assert_eq!(given(&[("TARGETS", "c d")], &["a"]), "make c d");
}

#[test]
fn shell_text_comes_from_the_file_alone() {
    let refused = "` would make shell text of what the file did not write";
    for command in [
        "'{posargs:x|raw}'",
        "'{env:OUT:x|raw}'",
        "'{mixed|raw}'",
        "'{word|each:{env:OUT}|raw}'",
        "'{list|join:{env:OUT}|raw}'",
        "'{through|raw}'",
        "'{posargs:{env:OUT}|raw}'",
    ] {
        let vars =
            format!("{VARS_PLAIN}\nmixed = \"{{word}} {{env:OUT}}\"\nthrough = [\"{{mixed}}\"]");
        let given = with(&vars, command, &[("OUT", "; rm -rf /")], &["; rm -rf /"]);
        assert!(
            given.as_ref().is_err_and(|title| title.ends_with(refused)),
            "{command}: {given:?}"
        );
    }
    assert_eq!(
        with(VARS_PLAIN, "'{word|raw}'", &[], &["x"]).as_deref(),
        Ok("plain")
    );
}

#[test]
fn what_cannot_be_is_an_error() {
    for (vars, command, title) in [
        ("", "'{nothing}'", "unknown name `{nothing}`"),
        ("", "'{env:OUT}'", "the variable `OUT` is not set"),
        ("", "'{posargs}'", "no words were given behind `--`"),
        ("", "'{tool}'", "`{tool}` has no value in this environment"),
        (
            "",
            "'{root}'",
            "`{root}` is a path of the host, and this environment runs in a container",
        ),
        (
            "a = '{a}'",
            "'{a}'",
            "the var `a` is made of itself: a -> a",
        ),
        (
            "a = '{b}'\nb = ['{c}']\nc = 'x{a}'",
            "'{b}'",
            "the var `b` is made of itself: b -> c -> a -> b",
        ),
    ] {
        assert_eq!(
            line(vars, command),
            Err(title.to_owned()),
            "{vars} {command}"
        );
    }
}

#[test]
fn what_has_the_wrong_form_is_an_error() {
    for (vars, command, title) in [
        (
            "a = ['x']",
            "['y{a}']",
            "`{a}` is a list where one text is expected",
        ),
        (
            "a = ['x']\nb = 'y{a}'",
            "'{b}'",
            "`{a}` is a list where one text is expected",
        ),
        (
            "a = ['x']",
            "'{env:OUT:y{a}}'",
            "`{a}` is a list where one text is expected",
        ),
        (
            "a = \"'\"",
            "'{a|words}'",
            "`{a}` cannot be split into words",
        ),
        ("a = 'x'", "'{a|upper}'", "unknown filter `upper` in `{a}`"),
        ("a = ''", "['{a}', 'x']", "a command without a program"),
        ("a = []", "['{a}']", "a command without a program"),
    ] {
        assert_eq!(
            line(vars, command),
            Err(title.to_owned()),
            "{vars} {command}"
        );
    }
}

/// Reliability T7: small files that would become large ones.
#[test]
fn nothing_grows_without_limit() {
    let doubling = |first: &str, next: &dyn Fn(usize) -> String| {
        let more = (1..60).map(next).collect::<Vec<_>>().join("\n");
        format!("v0 = {first}\n{more}")
    };
    let large = Err("the text becomes larger than 1 MB".to_owned());
    let texts = doubling("'0123456789'", &|n| {
        format!("v{n} = '{{v{0}}}{{v{0}}}'", n - 1)
    });
    assert_eq!(line(&texts, "'{v59}'"), large);
    assert!(line(&texts, "'{v9}'").is_ok_and(|text| text.len() == 5120));
    let lists = doubling("['0']", &|n| {
        format!("v{n} = ['{{v{0}}}', '{{v{0}}}']", n - 1)
    });
    assert_eq!(line(&lists, "'{v59}'"), large);
    let empty = doubling("''", &|n| format!("v{n} = '{{v{0}}}{{v{0}}}'", n - 1));
    assert_eq!(line(&empty, "'x {v59}'").as_deref(), Ok("x ''"));
    let nothing = doubling("[]", &|n| format!("v{n} = ['{{v{0}}}', '{{v{0}}}']", n - 1));
    assert_eq!(line(&nothing, "'x {v59}'").as_deref(), Ok("x "));
    let word = "x".repeat(600_000);
    let vars = format!("a = '{word}'\nl = ['{word}', 'b']");
    assert_eq!(line(&vars, "'{a}{a}'"), large);
    assert_eq!(line(&vars, "'{l|each:{a}}'"), large);
    assert_eq!(line(&vars, "'{l|join:{a}}'"), large);
    assert_eq!(line(&vars, "['x', '{a}', '{a}']"), large);
    let many = vec!["'{a}'"; 200].join(", ");
    let most = Err("the texts of this environment become larger than 100 MB".to_owned());
    assert_eq!(line(&vars, &many), most);
    let deep: String = (0..66)
        .map(|n| format!("v{n} = '{{v{}}}'\n", n + 1))
        .collect();
    assert_eq!(
        line(&format!("{deep}v66 = 'x'"), "'{v0}'"),
        Err("vars within vars, more than 64 deep".to_owned())
    );
    assert!(line(&format!("{deep}v66 = 'x'"), "'{v5}'").is_ok());
}

/// Characters that stand for late values inside, and NUL, cannot come in from outside.
#[test]
fn reserved_characters_are_refused() {
    for word in ["\u{fdd0}", "x\u{fdd1}y", "\u{fdef}", "a\0b"] {
        for (variables, posargs) in [
            (vec![("OUT", word)], vec![]),
            (vec![("OUT", "x")], vec![word]),
        ] {
            let given = with("", "'{env:OUT} {posargs:}'", &variables, &posargs);
            let expected = "holds a character that no text may hold";
            assert!(
                given.as_ref().is_err_and(|t| t.ends_with(expected)),
                "{word:?} {given:?}"
            );
        }
    }
}

/// What a package is called may be made of the environment, and so may what is made of packages.
#[test]
fn packages_and_their_keys_are_lists() {
    let text = "[vars]\nminor = \"3.11\"\n[packages]\npython = { debian = \"python{minor} python{minor}-dev\" }\n\
                zlib = { debian = \"zlib1g-dev\" }\nnone = { fedora = \"x\" }\n[defaults]\npackages = [\"zlib\", \"python\", \"none\"]\n\
                system-packages = [\"make\", \"{env:MORE:|words}\"]\n[stage.built]\n\
                run = [\"x {packages} -- {package-keys|each:--with-{}}\"]\n";
    let env = environment(text, "docker-debian-bookworm");
    assert_eq!(
        lines(&env),
        ["x zlib1g-dev python3.11 python3.11-dev make -- --with-zlib --with-python"]
    );
    assert_eq!(values(&env.nameless), ["none"]);
}
