//! What is made of answers, of none, and of wrong ones.

use super::*;

#[test]
fn an_image_is_read_without_its_layers() {
    let (server, list) = registry();
    let (client, name) = (client(&[]), server.reference("a:1"));
    let remote = client.image(&name, "linux/amd64").unwrap().unwrap();
    assert_eq!(remote.bytes, 123);
    assert_ne!(remote.digest, list);
    assert_eq!(remote.image.layers(), ["sha256:1", "sha256:2"]);
    assert_eq!(
        (remote.image.os.as_str(), remote.image.architecture.as_str()),
        ("linux", "amd64")
    );
    assert_eq!(
        (remote.image.label("a"), remote.image.env()),
        (Some("b"), vec!["PATH=/bin".to_owned()])
    );
    // The digest is that of the platform's manifest: it names the same image, and no list.
    let pinned = name.with(Version::Digest(remote.digest.clone()));
    let again = client.image(&pinned, "linux/amd64").unwrap().unwrap();
    assert_eq!(again.digest, remote.digest);
    assert_eq!(again.image.identity(), remote.image.identity());
    assert!(
        server.lines().iter().all(|line| !line.contains("sha256:x")),
        "a layer was asked for"
    );

    assert!(
        client
            .image(&server.reference("a:2"), "linux/amd64")
            .unwrap()
            .is_none()
    );
    let other = client.image(&name, "linux/s390x").unwrap_err();
    assert_eq!(other.kind, Kind::Odd);
    assert!(
        other
            .said
            .ends_with("is for linux/arm64, linux/amd64, not for linux/s390x"),
        "{}",
        other.said
    );
}

#[test]
fn what_the_bytes_are_not_is_not_believed() {
    let (there, _) = two_platforms();
    let server = Server::new(move |asked| {
        let path = asked.line.split(' ').nth(1).unwrap();
        let found = there.iter().find(|(known, _)| known == path);
        let forged = path.contains("/blobs/") || asked.line.contains("sha256:0");
        found.map_or_else(
            || ok("{}"),
            |(_, body)| ok(if forged { b"{}".to_vec() } else { body.clone() }),
        )
    });
    let client = client(&[]);
    let zero = server
        .reference("a")
        .with(Version::Digest(format!("sha256:{}", "0".repeat(64))));
    for name in [server.reference("a:1"), zero] {
        let trouble = client.image(&name, "linux/amd64").unwrap_err();
        assert!(
            trouble.said.contains("sends other bytes"),
            "{}",
            trouble.said
        );
    }
    let trouble = client
        .image(&server.reference("a:odd"), "linux/amd64")
        .unwrap_err();
    assert!(
        trouble.said.contains("is no image that engines know"),
        "{}",
        trouble.said
    );
}

#[test]
fn many_are_asked_over_few_connections() {
    let server = Server::new(|asked| {
        let there = asked.line.contains("manifests/7");
        let digest = format!("Docker-Content-Digest: sha256:{}", "7".repeat(64));
        if there {
            Reply::With(200, vec![digest], vec![0; 10])
        } else {
            Reply::With(404, vec![], vec![0; 10])
        }
    });
    let names = (0..100)
        .map(|n| server.reference(&format!("a:{n}")))
        .collect();
    let answers = client(&[]).digests(names);
    let there = |answer: &Answer<String>| answer.as_ref().unwrap().is_some();
    let found: Vec<usize> = (0..100).filter(|n| there(&answers[*n])).collect();
    assert_eq!(found, [7, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79]);
    assert!(server.connections.load(Ordering::SeqCst) <= 8);
    assert!(
        server
            .lines()
            .iter()
            .all(|line| line.starts_with("HEAD /v2/a/manifests/"))
    );
}

/// 40 environments of four stages; every other one has its second deepest.
#[test]
fn what_is_found_spares_what_is_behind_it() {
    let server = Server::new(|asked| {
        let tag = asked.line.rsplit('/').next().unwrap();
        let (env, depth) = tag.split_once('-').unwrap();
        let even = env.parse::<usize>().unwrap() % 2 == 0;
        let digest = format!("Docker-Content-Digest: sha256:{}", "7".repeat(64));
        let status = if even && depth == "1" { 200 } else { 404 };
        Reply::With(status, vec![digest], vec![])
    });
    let all = (0..4).flat_map(|depth| (0..40).map(move |env| (env, depth)));
    let sought = all.clone().map(|(env, depth)| Sought {
        name: server.reference(&format!("a:{env}-{depth}")),
        ends: BTreeSet::from([env]),
    });
    let answers = client(&[]).look(sought.collect());
    for ((env, depth), answer) in all.zip(answers) {
        match answer {
            None => assert!(env % 2 == 0 && depth > 1, "{env}-{depth}"),
            Some(answer) => {
                let there = answer.unwrap().is_some();
                assert_eq!(there, env % 2 == 0 && depth == 1, "{env}-{depth}");
            }
        }
    }
    let asked = server.lines();
    let first: Vec<&String> = asked.iter().take(30).collect();
    assert!(first.iter().all(|line| line.ends_with("-0")), "{first:?}");
    // What is on its way when the answer comes is asked all the same.
    assert!((120..128).contains(&asked.len()), "{}", asked.len());
    assert!(server.connections.load(Ordering::SeqCst) <= 8);
    assert_eq!(client(&[]).look(Vec::new()).len(), 0);
}

