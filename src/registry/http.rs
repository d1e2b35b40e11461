//! Requests and their limits: tries, times, sizes; who we are is added on the way.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::http::{HeaderMap, Response, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};

use super::LOST;
use super::challenge::Challenge;
use super::credentials::{Credentials, Login};
use super::reference::Reference;
use super::token::Token;
use super::trouble::{Failed, Kind, Trouble, failed};
use crate::config::forms;
use crate::exec::Cancel;
use crate::host::Host;
use crate::problem::Problem;
use crate::time;

const CONNECT: Duration = Duration::from_secs(10);
const TIMEOUT: &str = "RUNENV_REGISTRY_TIMEOUT";
/// How long a registry may send nothing, unless the variable says otherwise.
const SILENCE: Duration = Duration::from_secs(60);
/// So often a question is asked again; the registry may say how long to wait before.
const RETRIES: u32 = 2;
const KEPT_CONNECTIONS: usize = 8;

/// What all threads share.
pub(super) struct Http {
    remote: Agent,
    local: Agent,
    pub(super) cancel: Cancel,
    pub(super) silence: Duration,
    credentials: Credentials,
    /// By repository: a helper is asked once.
    logins: Mutex<BTreeMap<String, Option<Login>>>,
    /// By host: what it asked for the first time.
    challenges: Mutex<BTreeMap<String, Challenge>>,
    /// By repository, and what for.
    tokens: Mutex<BTreeMap<(String, Access), Token>>,
    lost: Mutex<BTreeMap<String, (Instant, Trouble)>>,
}

/// What is to be done with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Read,
    Remove,
}

/// A positive answer's headers.
pub(super) struct Reply {
    pub(super) digest: Option<String>,
}

/// How long a registry may send nothing.
///
/// # Errors
/// A mistake, if the variable is no time.
pub(super) fn silence(host: &Host) -> Result<Duration, Problem> {
    let said = host.variable(TIMEOUT).filter(|text| !text.is_empty());
    said.map_or(Ok(SILENCE), |text| {
        time::parse_duration(text).map_err(|help| {
            let title = format!("`{TIMEOUT}` is `{text}`, and that is no time");
            Problem::new(title, help)
        })
    })
}

/// One answer of several.
pub(super) struct Page {
    pub(super) body: Vec<u8>,
    /// Where the next is.
    pub(super) next: Option<String>,
}

type Sent = Result<Response<ureq::Body>, ureq::Error>;

/// How a try ended.
enum Try {
    Done(Response<ureq::Body>),
    Absent,
}

impl Http {
    pub(super) fn new(host: &Host, cancel: &Cancel) -> Self {
        let silence = silence(host).unwrap_or(SILENCE);
        Self {
            remote: agent(silence, false),
            local: agent(silence, true),
            cancel: cancel.clone(),
            silence,
            credentials: Credentials::read(host),
            logins: Mutex::default(),
            challenges: Mutex::default(),
            tokens: Mutex::default(),
            lost: Mutex::default(),
        }
    }

    /// Asks for headers. `None`: it is not there.
    pub(super) fn head(
        &self,
        of: &Reference,
        path: &str,
        accept: &str,
    ) -> Result<Option<Reply>, Trouble> {
        self.tries(of, || {
            let answer = self.let_in(of, Access::Read, |agent, login| {
                let mut request = agent.head(url(of, path)).header(header::ACCEPT, accept);
                if let Some(login) = login {
                    request = request.header(header::AUTHORIZATION, login);
                }
                request.call()
            })?;
            Ok(match answer {
                Try::Done(response) => Some(Reply {
                    digest: digest(response.headers()),
                }),
                Try::Absent => None,
            })
        })
    }

    /// Asks for a body of at most so many bytes. `None`: it is not there.
    pub(super) fn get(
        &self,
        of: &Reference,
        path: &str,
        accept: &str,
        most: u64,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let page = self.page(of, &target(of, path), accept, most)?;
        Ok(page.map(|page| page.body))
    }

