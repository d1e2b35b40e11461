//! A server before the registry that does what a registry may do, and questions of the tests' own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::HOST;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Play {
    Pass,
    Status(u16),
    /// It is never answered.
    Hang,
    /// The answer, or what is sent, ends in the middle.
    Cut,
}

/// Decides by the request's first line, `GET /v2/… HTTP/1.1`.
type Script = Box<dyn Fn(&str) -> Play + Send + Sync>;

/// A proxy on a port of its own, until the test's process ends.
pub(crate) struct Proxy {
    pub(crate) host: String,
    script: Arc<Mutex<Script>>,
}

impl Proxy {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(|_| Play::Pass)));
        let played = Arc::clone(&script);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let played = Arc::clone(&played);
                // Clients that are ended in the middle are what this is for.
                thread::spawn(move || serve(&client, &played));
            }
        });
        Self { host, script }
    }

    pub(crate) fn play(&self, script: impl Fn(&str) -> Play + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }
}

/// One request of a connection, which is closed behind it.
fn serve(client: &TcpStream, script: &Mutex<Script>) -> Option<()> {
    let mut reader = BufReader::new(client);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head += &line;
        }
        line.clear();
    }
    let first = head.lines().next()?.to_owned();
    let play = (script.lock().unwrap())(&first);
    let mut out = client;
    match play {
        Play::Status(status) => {
            let text = format!(
                "HTTP/1.1 {status} Played\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            out.write_all(text.as_bytes()).ok()?;
            return client.shutdown(Shutdown::Both).ok();
        }
        Play::Hang => {
            thread::sleep(Duration::from_secs(60));
            return None;
        }
        Play::Pass | Play::Cut => {}
    }
    let server = TcpStream::connect(HOST).ok()?;
    (&server)
        .write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())
        .ok()?;
    let sent = server.try_clone().ok()?;
    let most = if play == Play::Cut { 100 } else { u64::MAX };
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = std::io::copy(&mut reader.take(most), &mut &sent);
            if play == Play::Cut {
                let _ = sent.shutdown(Shutdown::Both);
            }
        });
        let _ = std::io::copy(&mut (&server).take(most), &mut out);
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
    Some(())
}

/// A question to the registry itself: status, headers and body.
pub(crate) fn ask(
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(HOST).unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {HOST}\r\nContent-Length: {}\r\n",
        body.len()
    );
    head.extend(headers.iter().map(|h| format!("{h}\r\n")));
    stream
        .write_all(&[head.as_bytes(), b"\r\n", body].concat())
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[end + 4..].to_vec())
}

/// A header of an answer.
pub(crate) fn header(head: &str, name: &str) -> String {
    let line = head
        .lines()
        .find(|l| l.to_ascii_lowercase().starts_with(&format!("{name}: ")));
    line.unwrap().split_once(": ").unwrap().1.to_owned()
}