#[test]
fn what_passes_is_tried_three_times() {
    let tries = |kind: &'static str| {
        let count = AtomicUsize::new(0);
        let server = Server::new(move |_| {
            let passing = |code| Reply::With(code, vec!["Retry-After: 0".to_owned()], Vec::new());
            match (kind, count.fetch_add(1, Ordering::SeqCst)) {
                (_, 2..) => ok("{}"),
                ("503", _) => passing(503),
                ("429", _) => passing(429),
                ("half", _) => Reply::Half(b"{          }".to_vec()),
                _ => Reply::Close,
            }
        });
        let client = client(&[("RUNENV_REGISTRY_TIMEOUT", "1s")]);
        let trouble = client
            .image(&server.reference("a:1"), "linux/amd64")
            .unwrap_err();
        assert!(
            trouble.said.ends_with("is no image that engines know"),
            "{kind}: {}",
            trouble.said
        );
        assert_eq!(server.lines().len(), 3, "{kind}");
    };
    std::thread::scope(|scope| {
        for kind in ["503", "429", "close", "half"] {
            scope.spawn(move || tries(kind));
        }
    });
}

#[test]
fn a_lost_registry_is_not_asked_again_and_again() {
    let server = Server::new(|_| Reply::With(500, vec!["Retry-After: 0".to_owned()], Vec::new()));
    let client = client(&[]);
    for tag in ["a:1", "a:2"] {
        let answer = client
            .image(&server.reference(tag), "linux/amd64")
            .unwrap_err();
        let said = format!("{} answers 500", server.host);
        assert_eq!((answer.kind, answer.said), (Kind::Lost, said));
    }
    assert_eq!(server.lines().len(), 3);
}

#[test]
fn a_registry_that_hangs_is_lost_in_time() {
    for play in [|| Reply::Hang, || Reply::Drip] {
        let server = Server::new(move |_| play());
        let client = client(&[("RUNENV_REGISTRY_TIMEOUT", "300ms")]);
        let trouble = client
            .image(&server.reference("a:1"), "linux/amd64")
            .unwrap_err();
        assert_eq!(
            (trouble.kind, trouble.said),
            (Kind::Lost, format!("{} does not answer", server.host))
        );
        assert_eq!(server.lines().len(), 1, "it had its time");
    }
}

#[test]
fn a_time_that_is_none_is_a_mistake() {
    assert!(check(&host(&[("RUNENV_REGISTRY_TIMEOUT", "2m")])).is_ok());
    for text in ["0s", "soon", "-1s", "5"] {
        let problem = check(&host(&[("RUNENV_REGISTRY_TIMEOUT", text)])).unwrap_err();
        let title = format!("`RUNENV_REGISTRY_TIMEOUT` is `{text}`, and that is no time");
        assert_eq!(problem.title, title);
    }
}

#[test]
fn a_signal_ends_the_waiting() {
    let server = Server::new(|_| Reply::Hang);
    let cancel = Cancel::never();
    let client = Client::new(&host(&[]), &cancel);
    let started = time::start();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        cancel.request();
    });
    let trouble = client
        .image(&server.reference("a:1"), "linux/amd64")
        .unwrap_err();
    assert_eq!(trouble.kind, Kind::Interrupted);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(client.digests(vec![server.reference("a:1")])[0].is_err());
}

#[test]
fn refusals_are_answers() {
    for code in [401, 403] {
        let server = Server::new(move |_| status(code));
        let trouble = client(&[])
            .image(&server.reference("a:1"), "linux/amd64")
            .unwrap_err();
        assert_eq!((trouble.kind, server.lines().len()), (Kind::Denied, 1));
    }
    let trouble = client(&[]).image(&registry().0.reference("b:1"), "linux/amd64");
    assert!(trouble.unwrap().is_none());
}

#[test]
fn answers_without_end_are_refused() {
    let server = Server::new(|_| ok(vec![b' '; 5 << 20]));
    let trouble = client(&[])
        .image(&server.reference("a:1"), "linux/amd64")
        .unwrap_err();
    assert!(
        trouble.said.contains("more than 4194304 bytes"),
        "{}",
        trouble.said
    );
}