    /// The same of an answer that may be one of several; `target` begins with `/v2/`.
    pub(super) fn page(
        &self,
        of: &Reference,
        target: &str,
        accept: &str,
        most: u64,
    ) -> Result<Option<Page>, Trouble> {
        let url = of.endpoint() + target;
        self.tries(of, || {
            let answer = self.let_in(of, Access::Read, |agent, login| {
                let mut request = agent.get(&url).header(header::ACCEPT, accept);
                if let Some(login) = login {
                    request = request.header(header::AUTHORIZATION, login);
                }
                request.call()
            })?;
            match answer {
                Try::Done(response) => {
                    let next = next(of, response.headers()).map_err(Failed::For)?;
                    let body = body(&of.host, response, most)?;
                    Ok(Some(Page { body, next }))
                }
                Try::Absent => Ok(None),
            }
        })
    }

    /// Has something taken away. `None`: it is not there.
    pub(super) fn delete(&self, of: &Reference, path: &str) -> Result<Option<()>, Trouble> {
        self.tries(of, || {
            let answer = self.let_in(of, Access::Remove, |agent, login| {
                let mut request = agent.delete(url(of, path));
                if let Some(login) = login {
                    request = request.header(header::AUTHORIZATION, login);
                }
                request.call()
            })?;
            Ok(match answer {
                Try::Done(_) => Some(()),
                Try::Absent => None,
            })
        })
    }

    pub(super) fn agent(&self, local: bool) -> &Agent {
        if local { &self.local } else { &self.remote }
    }

    /// The login that somebody said for a repository.
    pub(super) fn login(&self, of: &Reference) -> Option<Login> {
        let mut logins = lock(&self.logins);
        let known = logins.entry(of.name());
        known.or_insert_with(|| self.credentials.login(of)).clone()
    }

    /// Three tries for what may pass; one that hung had its time. A registry that was lost is not asked again for a while.
    fn tries<T>(
        &self,
        of: &Reference,
        attempt: impl Fn() -> Result<T, Failed>,
    ) -> Result<T, Trouble> {
        let known = lock(&self.lost).get(&of.host).cloned();
        if let Some((_, trouble)) = known.filter(|(since, _)| since.elapsed() < LOST) {
            return Err(trouble);
        }
        let mut waits = time::waits(RETRIES);
        loop {
            let (said, at_least) = match attempt() {
                Ok(answer) => return Ok(answer),
                Err(Failed::For(trouble)) => return Err(trouble),
                Err(Failed::Hung(said)) => return Err(self.lose(of, said)),
                Err(Failed::Passing(said, at_least)) => (said, at_least),
            };
            let Some(wait) = waits.next() else {
                return Err(self.lose(of, said));
            };
            let wait = at_least.unwrap_or(wait).min(self.silence);
            if self.cancel.wait(wait) {
                return Err(Trouble::new(Kind::Interrupted, "interrupted"));
            }
        }
    }

    fn lose(&self, of: &Reference, said: String) -> Trouble {
        let trouble = Trouble::new(Kind::Lost, said);
        lock(&self.lost).insert(of.host.clone(), (time::start(), trouble.clone()));
        trouble
    }

