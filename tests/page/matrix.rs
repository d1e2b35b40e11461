//! A run of 46 systems and 3 configurations, 20 of which failed, with output that is as long and as hostile as it can be.

use serde_json::{Value, json};

pub(crate) const CONFIGS: [&str; 3] = ["minimal", "standard", "maximal"];
const SYSTEMS: [(&str, &[&str]); 9] = [
    (
        "debian",
        &["bullseye", "bookworm", "trixie", "forky", "sid"],
    ),
    (
        "ubuntu",
        &["focal", "jammy", "noble", "oracular", "plucky", "questing"],
    ),
    ("fedora", &["38", "39", "40", "41", "42", "43", "rawhide"]),
    ("centos-stream", &["9", "10"]),
    ("almalinux", &["8", "9", "10"]),
    ("opensuse", &["15.4", "15.5", "15.6", "tumbleweed"]),
    ("alpine", &["3.18", "3.19", "3.20", "3.21", "3.22", "edge"]),
    (
        "gentoo",
        &["python3.11", "python3.12", "python3.13", "musl"],
    ),
    (
        "linuxmint",
        &[
            "20.3", "21", "21.1", "21.2", "21.3", "22", "22.1", "22.2", "lmde",
        ],
    ),
];

/// What the log of a failure says: what would be harmful if it were more than text.
pub(crate) const HOSTILE: &str = "</script><script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">";

/// The names of the environments, system by system.
pub(crate) fn names() -> Vec<(String, &'static str)> {
    let systems = SYSTEMS.iter().flat_map(|(family, releases)| {
        releases
            .iter()
            .map(move |release| format!("docker-{family}-{release}"))
    });
    systems
        .flat_map(|system| CONFIGS.map(|config| (format!("{system}-{config}"), config)))
        .collect()
}

/// The run; `older` is the one before it: other failures, and quicker.
pub(crate) fn run(older: bool) -> Value {
    let fails = |at: usize| {
        if older {
            at.is_multiple_of(9)
        } else {
            at % 7 == 3
        }
    };
    let envs = names().into_iter().enumerate().map(|(at, (name, config))| {
        env(&name, config, at, fails(at), if older { 0.7 } else { 1.0 })
    });
    let mut envs: Vec<Value> = envs.collect();
    envs.push(json!({
        "name": "lint", "runner": "local", "state": "passed", "seconds": 12.5, "started": "2026-01-02T10:00:00Z",
        "stages": [{ "name": "commands", "state": "passed", "seconds": 12.5 }], "runenv": "0.1.0",
    }));
    json!({ "runenv": "0.1.0", "started": "2026-01-02T10:00:00Z", "envs": envs })
}

fn env(name: &str, config: &str, at: usize, fails: bool, slow: f64) -> Value {
    let seconds = |base: usize| {
        slow * f64::from(u32::try_from(base + 37 * at % 900).expect("a small number"))
    };
    let tested = if fails {
        failed(name, at)
    } else {
        passed("tested", seconds(1800))
    };
    let mut packages = passed("packages", seconds(60));
    if at % 10 == 4 {
        packages["missing-packages"] = json!(["libgivaro-dev", "python3-pplpy"]);
    }
    let mut built = passed("built", seconds(7200));
    built["cached"] = (at.is_multiple_of(5)).into();
    json!({
        "name": name, "runner": "docker", "system": "s", "config": config, "seconds": seconds(9000),
        "state": if fails { tested["state"].clone() } else { "passed".into() },
        "stages": [packages, built, tested], "started": "2026-01-02T10:00:00Z", "runenv": "0.1.0",
    })
}

fn passed(name: &str, seconds: f64) -> Value {
    json!({ "name": name, "state": "passed", "seconds": seconds, "key": name, "log": format!("/w/.runenv/log/{name}.log") })
}

fn failed(name: &str, at: usize) -> Value {
    let lines = |count: usize, what: &str| -> Vec<String> {
        (0..count)
            .map(|line| format!("{what} {line}: {}", "gcc -O2 -c x.c ".repeat(25)))
            .collect()
    };
    let mut tail = lines(18, "checking");
    tail.push(HOSTILE.to_owned());
    tail.push("sage/graphs/generic_graph.py:1234: AssertionError: 1 != 2".to_owned());
    json!({
        "name": "tested", "state": if at.is_multiple_of(2) { "timed-out" } else { "failed" }, "seconds": 4321.5, "key": "t",
        "image": "sha256:1", "log": format!("/w/.runenv/{name}/log/03-tested.log"),
        "command": { "text": "./sage -t --all --long -p 4", "place": "envs.toml:41:9", "exit-code": 1, "signal": null },
        "tail": tail, "on-failure-output": lines(200, "config.log"),
    })
}
