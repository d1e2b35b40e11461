//! The client against small servers on this machine that do what a registry may do: the server, and what it has.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::*;

mod answers;
mod listing;
mod logins;
use crate::time;

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

/// A request as the server saw it.
#[derive(Clone, Debug)]
struct Asked {
    line: String,
    host: String,
    authorization: Option<String>,
    body: String,
}

/// What the server does.
enum Reply {
    /// Status, further header lines, body.
    With(u16, Vec<String>, Vec<u8>),
    /// Says that much is to come, sends half of it and closes.
    Half(Vec<u8>),
    Close,
    Hang,
    /// A byte now and then, without end.
    Drip,
}

fn ok(body: impl Into<Vec<u8>>) -> Reply {
    Reply::With(200, Vec::new(), body.into())
}

fn status(status: u16) -> Reply {
    Reply::With(status, Vec::new(), Vec::new())
}

/// A server that plays a registry, until the test's process ends.
struct Server {
    host: String,
    connections: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    fn new(play: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (connections, asked) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::<Mutex<Vec<_>>>::default(),
        );
        let (counted, noted, play) = (connections.clone(), asked.clone(), Arc::new(play));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let (noted, play) = (noted.clone(), play.clone());
                std::thread::spawn(move || serve(&stream, &noted, &*play));
            }
        });
        Self {
            host,
            connections,
            asked,
        }
    }

    fn reference(&self, name: &str) -> Reference {
        Reference::parse(&format!("{}/{name}", self.host)).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .map(|a| a.line.clone())
            .collect()
    }
}

fn serve(stream: &TcpStream, noted: &Mutex<Vec<Asked>>, play: &dyn Fn(&Asked) -> Reply) {
    let (mut reader, mut out) = (BufReader::new(stream), stream);
    while let Some(asked) = read(&mut reader) {
        noted.lock().unwrap().push(asked.clone());
        let (text, closes) = match play(&asked) {
            Reply::With(status, headers, body) => {
                let mut text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                text.extend(headers.iter().map(|h| format!("{h}\r\n")));
                let head = asked.line.starts_with("HEAD ");
                let body = if head { &[] } else { &body[..] };
                ([text.as_bytes(), b"\r\n", body].concat(), false)
            }
            Reply::Half(body) => {
                let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let half = &body[..body.len() / 2];
                ([text.as_bytes(), half].concat(), true)
            }
            Reply::Close => (Vec::new(), true),
            Reply::Drip => {
                let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
                let mut sent = out.write_all(head);
                while sent.is_ok() {
                    std::thread::sleep(Duration::from_millis(20));
                    sent = out.write_all(b" ");
                }
                return;
            }
            Reply::Hang => {
                std::thread::sleep(Duration::from_secs(20));
                return;
            }
        };
        out.write_all(&text).unwrap();
        if closes {
            let _ = out.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// The next request of a connection; `None`: it was closed.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        let named = |line: &String| line.to_ascii_lowercase().starts_with(&format!("{name}: "));
        let line = lines.iter().find(|line| named(line))?;
        line.split_once(": ").map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some(Asked {
        line: lines[0].trim_end_matches(" HTTP/1.1").to_owned(),
        host: header("host").unwrap_or_default(),
        authorization: header("authorization"),
        body: String::from_utf8(body).unwrap(),
    })
}

fn host(variables: &[(&str, &str)]) -> Host {
    let variables = variables.iter().map(|(n, v)| ((*n).into(), (*v).into()));
    Host {
        variables: variables.collect(),
        ..Host::default()
    }
}

impl Client {
    fn image(&self, of: &Reference, platform: &str) -> Answer<Remote> {
        let mut answers = self.images(vec![(of.clone(), platform.to_owned())]);
        answers.remove(0)
    }
}

fn client(variables: &[(&str, &str)]) -> Client {
    Client::new(&host(variables), &Cancel::never())
}

/// A registry with one image of two platforms under `a:1`; what it has, by path.
fn two_platforms() -> (Vec<(String, Vec<u8>)>, String) {
    let mut there = Vec::new();
    let mut listed = Vec::new();
    for architecture in ["arm64", "amd64"] {
        let config = json!({
            "architecture": architecture, "os": "linux", "created": "2026-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/bin"], "Labels": {"a": "b"}, "Cmd": ["sh"], "Volumes": {"/v": {}}},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:1", "sha256:2"]},
        });
        let config = config.to_string().into_bytes();
        let layer = |size: u64| json!({"digest": "sha256:x", "size": size});
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI,
            "config": {"digest": http::sha256(&config), "size": config.len()},
            "layers": [layer(100), layer(23)],
        });
        let manifest = manifest.to_string().into_bytes();
        let digest = http::sha256(&manifest);
        listed.push(
            json!({"digest": digest, "platform": {"os": "linux", "architecture": architecture}}),
        );
        there.push((format!("/v2/a/manifests/{digest}"), manifest));
        there.push((format!("/v2/a/blobs/{}", http::sha256(&config)), config));
    }
    let unknown =
        json!({"digest": "sha256:y", "platform": {"os": "unknown", "architecture": "unknown"}});
    listed.push(unknown);
    let list = json!({"schemaVersion": 2, "manifests": listed})
        .to_string()
        .into_bytes();
    let digest = http::sha256(&list);
    there.push((format!("/v2/a/manifests/{digest}"), list.clone()));
    there.push(("/v2/a/manifests/1".to_owned(), list));
    (there, digest)
}

fn registry() -> (Server, String) {
    let (there, digest) = two_platforms();
    let server = Server::new(move |asked| {
        let path = asked.line.split(' ').nth(1).unwrap();
        let found = there.iter().find(|(known, _)| known == path);
        found.map_or_else(|| status(404), |(_, body)| ok(body.clone()))
    });
    (server, digest)
}
