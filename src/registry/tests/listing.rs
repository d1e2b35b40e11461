//! Lists that come in pages, and what is taken away.

use super::*;

#[test]
fn lists_are_read_to_their_end() {
    let server = Server::new(|asked| {
        let next = |target: &str| vec![format!("Link: <{target}>; rel=\"next\"")];
        let page = |headers, body: &str| Reply::With(200, headers, body.into());
        match asked.line.as_str() {
            "GET /v2/a/tags/list?n=1000" => page(
                next("/v2/a/tags/list?n=2&last=y"),
                r#"{"tags": ["x", "y"]}"#,
            ),
            "GET /v2/a/tags/list?n=2&last=y" => page(Vec::new(), r#"{"tags": ["z"]}"#),
            "GET /v2/none/tags/list?n=1000" => page(Vec::new(), r#"{"tags": null}"#),
            "GET /v2/evil/tags/list?n=1000" => {
                page(next("http://169.254.0.1/"), r#"{"tags": ["x"]}"#)
            }
            "GET /v2/endless/tags/list?n=1000" => {
                page(next("/v2/endless/tags/list?n=1000"), r#"{"tags": ["x"]}"#)
            }
            "GET /v2/_catalog?n=1000" => page(Vec::new(), r#"{"repositories": ["a", "b/c"]}"#),
            _ => status(404),
        }
    });
    let client = client(&[]);
    let tags = |name: &str| client.tags(vec![server.reference(name)]).remove(0);
    assert_eq!(tags("a").unwrap().unwrap(), ["x", "y", "z"]);
    assert_eq!(tags("none").unwrap().unwrap(), [""; 0]);
    let evil = tags("evil").unwrap_err();
    assert!(evil.said.contains("cannot be followed"), "{}", evil.said);
    assert_eq!(tags("gone").unwrap(), None);
    let endless = tags("endless").unwrap_err();
    assert!(endless.said.contains("does not end"), "{}", endless.said);
    let all = client
        .repositories(&server.reference("a"))
        .unwrap()
        .unwrap();
    assert_eq!(all, ["a", "b/c"]);
}

#[test]
fn a_removal_is_done_or_refused() {
    for (code, expected) in [
        (202, Ok(Some(()))),
        (404, Ok(None)),
        (405, Err(Kind::Unsupported)),
        (403, Err(Kind::Denied)),
    ] {
        let server = Server::new(move |_| status(code));
        let answer = client(&[]).remove(vec![server.reference("a:1")]).remove(0);
        assert_eq!(answer.map_err(|trouble| trouble.kind), expected, "{code}");
        assert_eq!(server.lines(), ["DELETE /v2/a/manifests/1"]);
    }
}

/// A token for reading is none for taking away.
#[test]
fn a_token_is_asked_for_what_is_to_be_done() {
    let server = Server::new(|asked| {
        let line = asked.line.as_str();
        let scope = |actions: &str| format!("scope=repository%3Aa%3A{actions}");
        let host = &asked.host;
        match (line, asked.authorization.as_deref()) {
            (line, _) if line.ends_with(&scope("pull%2Cdelete")) => ok(r#"{"token": "delete"}"#),
            (line, _) if line.ends_with(&scope("pull")) => ok(r#"{"token": "pull"}"#),
            ("HEAD /v2/a/manifests/1", Some("Bearer pull")) => {
                let digest = format!("Docker-Content-Digest: sha256:{}", "a".repeat(64));
                Reply::With(200, vec![digest], Vec::new())
            }
            ("DELETE /v2/a/manifests/1", Some("Bearer delete")) => status(202),
            _ => {
                let wants = format!("WWW-Authenticate: Bearer realm=\"http://{host}/token\"");
                Reply::With(401, vec![wants], Vec::new())
            }
        }
    });
    let client = client(&[]);
    let of = || vec![server.reference("a:1")];
    assert!(client.digests(of()).remove(0).unwrap().is_some());
    assert_eq!(client.remove(of()).remove(0), Ok(Some(())));
}
