//! Templates: printed and read again they are themselves, and no text is too odd to be read.

use proptest::prelude::*;
use proptest::sample::select;

use super::conditions::config;
use crate::config::template::{Filter, Part, Template, Use};

/// Every text inside has no brace, no `|` and no `$`; braces come in by `{{name}}`.
fn template() -> impl Strategy<Value = Template> {
    let name = || "(env:[A-Za-z0-9_]{1,4}|[a-z][a-z0-9-]{0,4})";
    let plain = prop_oneof![
        "[a-zA-Z0-9 :,'\"\\\\é\n]{1,5}",
        name().prop_map(|name| format!("{{{name}}}")),
    ];
    let leaf = prop_oneof![
        plain.prop_map(Part::Text),
        Just(Part::Element),
        name().prop_map(|name| Part::Use(Use {
            name,
            given: None,
            default: None,
            filters: Vec::new()
        })),
    ];
    let part = leaf.prop_recursive(3, 20, 4, move |inner| {
        let template = prop::collection::vec(inner, 0..4).prop_map(whole);
        let filter = prop_oneof![
            template.clone().prop_map(Filter::Each),
            template.clone().prop_map(Filter::Join),
            "[a-z-]{1,4}".prop_map(Filter::In),
            Just(Filter::Words),
            Just(Filter::Raw),
            "[a-z]{1,3}x".prop_map(Filter::Unknown),
        ];
        let filters = prop::collection::vec(filter, 0..3);
        (name(), prop::option::of(template), filters).prop_map(|(name, default, filters)| {
            Part::Use(Use {
                name,
                given: None,
                default,
                filters,
            })
        })
    });
    prop::collection::vec(part, 0..5).prop_map(whole)
}

/// Texts beside each other are one.
fn whole(parts: Vec<Part>) -> Template {
    let mut all = Vec::<Part>::new();
    for part in parts {
        match (all.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => all.push(part),
        }
    }
    Template(all)
}

fn printed(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.replace('{', "{{").replace('}', "}}"),
        Part::Element => "{}".to_owned(),
        Part::Use(used) => {
            let default = used.default.as_ref();
            let default = default.map(|d| format!(":{}", printed(d)));
            let filters: String = used.filters.iter().map(filter).collect();
            format!("{{{}{}{filters}}}", used.name, default.unwrap_or_default())
        }
    };
    template.0.iter().map(part).collect()
}

fn filter(filter: &Filter) -> String {
    match filter {
        Filter::Each(inner) => format!("|each:{}", printed(inner)),
        Filter::Join(inner) => format!("|join:{}", printed(inner)),
        Filter::In(group) => format!("|in:{group}"),
        Filter::Words => "|words".to_owned(),
        Filter::Raw => "|raw".to_owned(),
        Filter::Unknown(word) => format!("|{word}"),
        Filter::TooDeep => panic!("none is made so deep"),
    }
}

#[test]
fn a_printed_template_is_read_as_itself() {
    proptest!(config(1000), |(template in template())| {
        let text = printed(&template);
        prop_assert_eq!(Template::parse(&text), template, "{}", text);
    });
}

/// Where no substitution is read, every character is kept.
#[test]
fn any_text_is_read() {
    let pieces = vec![
        "{", "}", "{{", "}}", "${", "{a}", "{env:X", ":", "|", "|each:", "|words", "a", "é", "\0",
        "\n", "-", "{}", "join:", "$",
    ];
    proptest!(config(3000), |(pieces in prop::collection::vec(select(pieces), 0..16))| {
        let text = pieces.concat();
        let template = Template::parse(&text);
        if let [Part::Text(read)] = template.0.as_slice() {
            let escapes = text.len() - read.len();
            prop_assert!(escapes.is_multiple_of(2) && text.matches("{{").count() * 2 >= escapes, "{}", text);
        }
    });
    proptest!(config(500), |(text in any::<String>())| {
        Template::parse(&text);
    });
}
