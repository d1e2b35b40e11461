//! A Makefile project in C, made in increments: no more is compiled than a change needs, and what comes of it is what a
//! clean build gives.

use std::cell::Cell;
use std::fs;
use std::time::Instant;

use crate::support::{Project, each};

const TOML: &str = r#"
[defaults]
system-packages = ["tcc", "libc6-dev", "make"]
[stage.packages]
packages = true
[stage.built]
copy = ["Makefile", "src"]
incremental = true
run = [": >compiled", "make -s -j{cpus}", "echo compiled $(wc -l <compiled)"]
artifacts = ["program"]
[stage.tested]
run = ["./program"]
"#;

const MAKEFILE: &str = "\
objects := $(patsubst src/%.c,build/%.o,$(sort $(wildcard src/*.c)))
program: build/list $(objects)
\ttcc -o $@ $(objects)
build/%.o: src/%.c | build
\ttcc -MD -c -o $@ $<
\techo $< >>compiled
build/list: FORCE | build
\techo $(objects) | cmp -s - $@ || echo $(objects) >$@
build:
\tmkdir -p $@
FORCE:
-include $(wildcard build/*.d)
";

/// Adds one to a sum before `main` begins, as one of ten headers says.
fn source(number: usize, comment: &str) -> String {
    let header = number % 10;
    format!(
        "#include \"h{header}.h\"\nextern int sum;\n/* {comment} */\n\
         __attribute__((constructor)) static void add(void) {{ sum += H{header}; }}\n"
    )
}

fn header(number: usize, value: usize) -> String {
    format!("#define H{number} {value}\n")
}

struct Tree {
    project: Project,
    env: String,
}

impl Tree {
    fn new(engine: &str, files: usize) -> Self {
        let project = Project::new(engine, TOML);
        project.file("Makefile", MAKEFILE);
        let main = "#include <stdio.h>\nint sum;\nint main(void) { printf(\"sum %d\\n\", sum); return 0; }\n";
        project.file("src/main.c", main);
        for number in 0..10 {
            project.file(&format!("src/h{number}.h"), header(number, 1));
        }
        for number in 0..files {
            project.file(&format!("src/f{number:03}.c"), source(number, "first"));
        }
        Self {
            project,
            env: format!("{engine}-debian-bookworm"),
        }
    }

    /// Runs it; how many files were compiled, the sum, and the seconds it took.
    fn run(&self, args: &[&str]) -> (usize, usize, f64) {
        let start = Instant::now();
        let words = [&["run", &self.env], args].concat();
        let said = self.project.runenv(&words).code(0);
        let seconds = start.elapsed().as_secs_f64();
        let number = |what: &str| {
            let mut lines = said.err.lines();
            let found = lines.find_map(|line| line.strip_prefix(what)?.trim().parse().ok());
            found.unwrap_or_default()
        };
        (number("compiled "), number("sum "), seconds)
    }

    fn program(&self) -> Vec<u8> {
        self.project.left(&self.env, "artifacts/built/program")
    }
}

#[test]
fn a_make_project_compiles_what_changed_and_gives_what_a_clean_build_gives() {
    let files = Cell::new(300);
    each(|engine| story(engine, files.replace(40)));
}

fn story(engine: &str, files: usize) {
    let tree = Tree::new(engine, files);
    tree.run(&["--to", "packages"]);
    let (compiled, sum, clean) = tree.run(&[]);
    assert_eq!((compiled, sum), (files + 1, files));
    let (_, _, cached) = tree.run(&[]);
    tree.project.file("src/f007.c", source(7, "second"));
    let (compiled, sum, one) = tree.run(&[]);
    assert_eq!((compiled, sum), (1, files));
    fs::remove_file(tree.project.root().join("src/f012.c")).unwrap();
    let (compiled, sum, _) = tree.run(&[]);
    assert_eq!((compiled, sum), (0, files - 1), "one is gone");
    tree.project.file("src/h3.h", header(3, 5));
    let (compiled, sum, _) = tree.run(&[]);
    assert_eq!((compiled, sum), (files / 10, files - 1 + 4 * files / 10));
    let made = tree.program();
    let (compiled, _, again) = tree.run(&["--clean"]);
    assert_eq!(compiled, files);
    assert!(
        made == tree.program(),
        "a clean build gives another program"
    );
    eprintln!(
        "{engine}, {files} files: clean {clean:.2} s and {again:.2} s, one file {one:.2} s, nothing {cached:.2} s"
    );
}
