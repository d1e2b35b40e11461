//! What a setting is to a stage's key. Every key of a layer and of a stage is declared with its class (`layer.rs`, `stage.rs`): one
//! without does not compile.

/// *acts*: another value gives another key. *bounds*: limits and places, in the plan and not in the key. *tells*:
/// neither; it says what is shown, kept beside, or allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Acts,
    Bounds,
    Tells,
}

impl Class {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Acts => "acts",
            Self::Bounds => "bounds",
            Self::Tells => "tells",
        }
    }
}

/// A table whose keys each have a class; `CLASSES` lists them as they are written in Rust.
macro_rules! table {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $class:ident $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub(crate) struct $name {
            $($(#[$doc])* pub(crate) $field: $kind,)*
        }

        impl $name {
            /// Each key, as serde writes it but for its dashes, with its class.
            pub(crate) const CLASSES: &'static [(&'static str, $crate::config::file::class::Class)] =
                &[$((stringify!($field), $crate::config::file::class::class!($class)),)*];
        }
    };
}

/// A class by the word that stands before a key.
macro_rules! class {
    (acts) => {
        $crate::config::file::class::Class::Acts
    };
    (bounds) => {
        $crate::config::file::class::Class::Bounds
    };
    (tells) => {
        $crate::config::file::class::Class::Tells
    };
}

pub(crate) use {class, table};
