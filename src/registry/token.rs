//! Tokens that registries hand out for a repository (distribution.github.io/distribution/spec/auth/token).

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use ureq::http::header;

use super::credentials::Login;
use super::http::{self, Access, Http};
use super::reference::{self, Reference};
use super::trouble::{Failed, Kind, Trouble, failed};
use crate::time;

const MOST_BYTES: u64 = 1 << 20;
/// Shorter than any registry's.
const HOLDS: Duration = Duration::from_secs(60);
/// A token that runs out on its way is no use.
const MARGIN: Duration = Duration::from_secs(10);

/// A token, and until when it holds. Never printed.
#[derive(Clone)]
pub(super) struct Token {
    text: String,
    since: Instant,
    holds: Duration,
}

#[derive(Deserialize)]
struct Written {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Token {
    pub(super) fn holds(&self) -> bool {
        self.since.elapsed() + MARGIN < self.holds
    }

    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.text)
    }
}

/// The header of a name with its password.
pub(super) fn basic(login: &Login) -> Option<String> {
    match login {
        Login::Password { name, password } => Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{name}:{password}"))
        )),
        Login::Identity(_) => None,
    }
}

impl Http {
    /// Gets a token for a repository. The password goes to where the registry says, as engines do it, but never
    /// without TLS to another machine.
    pub(super) fn fetch_token(
        &self,
        of: &Reference,
        access: Access,
        realm: &str,
        service: Option<&str>,
    ) -> Result<Token, Failed> {
        let local = is_local(of, realm)?;
        let actions = match access {
            Access::Read => "pull",
            Access::Remove => "pull,delete",
        };
        let scope = format!("repository:{}:{actions}", of.repository);
        let login = self.login(of);
        let agent = self.agent(local);
        let mut fields = vec![("scope", scope.as_str())];
        fields.extend(service.map(|service| ("service", service)));
        let sent = if let Some(Login::Identity(token)) = &login {
            let own = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("client_id", "runenv"),
            ];
            fields.extend(own);
            agent.post(realm).send_form(fields)
        } else {
            let mut request = agent.get(realm).query_pairs(fields);
            if let Some(basic) = login.as_ref().and_then(basic) {
                request = request.header(header::AUTHORIZATION, basic);
            }
            request.call()
        };
        let response = sent.map_err(|e| failed(&of.host, &e))?;
        let said = || format!("{} gives no token: {}", of.host, response.status().as_u16());
        match response.status().as_u16() {
            200..=299 => read(&of.host, &http::body(&of.host, response, MOST_BYTES)?),
            408 | 429 | 500..=599 => Err(Failed::Passing(said(), None)),
            _ => Err(Failed::For(Trouble::new(Kind::Denied, said()))),
        }
    }
}

fn read(host: &str, json: &[u8]) -> Result<Token, Failed> {
    let written: Option<Written> = serde_json::from_slice(json).ok();
    let said = written.and_then(|w| Some((w.token.or(w.access_token)?, w.expires_in)));
    let said = said.filter(|(text, _)| text.bytes().all(|b| b.is_ascii_graphic()));
    let (text, seconds) = said.ok_or_else(|| {
        let said = format!("{host} gives no token that can be read");
        Failed::For(Trouble::new(Kind::Odd, said))
    })?;
    let holds = seconds.map_or(HOLDS, Duration::from_secs);
    let since = time::start();
    Ok(Token { text, since, holds })
}

/// Does the address of tokens stand on this machine? One without TLS elsewhere is refused.
fn is_local(of: &Reference, realm: &str) -> Result<bool, Failed> {
    let plain = realm.strip_prefix("http://");
    let host = plain.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(rest));
    match host {
        // A name before `@` is none of the host's.
        Some(host) if of.is_loopback() && !host.contains('@') && reference::is_loopback(host) => {
            Ok(true)
        }
        None if realm.starts_with("https://") => Ok(false),
        Some(_) | None => {
            let said = format!("{} wants a token from an address without TLS", of.host);
            Err(Failed::For(Trouble::new(Kind::Odd, said)))
        }
    }
}
