//! Packages on this host: checked, told, and installed where that is asked for. The package manager is played.

use std::fs;

use crate::support::{Project, executable, golden};

const FILE: &str = "[defaults]\npackage-manager = \"apt\"\nsystem-packages = [\"no-such-package\", \"make\"]\n\
    packages-before = [\"touch before\"]\npackages-after = [\"touch after\"]\n\
    [stage.packages]\npackages = true\n[stage.built]\nrun = \"echo built\"\n";

/// A host with `make`, and an apt that can install `there`.
fn host(file: &str) -> Project {
    let project = Project::new().envs_toml(file);
    let program = |name: &str, script: &str| {
        let path = project.path("../bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        executable(&path);
    };
    program("dpkg-query", "echo installed make; exit 1");
    let apt = "echo \"$* [$DEBIAN_FRONTEND]\" >>apt.log; read -r line && echo asked; case \"$*\" in *no-such*) \
        echo 'E: Unable to locate package no-such-package' >&2; exit 100 ;; esac";
    program("apt-get", apt);
    program("apt-cache", "echo ' 500 http://mirror/debian stable/main'");
    program("sudo", "[ \"$1\" = -n ] || exit 9; shift; exec \"$@\"");
    project
}

/// Every call of the played apt.
fn calls(project: &Project) -> Vec<String> {
    let log = fs::read_to_string(project.path("apt.log")).unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

#[test]
fn missing_packages_are_told_with_the_line_that_installs_them() {
    let project = host(FILE);
    let ran = project.runenv("run local").exits(1);
    let sudo = ran.stderr.replace("install with: sudo ", "install with: ");
    golden(sudo, "told/missing-packages");
    assert_eq!(calls(&project), [""; 0]);
}

#[test]
fn what_is_missing_is_installed_where_that_is_asked_for() {
    let file = FILE.replace("no-such-package", "there");
    let by_setting = file.replace("[defaults]", "[runner.local]\ninstall = true\n[defaults]");
    for (file, words) in [
        (file.as_str(), "run local --install-packages"),
        (by_setting.as_str(), "run local"),
    ] {
        let project = host(file);
        let ran = project.runenv(words).exits(0);
        assert!(ran.stderr.contains("\nbuilt\n"), "{}", ran.stderr);
        let calls = calls(&project);
        assert_eq!(calls.len(), 2, "{calls:?}");
        assert!(calls[0].contains("update [noninteractive]"), "{calls:?}");
        let install = calls[1].contains("install") && calls[1].contains("-- there [noninter");
        assert!(install && !calls[1].contains("make"), "{calls:?}");
        assert!(project.path("before").exists() && project.path("after").exists());
    }
    let project = host(&file.replace("\"there\", ", ""));
    project.runenv("run local --install-packages").exits(0);
    assert_eq!(calls(&project), [""; 0], "nothing is missing");
}

#[test]
fn an_install_that_fails_fails_the_stage_and_says_what_is_missing() {
    let project = host(FILE);
    let ran = project.runenv("run local --install-packages").exits(1);
    for text in [
        "E: Unable to locate package no-such-package",
        "missing on this host: no-such-package",
        "exit code 100",
    ] {
        assert!(ran.stderr.contains(text), "{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("asked"), "{}", ran.stderr);
    let result = project.json(".runenv/local-host/result.json");
    let stage = &result["stages"][0];
    assert_eq!(stage["state"], "failed");
    assert_eq!(stage["missing-packages"][0], "no-such-package");
}

/// As conda or Homebrew in the environment's own folder: the lines before bring the package manager, and from then on
/// it is found.
#[test]
fn a_package_manager_may_be_installed_first() {
    let project = Project::new().envs_toml(
        r#"
[system.conda]
install         = true
system-packages = ["python>=3.8"]
env.PATH        = "{env-dir}/conda:/usr/bin:/bin"
packages-before = ["[ -e {env-dir}/conda/conda ] || { mkdir -p {env-dir}/conda && cp conda {env-dir}/conda; }"]
prelude         = ["export ACTIVE=yes"]
[stage.packages]
packages = true
[stage.built]
run = ["conda --version && echo \"active: $ACTIVE\""]
"#,
    );
    let conda = "#!/bin/sh\ncase $1 in\n--version) echo conda 1 ;;\n\
        list) echo '# Name Version'; cat \"$0.list\" 2>/dev/null ;;\n\
        install) for word do :; done; echo \"$word installed\"; echo 'python 3.11 h0' >\"$0.list\" ;;\nesac\n";
    fs::write(project.path("conda"), conda).unwrap();
    executable(&project.path("conda"));
    let ran = project.runenv("run local-conda-forge").exits(0);
    for text in ["python>=3.8 installed", "conda 1\n", "active: yes"] {
        assert!(ran.stderr.contains(text), "{}", ran.stderr);
    }
    let ran = project.runenv("run local-conda-forge").exits(0);
    assert!(!ran.stderr.contains("installed"), "{}", ran.stderr);
}

/// A name with a version is there if the package is; conda and brew are not for root.
#[test]
fn packages_of_conda_and_brew_are_looked_for() {
    let project = Project::new().envs_toml(
        "[config.c]\nsystem-packages = [\"python>=3.8\", \"pari=*=*_pthread\"]\n\
         [config.b]\nsystem-packages = [\"gmp\", \"python@3.9\", \"python\", \"user/tap/name\"]\n\
         [stage.packages]\npackages = true\n",
    );
    let conda = "#!/bin/sh\nprintf '# Name Version\\npython  3.11  h0\\npari-x 1 0\\n'\n";
    // `python` is another name of one that is there.
    let brew = "#!/bin/sh\ncase $* in\n'list -1 --full-name') printf 'gmp\\nuser/tap/name\\n' ;;\n\
                'list python') ;;\n*) exit 1 ;;\nesac\n";
    for (program, script) in [("conda", conda), ("brew", brew)] {
        let bin = project.path("../bin").join(program);
        fs::write(&bin, script).unwrap();
        executable(&bin);
    }
    let ran = project.runenv("run local-conda-c").exits(1);
    let line = "\ninstall with: conda install --yes 'pari=*=*_pthread'\n";
    assert!(ran.stderr.contains(line), "{}", ran.whole());
    let ran = project.runenv("run local-homebrew-b").exits(1);
    let line = "\ninstall with: brew install python@3.9\n";
    assert!(ran.stderr.contains(line), "{}", ran.whole());
}

/// A version may stand behind blanks; a file is a name, too, for what installs by rpm(8).
#[test]
fn packages_of_rpm_are_looked_for() {
    let project = Project::new().envs_toml(
        "[defaults]\npackage-manager = \"dnf\"\n\
         system-packages = [\"hello-one >= 1\", \"/bin/sh\", \"/no/file\", \"pkgconfig(x)\"]\n\
         [stage.packages]\npackages = true\n",
    );
    let bin = project.path("../bin").join("rpm");
    fs::write(
        &bin,
        "#!/bin/sh\nprintf 'hello-one = 1.0\\npkgconfig(x)\\n'\n",
    )
    .unwrap();
    executable(&bin);
    let ran = project.runenv("run local").exits(1);
    let line = "missing on this host: /no/file\n";
    assert!(ran.stderr.contains(line), "{}", ran.whole());
}
