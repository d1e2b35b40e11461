//! Texts with substitutions, taken apart but not evaluated.
//!
//! Only `{name[:default][|filter]…}` acts, where no `$` stands before the brace; every other brace is left alone.

/// A text in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(pub(crate) Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Use(Use),
    /// `{}`: the element, inside `each:`; elsewhere it is text.
    Element,
}

/// Names of runenv's own, beside those of the file's axes.
pub(crate) const BUILT_IN: [&str; 14] = [
    "posargs",
    "env-name",
    "env-dir",
    "root",
    "project",
    "runner",
    "system",
    "config",
    "family",
    "release",
    "match",
    "cpus",
    "packages",
    "package-keys",
];

/// Can the text stand as a name between braces?
pub(crate) fn is_name(text: &str) -> bool {
    !text.starts_with("env:") && split_name(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// One substitution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// A var, a built-in name, or `env:NAME`.
    pub(crate) name: String,
    pub(crate) default: Option<Template>,
    pub(crate) filters: Vec<Filter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Every element put where `{}` stands.
    Each(Template),
    /// Split as a shell would.
    Words,
    /// Put together into one text.
    Join(Template),
    /// Shell text, not a word.
    Raw,
    /// What nobody knows: kept, so that the error can name it.
    Unknown(String),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Self {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find('{') {
            let dollar = rest[..at].ends_with('$') || (at == 0 && plain.ends_with('$'));
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{}") {
                parts.extend(flush(&mut plain));
                parts.push(Part::Element);
                rest = after;
            } else if let Some((name, after)) = escaped(rest) {
                plain.push_str(name);
                rest = after;
            } else if let Some((used, after)) = (!dollar).then(|| substitution(rest)).flatten() {
                parts.extend(flush(&mut plain));
                parts.push(Part::Use(used));
                rest = after;
            } else {
                plain.push('{');
                rest = &rest[1..];
            }
        }
        plain.push_str(rest);
        parts.extend(flush(&mut plain));
        Self(parts)
    }

    /// The one substitution that the whole text is, if it is one.
    pub(crate) fn only(&self) -> Option<&Use> {
        match self.0.as_slice() {
            [Part::Use(used)] => Some(used),
            _ => None,
        }
    }
}

fn flush(plain: &mut String) -> Option<Part> {
    (!plain.is_empty()).then(|| Part::Text(std::mem::take(plain)))
}

/// `{{name}}` gives `{name}`.
fn escaped(rest: &str) -> Option<(&str, &str)> {
    let inside = rest.strip_prefix("{{")?;
    let end = inside.find("}}")?;
    let (name, _) = split_name(&inside[..end])?;
    (name.len() == end).then(|| (&rest[1..end + 3], &inside[end + 2..]))
}

/// A legal name at the start, and what follows it.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let end = if let Some(name) = text.strip_prefix("env:") {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = name.find(|c| !ok(c)).unwrap_or(name.len());
        (length > 0).then_some(length + 4)?
    } else {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let length = text.find(|c| !ok(c)).unwrap_or(text.len());
        text.starts_with(|c: char| c.is_ascii_lowercase())
            .then_some(length)?
    };
    Some((&text[..end], &text[end..]))
}

/// A substitution at the start of the text (which begins with a brace), and what follows it.
fn substitution(text: &str) -> Option<(Use, &str)> {
    let (name, mut rest) = split_name(&text[1..])?;
    let mut used = Use {
        name: name.to_owned(),
        default: None,
        filters: Vec::new(),
    };
    if let Some(after) = rest.strip_prefix(':') {
        let end = argument_end(after)?;
        used.default = Some(Template::parse(&after[..end]));
        rest = &after[end..];
    }
    while let Some(after) = rest.strip_prefix('|') {
        let end = argument_end(after)?;
        used.filters.push(filter(&after[..end]));
        rest = &after[end..];
    }
    rest.strip_prefix('}').map(|after| (used, after))
}

/// Where an argument ends: at a `|` or `}` outside inner braces.
fn argument_end(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' | '|' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

fn filter(text: &str) -> Filter {
    match text.split_once(':') {
        Some(("each", inner)) => Filter::Each(Template::parse(inner)),
        Some(("join", inner)) => Filter::Join(Template::parse(inner)),
        None if text == "words" => Filter::Words,
        None if text == "raw" => Filter::Raw,
        Some(_) | None => Filter::Unknown(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let name = |p: &Part| match p {
            Part::Use(used) => format!("<{}>", used.name),
            Part::Text(text) => text.clone(),
            Part::Element => "<>".into(),
        };
        Template::parse(text).0.iter().map(name).collect()
    }

    #[test]
    fn only_names_in_braces_act() {
        assert_eq!(names("make -j{jobs} x"), ["make -j", "<jobs>", " x"]);
        for alone in [
            "${HOME}",
            "{a,b}",
            "awk '{print $1}'",
            "{ x }",
            "{A}",
            "{a b}",
            "{9}",
        ] {
            assert_eq!(names(alone), [alone], "{alone}");
        }
        assert_eq!(names("{{name}}"), ["{name}"]);
        assert_eq!(names("{env:HOME}{x}"), ["<env:HOME>", "<x>"]);
        assert_eq!(names("a{}b"), ["a", "<>", "b"]);
    }

    #[test]
    fn defaults_and_filters_nest() {
        let parsed = Template::parse("{env:X:{y:1|2}|words}");
        let used = parsed.only().expect("one substitution");
        assert_eq!(used.name, "env:X");
        assert_eq!(used.filters, [Filter::Words]);
        assert_eq!(
            used.default
                .as_ref()
                .and_then(Template::only)
                .map(|u| u.name.as_str()),
            Some("y")
        );
        let each = Template::parse("{package-keys|each:--with-system-{}=yes}");
        let Some(Use { filters, .. }) = each.only() else {
            panic!("one substitution")
        };
        assert!(matches!(&filters[0], Filter::Each(t) if t.0.len() == 3));
    }
}