    /// Sends a request with what the registry wants to see: nothing at first, then what it asks for.
    fn let_in(
        &self,
        of: &Reference,
        access: Access,
        send: impl Fn(&Agent, Option<&str>) -> Sent,
    ) -> Result<Try, Failed> {
        let agent = self.agent(of.is_loopback());
        let known = lock(&self.challenges).get(&of.host).cloned();
        let shown = match &known {
            Some(challenge) => self.authorization(of, access, challenge, false)?,
            None => None,
        };
        let response = send(agent, shown.as_deref()).map_err(|e| failed(&of.host, &e))?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return judge(of, response);
        }
        let headers = response.headers().get_all(header::WWW_AUTHENTICATE);
        let Some(challenge) = Challenge::of(headers.iter().filter_map(|v| v.to_str().ok())) else {
            return judge(of, response);
        };
        lock(&self.challenges).insert(of.host.clone(), challenge.clone());
        // A token may have run out meanwhile: a new one.
        let Some(shown) = self.authorization(of, access, &challenge, true)? else {
            return judge(of, response);
        };
        drop(response);
        let response = send(agent, Some(&shown)).map_err(|e| failed(&of.host, &e))?;
        judge(of, response)
    }

    /// The header that lets us in; `None`: we have nothing to show.
    fn authorization(
        &self,
        of: &Reference,
        access: Access,
        challenge: &Challenge,
        anew: bool,
    ) -> Result<Option<String>, Failed> {
        let (realm, service) = match challenge {
            Challenge::Basic => {
                let login = self.login(of);
                return Ok(login.as_ref().and_then(super::token::basic));
            }
            Challenge::Bearer { realm, service } => (realm, service),
        };
        let name = (of.name(), access);
        let known = lock(&self.tokens).get(&name).cloned();
        if let Some(token) = known.filter(|token| !anew && token.holds()) {
            return Ok(Some(token.header()));
        }
        let token = self.fetch_token(of, access, realm, service.as_deref())?;
        let header = token.header();
        lock(&self.tokens).insert(name, token);
        Ok(Some(header))
    }
}

/// A client with its limits. Certificates are those that the machine trusts, as for the engines.
fn agent(silence: Duration, local: bool) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .https_only(!local)
        .tls_config(tls)
        .user_agent(concat!("runenv/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(silence))
        .timeout_per_write(Some(silence))
        .timeout_recv_response(Some(silence))
        .timeout_recv_body(Some(silence))
        .max_redirects(5)
        .max_idle_connections(2 * KEPT_CONNECTIONS)
        .max_idle_connections_per_host(KEPT_CONNECTIONS);
    if local {
        config = config.proxy(None);
    }
    config.build().into()
}

fn url(of: &Reference, path: &str) -> String {
    of.endpoint() + &target(of, path)
}

fn target(of: &Reference, path: &str) -> String {
    format!("/v2/{}/{path}", of.repository)
}

/// Where the next page is (RFC 8288, `rel="next"`).
///
/// # Errors
/// There is one, and it is not of this registry: what came is not all.
fn next(of: &Reference, headers: &HeaderMap) -> Result<Option<String>, Trouble> {
    let links = headers.get_all(header::LINK).iter();
    let mut links = links.filter_map(|link| link.to_str().ok());
    let Some(link) = links.find(|link| link.contains("next")) else {
        return Ok(None);
    };
    let target = link
        .trim_start()
        .strip_prefix('<')
        .and_then(|link| link.split_once('>'));
    let target = target.map_or("", |(target, _)| target);
    let path = target.strip_prefix(&of.endpoint()).unwrap_or(target);
    if path.starts_with("/v2/") {
        return Ok(Some(path.to_owned()));
    }
    let said = format!("{} continues a list where it cannot be followed", of.host);
    Err(Trouble::new(Kind::Odd, said))
}

/// What a status means.
fn judge(of: &Reference, response: Response<ureq::Body>) -> Result<Try, Failed> {
    let status = response.status();
    let said = || format!("{} answers {}", of.host, status.as_u16());
    match status.as_u16() {
        200..=299 => Ok(Try::Done(response)),
        404 => Ok(Try::Absent),
        405 | 501 => Err(Failed::For(Trouble::new(Kind::Unsupported, said()))),
        401 | 403 => Err(Failed::For(Trouble::new(Kind::Denied, said()))),
        408 | 429 | 500..=599 => Err(Failed::Passing(said(), retry_after(response.headers()))),
        _ => Err(Failed::For(Trouble::new(Kind::Odd, said()))),
    }
}

/// Seconds of `Retry-After`; a date in it is not worth a parser.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn digest(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("docker-content-digest")?.to_str().ok()?;
    forms::is_digest(text).then(|| text.to_owned())
}

pub(super) fn body(
    host: &str,
    response: Response<ureq::Body>,
    most: u64,
) -> Result<Vec<u8>, Failed> {
    let mut body = response.into_body();
    let read = body.with_config().limit(most).read_to_vec();
    read.map_err(|error| failed(host, &error))
}

/// The digest of bytes, as registries write it.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hex: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex}")
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
