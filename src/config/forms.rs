//! Forms that texts of the file must have. Pure questions; what to do about a wrong one is said where it is asked.

/// A name that a shell takes for a variable's.
pub(crate) fn is_variable(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// An absolute path without `..`.
pub(crate) fn is_folder(text: &str) -> bool {
    text.starts_with('/')
        && text.split('/').all(|part| part != "..")
        && !text.chars().any(char::is_control)
}

/// Is this text an image reference, and nothing an engine could take for an option?
pub(crate) fn is_image(text: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    !text.is_empty()
        && text.len() < 256
        && text.chars().all(ok)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// `os/architecture[/variant]`.
pub(crate) fn is_platform(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    (2..=3).contains(&parts.len()) && parts.iter().all(word)
}

/// A number above nothing.
pub(crate) fn is_number(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    plain && text.parse::<f64>().is_ok_and(|n| n > 0.0)
}

/// A number with a unit of docker's and podman's: b, k, m, g, t, and two letters of them.
pub(crate) fn is_size(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let number = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let units = [
        "", "b", "k", "kb", "kib", "m", "mb", "mib", "g", "gb", "gib", "t", "tb", "tib",
    ];
    is_number(number) && units.contains(&&lower[number.len()..])
}

/// A registry's host, with its port: `ghcr.io`, `localhost:5000`.
pub(crate) fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let label = |part: &str| {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !part.is_empty() && part.chars().all(ok) && !part.starts_with('-') && !part.ends_with('-')
    };
    host.split('.').all(label) && port.parse::<u16>().is_ok()
}

/// A repository of images, without a tag: a host and a path, or either alone.
pub(crate) fn is_repository(text: &str) -> bool {
    let word = |part: &str| {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.chars().all(ok) && part.starts_with(ends) && part.ends_with(ends)
    };
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    let host = first.contains(['.', ':']) && is_registry(first);
    (host || word(first)) && (rest.is_empty() || rest.split('/').all(word)) && !text.ends_with('/')
}
