//! Who is let in, and what is shown to whom.

use super::*;

/// A folder that plays a home, with one of the files that hold logins.
fn home(path: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(path);
    crate::files::make_folder(path.parent().unwrap()).unwrap();
    crate::files::write_atomic(&path, text.as_bytes()).unwrap();
    folder
}

/// A registry that gives tokens to `me` with the password `p:w`, or for the identity `id`; `first` is the number of its
/// first token that it takes.
fn guarded(first: usize) -> Server {
    let (there, _) = two_platforms();
    let given = AtomicUsize::new(0);
    Server::new(move |asked| {
        let path = asked.line.split(' ').nth(1).unwrap();
        if path.starts_with("/token") {
            let number = given.fetch_add(1, Ordering::SeqCst);
            let basic = asked.authorization.as_deref() == Some("Basic bWU6cDp3");
            let fields = "scope=repository%3Aa%3Apull&service=s%20p";
            let identity = asked
                .body
                .contains("grant_type=refresh_token&refresh_token=id&client_id=runenv");
            let asked_right =
                asked.line.contains(fields) || asked.body.contains("repository%3Aa%3Apull");
            return if asked_right && (basic || identity) {
                ok(format!(
                    r#"{{"access_token": "t{number}", "expires_in": 300}}"#
                ))
            } else {
                status(401)
            };
        }
        let token = asked
            .authorization
            .as_deref()
            .and_then(|a| a.strip_prefix("Bearer t"));
        if token.is_none_or(|number| number.parse::<usize>().unwrap() < first) {
            let realm = format!(
                "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s p\"",
                asked.host
            );
            return Reply::With(401, vec![realm], Vec::new());
        }
        let found = there.iter().find(|(known, _)| known == path);
        found.map_or_else(|| status(404), |(_, body)| ok(body.clone()))
    })
}

#[test]
fn a_token_is_fetched_once_and_anew_when_it_ran_out() {
    for (first, tokens) in [(0, 1), (1, 2)] {
        let server = guarded(first);
        let auth = format!(
            r#"{{"auths": {{"{}": {{"auth": "bWU6cDp3"}}}}}}"#,
            server.host
        );
        let home = home(".docker/config.json", &auth);
        let client = client(&[("HOME", home.path().to_str().unwrap())]);
        let (name, amd64) = (server.reference("a:1"), "linux/amd64");
        let first_time = client.image(&name, amd64);
        if first == 0 {
            assert!(first_time.unwrap().is_some());
        } else {
            assert_eq!(first_time.unwrap_err().kind, Kind::Denied);
        }
        assert!(client.image(&name, amd64).unwrap().is_some());
        let asked = server
            .lines()
            .iter()
            .filter(|line| line.contains("/token"))
            .count();
        assert_eq!(asked, tokens);
    }
}

#[test]
fn logins_are_found_where_engines_keep_them() {
    let cases = [
        (
            "containers/auth.json",
            "XDG_RUNTIME_DIR",
            r#"{"auths": {"HOST/b": {"auth": "eDp5"}, "HOST/a": {"auth": "bWU6cDp3"}, "HOST": {"auth": "eDp5"}}}"#,
        ),
        (
            ".config/containers/auth.json",
            "HOME",
            r#"{"auths": {"HOST": {"identitytoken": "id", "auth": "eDp5"}}}"#,
        ),
        (
            "config.json",
            "DOCKER_CONFIG",
            r#"{"auths": {"http://HOST/v2/": {"username": "me", "password": "p:w"}}, "proxies": {"default": {}}}"#,
        ),
    ];
    for (path, variable, text) in cases {
        let server = guarded(0);
        let home = home(path, &text.replace("HOST", &server.host));
        let client = client(&[(variable, home.path().to_str().unwrap())]);
        let found = client.image(&server.reference("a:1"), "linux/amd64");
        assert!(found.unwrap().is_some(), "{path}");
    }
    // Somebody else's, a broken file, and none.
    for text in [
        r#"{"auths": {"HOST.org": {"auth": "bWU6cDp3"}}}"#,
        "{",
        r#"{"auths": {"HOST": {}}}"#,
    ] {
        let server = guarded(0);
        let home = home("config.json", &text.replace("HOST", &server.host));
        let client = client(&[("DOCKER_CONFIG", home.path().to_str().unwrap())]);
        let trouble = client
            .image(&server.reference("a:1"), "linux/amd64")
            .unwrap_err();
        assert_eq!(
            (trouble.kind, trouble.said),
            (Kind::Denied, format!("{} gives no token: 401", server.host))
        );
    }
}

#[test]
fn a_name_and_password_are_shown_only_where_they_are_asked_for() {
    let (there, _) = two_platforms();
    let server = Server::new(move |asked| {
        let path = asked.line.split(' ').nth(1).unwrap();
        if asked.authorization.as_deref() != Some("Basic bWU6cDp3") {
            return Reply::With(
                401,
                vec!["WWW-Authenticate: Basic realm=\"r\"".to_owned()],
                Vec::new(),
            );
        }
        if path.contains("/blobs/") {
            // Contents lie elsewhere, and nobody there is to see the password.
            let to = format!(
                "Location: http://{}/elsewhere{path}",
                asked.host.replace("127.0.0.1", "localhost")
            );
            return Reply::With(307, vec![to], Vec::new());
        }
        let found = there.iter().find(|(known, _)| known == path);
        found.map_or_else(|| status(404), |(_, body)| ok(body.clone()))
    });
    let auth = format!(
        r#"{{"auths": {{"{}": {{"auth": "bWU6cDp3"}}}}}}"#,
        server.host
    );
    let home = home("config.json", &auth);
    let client = client(&[("DOCKER_CONFIG", home.path().to_str().unwrap())]);
    let trouble = client
        .image(&server.reference("a:1"), "linux/amd64")
        .unwrap_err();
    assert_eq!(trouble.kind, Kind::Denied);
    let asked = server.asked.lock().unwrap().clone();
    let shown: Vec<bool> = asked.iter().map(|a| a.authorization.is_some()).collect();
    assert!(asked.last().unwrap().line.starts_with("GET /elsewhere"));
    assert_eq!((shown[0], shown.last()), (false, Some(&false)));
}

#[test]
fn a_token_is_not_asked_of_another_machine_without_tls() {
    let server = Server::new(|_| {
        let realm = "WWW-Authenticate: Bearer realm=\"http://registry.example/token\"";
        Reply::With(401, vec![realm.to_owned()], Vec::new())
    });
    let trouble = client(&[])
        .image(&server.reference("a:1"), "linux/amd64")
        .unwrap_err();
    assert!(
        trouble
            .said
            .ends_with("wants a token from an address without TLS"),
        "{}",
        trouble.said
    );
}
