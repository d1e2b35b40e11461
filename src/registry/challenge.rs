//! What a registry wants to see before it answers: the `WWW-Authenticate` header (RFC 9110, 11.6.1).

use std::collections::BTreeMap;

/// How a registry lets people in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password with every request.
    Basic,
    /// A token that this address gives.
    Bearer {
        realm: String,
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads the headers of a 401; a token is preferred. `None`: nothing that we know.
    pub(super) fn of<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let all: Vec<Self> = headers.filter_map(Self::read).collect();
        let bearer = all.iter().find(|c| **c != Self::Basic);
        bearer.or(all.first()).cloned()
    }

    fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => Some(Self::Basic),
            "bearer" => {
                let mut parameters = parameters(rest);
                let realm = parameters.remove("realm")?;
                let service = parameters.remove("service");
                Some(Self::Bearer { realm, service })
            }
            _ => None,
        }
    }
}

/// `name="value", name=value`; a backslash takes the next character as it is.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((name, value)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_ascii_lowercase();
        let mut word = String::new();
        if let Some(quoted) = value.trim_start().strip_prefix('"') {
            let mut characters = quoted.char_indices();
            rest = "";
            while let Some((at, c)) = characters.next() {
                match c {
                    '"' => {
                        rest = &quoted[at + 1..];
                        break;
                    }
                    '\\' => word.extend(characters.next().map(|(_, c)| c)),
                    c => word.push(c),
                }
            }
        } else {
            let (bare, after) = value.split_once(',').unwrap_or((value, ""));
            word.push_str(bare.trim());
            rest = after;
        }
        found.insert(name, word);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_registries_are_read() {
        let of = |headers: &[&str]| Challenge::of(headers.iter().copied());
        let bearer = |realm: &str, service: Option<&str>| {
            let (realm, service) = (realm.to_owned(), service.map(str::to_owned));
            Some(Challenge::Bearer { realm, service })
        };
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        let service = Some("registry.docker.io");
        assert_eq!(of(&[hub]), bearer("https://auth.docker.io/token", service));
        assert_eq!(
            of(&["bearer realm=https://x/t"]),
            bearer("https://x/t", None)
        );
        assert_eq!(
            of(&["Basic realm=\"x\"", hub]),
            bearer("https://auth.docker.io/token", service)
        );
        assert_eq!(of(&["BASIC realm=\"a, b=c\""]), Some(Challenge::Basic));
        assert_eq!(
            of(&[r#"Bearer service = "s", realm="a\"b,c""#]),
            bearer("a\"b,c", None).map(|c| match c {
                Challenge::Bearer { realm, .. } => Challenge::Bearer {
                    realm,
                    service: Some("s".into())
                },
                basic @ Challenge::Basic => basic,
            })
        );
        assert_eq!(of(&["Bearer service=\"x\"", "Negotiate", ""]), None);
        assert_eq!(of(&["Bearer realm=\"unended"]), bearer("unended", None));
    }
}
