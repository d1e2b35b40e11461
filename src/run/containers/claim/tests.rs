//! Claims of one process; those of several are tested on real engines.

use tempfile::TempDir;

use super::*;
use crate::time;

const ENGINE: Engine = Engine::ALL[0];

fn claims() -> (TempDir, Claims) {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().as_os_str().to_owned();
    let host = Host {
        variables: [("HOME".into(), home)].into(),
        pid: 123,
        ..Host::default()
    };
    let claims = Claims::of(&host, "id", Path::new("/none"));
    (folder, claims)
}

fn ours(asked: Asked) -> Claim {
    match asked {
        Asked::Ours(claim) => claim,
        Asked::Others(waiting) => panic!("{waiting:?}"),
    }
}

fn others(asked: Asked) -> Waiting {
    match asked {
        Asked::Ours(claim) => panic!("{claim:?}"),
        Asked::Others(waiting) => waiting,
    }
}

#[test]
fn a_second_waits_and_is_told_what_was_built() {
    let (_folder, claims) = claims();
    let (key, other) = (Digest::of(b"a"), Digest::of(b"b"));
    let first = ours(claims.ask(ENGINE, key, "docker-a"));
    assert_eq!(first.image, None);
    let waiting = others(claims.ask(ENGINE, key, "docker-b"));
    assert_eq!(waiting.holder, "process 123 (docker-a)");
    // Another key, another engine.
    ours(claims.ask(ENGINE, other, "docker-b"));
    ours(claims.ask(Engine::ALL[1], key, "podman-b"));
    let second = thread::spawn(move || waiting.wait(None, &Cancel::never()));
    thread::sleep(Duration::from_millis(20));
    first.built("sha256:abc");
    second.join().unwrap().unwrap();
    let second = ours(claims.ask(ENGINE, key, "docker-b"));
    assert_eq!(second.image.as_deref(), Some("sha256:abc"));
    drop(second);
    // Who did not build left nothing to look at, but for one that died.
    let third = ours(claims.ask(ENGINE, key, "c"));
    assert_eq!((&third.image, third.abandoned), (&None, false));
    drop(third);
    let path = claims.path(ENGINE, key);
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .write_all(b"process 1 (a)\n")
        .unwrap();
    assert!(ours(claims.ask(ENGINE, key, "d")).abandoned);
}

#[test]
fn a_wait_ends_with_a_signal_and_with_its_limit() {
    let (_folder, claims) = claims();
    let key = Digest::of(b"a");
    let _first = ours(claims.ask(ENGINE, key, "a"));
    let waiting = || others(claims.ask(ENGINE, key, "b"));
    let short = Some(Duration::from_millis(10));
    assert_eq!(
        waiting().wait(short, &Cancel::never()).unwrap_err(),
        Stop::TimeLimit
    );
    let cancel = Cancel::never();
    let (started, asks) = (time::start(), cancel.clone());
    let asking = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        asks.request();
    });
    assert_eq!(
        waiting().wait(None, &cancel).unwrap_err(),
        Stop::Interrupted
    );
    assert_eq!(
        waiting().wait(None, &cancel).unwrap_err(),
        Stop::Interrupted
    );
    asking.join().unwrap();
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_file_that_was_removed_is_made_anew() {
    let (_folder, claims) = claims();
    let key = Digest::of(b"a");
    let first = ours(claims.ask(ENGINE, key, "a"));
    let waiting = others(claims.ask(ENGINE, key, "b"));
    let path = claims.path(ENGINE, key);
    fs::remove_file(&path).unwrap();
    // The lock is on a file that nobody finds any more.
    let new = ours(claims.ask(ENGINE, key, "c"));
    drop(first);
    waiting.wait(None, &Cancel::never()).unwrap();
    others(claims.ask(ENGINE, key, "late"));
    drop(new);
    let old = File::options().write(true).open(&path).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    claims.sweep();
    assert!(!path.exists());
}

#[test]
fn without_a_home_claims_are_beside_the_results_and_without_a_folder_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let host = |home: &str| Host {
        variables: [("HOME".into(), home.into())].into(),
        ..Host::default()
    };
    let here = Claims::of(&host(""), "id", folder.path());
    let key = Digest::of(b"a");
    let _first = ours(here.ask(ENGINE, key, "a"));
    others(here.ask(ENGINE, key, "b"));
    let nowhere = Claims::of(&host("/proc/none"), "id", folder.path());
    let _first = ours(nowhere.ask(ENGINE, key, "a"));
    ours(nowhere.ask(ENGINE, key, "b"));
}
