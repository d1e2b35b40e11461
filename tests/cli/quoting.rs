//! Values through a real `sh` give themselves, byte for byte (reliability T2): thousands of generated strings.

use std::process::{Command, Stdio};

use crate::support::{Fake, Project};

/// What strings are made of: everything that means something to a shell, to us or to printf.
const PIECES: [&str; 58] = [
    "'",
    "\"",
    "\\",
    "$",
    "`",
    "!",
    "#",
    "&",
    "|",
    ";",
    "<",
    ">",
    "(",
    ")",
    "*",
    "?",
    "[",
    "]",
    "{",
    "}",
    "~",
    "=",
    "%",
    "-",
    "--",
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n",
    "\r",
    "\u{1b}",
    "\u{7f}",
    "\u{1}",
    "a",
    "Z",
    "0",
    "é",
    "\u{202e}",
    "\u{1f600}",
    "\u{301}",
    "$HOME",
    "$(echo x)",
    "`echo x`",
    "{word}",
    "{{word}}",
    "{env:HOME}",
    "{posargs}",
    "${x}",
    "%s",
    "\\n",
    "\\0",
    "RUNENV",
    "EOF",
    "'\\''",
    "/../",
    "@",
    "+",
];

/// Numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn string(&mut self) -> String {
        let length = self.below(7);
        (0..length)
            .map(|_| PIECES[self.below(PIECES.len())])
            .collect()
    }
}

/// Each piece alone, then made-up strings.
fn strings(seed: u64, count: usize) -> Vec<String> {
    let mut numbers = Numbers(seed);
    let mut all: Vec<String> = PIECES.iter().map(|p| (*p).to_owned()).collect();
    while all.len() < count {
        all.push(numbers.string());
    }
    all
}

/// Ended by NUL, which no string holds.
fn joined(strings: &[String]) -> Vec<u8> {
    strings
        .iter()
        .flat_map(|s| [s.as_bytes(), b"\0"].concat())
        .collect()
}

