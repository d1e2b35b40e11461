//! One row against what `show` says of it.

use std::collections::BTreeSet;
use std::fmt::Debug;

use crate::rows::Row;
use crate::tree;
use crate::{Sage, Shown, texts};

/// What is not as the row says.
pub(crate) fn wrong_with(sage: &Sage, row: &Row, shown: &Shown) -> Vec<String> {
    let mut check = Check {
        row,
        sage,
        shown,
        wrong: Vec::new(),
    };
    check.base();
    check.packages();
    check.wrappers();
    check.configure();
    check.host();
    check.wrong
}

struct Check<'a> {
    row: &'a Row,
    sage: &'a Sage,
    shown: &'a Shown,
    wrong: Vec<String>,
}

impl Check<'_> {
    fn same<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            let told = format!("{what}: found {found:?}, expected {expected:?}");
            self.wrong.push(told);
        }
    }

    /// Sets are told by their difference.
    fn same_set(&mut self, what: &str, found: &BTreeSet<String>, expected: &BTreeSet<String>) {
        let more: Vec<_> = found.difference(expected).collect();
        let less: Vec<_> = expected.difference(found).collect();
        self.same(
            &format!("{what} (too many, too few)"),
            (more, less),
            (Vec::new(), Vec::new()),
        );
    }

    fn texts(&self, key: &str) -> Vec<String> {
        texts(self.shown, key)
    }

    fn text(&self, key: &str) -> Option<String> {
        self.texts(key).into_iter().next()
    }

    /// The text of a row with what only the test knows.
    fn filled(&self, text: &str) -> String {
        let own = format!("ROOT/.runenv/{}", self.row.canonical());
        text.replace("ENV-DIR", &own)
    }

    /// Lines that must each end with, or hold, a text; as many as there are.
    fn lines(&mut self, what: &str, key: &str, expected: &[String], ends: bool) {
        let lines = self.texts(key);
        let fits = |(line, part): (&String, &String)| {
            let part = self.filled(part);
            if ends {
                line.ends_with(&part)
            } else {
                line.contains(&part)
            }
        };
        if lines.len() != expected.len() || !lines.iter().zip(expected).all(fits) {
            self.wrong
                .push(format!("{what}: found {lines:?}, expected {expected:?}"));
        }
    }

    fn base(&mut self) {
        let row = self.row;
        if !row.is_local() {
            let image = row.image.clone().into_iter().collect();
            self.same("image", self.texts("image"), image);
            self.same("platform", self.text("platform"), row.platform.clone());
        }
        if row.system().is_some() || row.distro().is_some() {
            let manager = row.manager().map(str::to_owned);
            self.same("package manager", self.text("package-manager"), manager);
        }
        if let Some(system) = row.system().filter(|_| row.config != "maximal") {
            let ignores = self.text("ignore-missing-packages").as_deref() == Some("true");
            self.same(
                "ignore-missing-packages",
                ignores,
                system.ignores_missing && !row.is_local(),
            );
        }
    }

    fn packages(&mut self) {
        let (row, facts) = (self.row, &self.sage.facts);
        let expected = row.packages(facts);
        let keys = self.texts("packages").into_iter().collect();
        self.same_set("packages", &keys, &expected);
        let installs = self.text("stage.with-system-packages.packages");
        let yes = installs.as_deref() == Some("true");
        self.same("the first stage installs", yes, row.installs);
        let Some(distro) = row.distro() else {
            return;
        };
        let (mut names, options) = tree::words(facts, &expected, &distro);
        names.extend(row.names_more.iter().cloned());
        let found = self.texts("package-names");
        self.same(
            "each name once",
            found.len(),
            found.iter().collect::<BTreeSet<_>>().len(),
        );
        self.same_set("names", &found.into_iter().collect(), &names);
        let found = self.texts("package-options").into_iter().collect();
        self.same_set("options of the install", &found, &options);
    }

    fn wrappers(&mut self) {
        let row = self.row;
        self.lines("before the packages", "packages-before", &row.before, false);
        let prelude: Vec<String> = row.prelude.iter().map(|line| self.filled(line)).collect();
        let found = self.texts("prelude");
        let bare = found.iter().map(|line| line.replace('\'', "")).collect();
        self.same("prelude", bare, prelude);
        let names = self.texts("package-names");
        let word = |word: &String| match word.as_str() {
            "NAMES" => names.clone(),
            _ => vec![word.clone()],
        };
        let shell = row.shell.iter().flat_map(word).collect();
        self.same("shell", self.texts("shell"), shell);
        match &row.bootstrap {
            None => self.same(
                "bootstrap",
                self.texts("stage.bootstrapped.run"),
                vec!["./bootstrap".to_owned()],
            ),
            Some(ends) => self.lines("bootstrap", "stage.bootstrapped.run", ends, true),
        }
    }

    fn configure(&mut self) {
        let row = self.row;
        let line = self.texts("stage.configured.run").pop();
        let line = line.unwrap_or_default();
        let words = shlex::split(&line).unwrap_or_default();
        if let Some(whole) = &row.configure {
            let whole = shlex::split(&self.filled(whole)).expect("quotes are closed");
            self.same("configure", words.clone(), whole);
        }
        let first = if row.is_local() {
            self.filled("./configure --prefix=ENV-DIR/local")
        } else {
            "./configure --enable-build-as-root --enable-option-checking".to_owned()
        };
        let first = shlex::split(&first).expect("plain words");
        let tail: Vec<String> = row.tail().iter().map(|word| self.filled(word)).collect();
        let ends = words.starts_with(&first) && words.ends_with(&tail);
        if !ends || words.len() < first.len() + tail.len() {
            let told = format!("configure: found {words:?}, expected {first:?} … {tail:?}");
            self.wrong.push(told);
            return;
        }
        let found = &words[first.len()..words.len() - tail.len()];
        let asked = row.distro().filter(|_| !row.is_local());
        let packages = row.packages(&self.sage.facts);
        let asked = asked.map(|distro| tree::with_system(&self.sage.facts, &packages, &distro));
        let asked = asked.unwrap_or_default();
        self.same("options of configure, each once", found.len(), asked.len());
        self.same_set(
            "options of configure",
            &found.iter().cloned().collect(),
            &asked,
        );
    }

    fn host(&mut self) {
        let row = self.row;
        for (name, value) in &row.env {
            let callers = self.sage.path();
            let value = self.filled(value).replace("CALLERS-PATH", &callers);
            self.same(name, self.text(&format!("env.{name}")), Some(value));
        }
        if !row.is_local() {
            return;
        }
        let installs = self.text("install").as_deref() == Some("true");
        self.same("install", installs, row.install);
        let macos = row.canonical().contains("-macos");
        let os = vec!["macos".to_owned(); usize::from(macos)];
        self.same("host-os", self.texts("host-os"), os);
        let short = ["SAGE_NUM_THREADS", "OPENBLAS_CONFIGURE"].map(str::to_owned);
        let passes = row.passes.clone();
        let mut found = self.texts("pass-env");
        if passes.is_some() {
            found.retain(|name| !short.contains(name));
        }
        self.same("pass-env", found, passes.unwrap_or_else(|| short.to_vec()));
    }
}