#[test]
fn posargs_give_themselves() {
    for (command, seed) in [
        (r#"["printf '%s\\000' {posargs}"]"#, 1),
        (r#"[["printf", "%s\\000", "{posargs}"]]"#, 2),
        (r#"["printf '%s\\000' {v}"]"#, 3),
        (r#"["exec printf '%s\\000' {posargs|each:{}}"]"#, 4),
    ] {
        let file = format!(
            "[vars]\nv = [\"{{posargs}}\"]\nword = \"no\"\n[env.a]\nrunner = \"local\"\ncommands = {command}\n"
        );
        let project = Project::new().envs_toml(&file);
        let strings = strings(seed, 1500);
        let mut words = ["run", "-q", "a", "--"].map(str::to_owned).to_vec();
        words.extend(strings.clone());
        project.runenv(words).exits(0);
        let log = std::fs::read(project.path(".runenv/a/log/01-commands.log")).unwrap();
        assert!(log == joined(&strings), "{command}");
    }
}

/// As variables of the caller, and as texts of the file, by way of `env`.
#[test]
fn variables_and_texts_give_themselves() {
    let from_caller = strings(5, 300);
    let mut in_file = strings(6, 300);
    in_file.retain(|text| !text.contains('{'));
    let mut project = Project::new();
    let (mut env, mut words) = (String::new(), Vec::new());
    for (at, text) in from_caller.iter().enumerate() {
        project = project.var(&format!("OUT{at}"), text.as_str());
        env += &format!("A{at} = \"{{env:OUT{at}}}\"\n");
        words.push(format!("\"$A{at}\""));
    }
    for (at, text) in in_file.iter().enumerate() {
        env += &format!("B{at} = {}\n", toml_text(text));
        words.push(format!("\"$B{at}\""));
    }
    let command = toml_text(&format!("printf '%s\\000' {}", words.join(" ")));
    let project = project.envs_toml(&format!(
        "[env.a]\nrunner = \"local\"\ncommands = [{command}]\n[env.a.env]\n{env}"
    ));
    project.runenv("run -q a").exits(0);
    let log = std::fs::read(project.path(".runenv/a/log/01-commands.log")).unwrap();
    assert!(log == joined(&[from_caller, in_file].concat()));
}

/// A TOML basic string.
fn toml_text(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// The script of a container, given to a real shell: what its commands print is the strings.
#[test]
fn a_containers_script_gives_them_too() {
    for shell in ["sh", "bash"] {
        let strings = strings(6, 1500);
        let fake = Fake::new();
        let file = format!(
            "[project]\nname = \"p\"\n[defaults]\nshell = \"{shell}\"\n[stage.a]\nenv = {{ X = \"it's {{env:OUT}}\" }}\n\
             run = [\"printf '%s\\\\000' {{posargs}}\", [\"printf\", \"%s\\\\000\", \"{{posargs}}\"], \"printf %s \\\"$X\\\"\"]\n"
        );
        let project = Project::new()
            .envs_toml(&file)
            .engine(&fake)
            .var("OUT", "a\n'b\" $(c)");
        let mut words = ["run", "-q", "docker-debian-bookworm", "--"]
            .map(str::to_owned)
            .to_vec();
        words.extend(strings.clone());
        project.runenv(words).exits(0);
        let script = fake.scripts().remove(0);
        let output = played(&project, &script);
        let mut expected = joined(&strings).repeat(2);
        expected.extend(b"it's a\n'b\" $(c)");
        assert!(
            output == expected,
            "{shell}: {}",
            String::from_utf8_lossy(&output)
        );
    }
}

/// Runs a stage's script here, in a folder in place of `/p`, and takes the marks out of its output.
fn played(project: &Project, script: &str) -> Vec<u8> {
    let enter = "mkdir -p /.runenv /p && : >/.runenv/a && cd /p || exit 125\n";
    assert!(script.contains(enter), "{script:.500}");
    let mut child = Command::new("sh")
        .args(["-e", "-s"])
        .current_dir(project.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = script.replace(enter, "");
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, text.as_bytes()));
    let output = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap().unwrap();
    let mark = script
        .lines()
        .next()
        .unwrap()
        .trim_start_matches("runenv_mark=");
    let lead = format!("\u{1e}{mark} ").into_bytes();
    let mut rest = output.as_slice();
    let mut out = Vec::new();
    while let Some(at) = rest.windows(lead.len()).position(|w| w == lead) {
        out.extend_from_slice(&rest[..at]);
        let end = rest[at..].iter().position(|b| *b == b'\n').unwrap();
        rest = &rest[at + end + 1..];
    }
    out.extend_from_slice(rest);
    out
}

/// Every way that a value can take: a var of a var, a default, a part of a word, `each`, `join`, a list in a list.
const WAYS: &str = r#"
[vars]
direct = "{env:OUT}"
chain = "{direct}"
list = ["{env:OUT}", "{posargs}"]
[env.a]
runner = "local"
env = { V = "{env:OUT}", W = "<{chain}>" }
commands = [
  "printf '%s\\000' {env:OUT} {chain} x{direct}=y {list} {env:NO:{env:OUT}} {posargs|each:<{}>} {posargs|join:+} \"$V\" \"$W\"",
  ["printf", "%s\\000", "{env:OUT}", "{chain}", "x{direct}=y", "{list}", "{env:NO:{env:OUT}}", "{posargs|each:<{}>}", "{posargs|join:+}"],
]
"#;

#[test]
fn values_are_never_substituted_again() {
    for nasty in [
        "{direct}",
        "{{chain}}",
        "{env:HOME}{posargs}",
        "{env:NO}",
        "{list|raw}",
        "a|words}",
        "{",
        "}' $(touch hit) `touch hit` \"\\",
        "-e\n; touch hit #\n",
        "$V ${W} $((1)) !! ~ *",
        " ",
        "",
    ] {
        let project = Project::new().envs_toml(WAYS).var("OUT", nasty);
        let words = ["run", "-q", "a", "--", nasty, "b"].map(str::to_owned);
        project.runenv(words.to_vec()).exits(0);
        let part = format!("x{nasty}=y");
        let each = [format!("<{nasty}>"), "<b>".to_owned()];
        let join = format!("{nasty}+b");
        let (one, two) = (nasty.to_owned(), "b".to_owned());
        let mut expected = vec![one.clone(), one.clone(), part, one.clone(), one.clone()];
        expected.extend([two, one.clone()].into_iter().chain(each).chain([join]));
        let argv = expected.clone();
        expected.extend([one.clone(), format!("<{one}>")]);
        let log = std::fs::read(project.path(".runenv/a/log/01-commands.log")).unwrap();
        let [log, expected] = [log, joined(&[expected, argv].concat())]
            .map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(log, expected, "{nasty}");
        assert!(!project.path("hit").exists(), "{nasty}");
    }
}

/// A variable may hold bytes that are no text: they are passed on as they are. Words of ours may not.
#[test]
fn bytes_that_are_no_text_pass_through_variables() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = || std::ffi::OsString::from_vec(b"a\xff'\n\xc3(".to_vec());
    let file = "[env.a]\nrunner = \"local\"\npass-env = [\"OUT\"]\ncommands = [\"printf %s \\\"$OUT\\\"\"]\n";
    let project = Project::new().envs_toml(file).var("OUT", bytes());
    project.runenv("run -q a").exits(0);
    let log = std::fs::read(project.path(".runenv/a/log/01-commands.log")).unwrap();
    assert_eq!(log, b"a\xff'\n\xc3(");
    let mut command = project.command("run -q a --");
    let ran = project.ran(command.arg(bytes()).output().unwrap()).exits(2);
    assert!(ran.stderr.contains("invalid UTF-8"), "{}", ran.stderr);
}
