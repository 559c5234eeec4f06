//! What is said about settings that cannot be used: one line each, with the key, where it stands, and the fix.

use std::path::Path;

use figment::error::Kind;
use figment::{Figment, Metadata, Source};

use super::PREFIX;
use crate::domain::place::{Place, TomlFault, one_line};

/// A configuration that cannot be used: one line that names the key, where it stands, and the fix.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// A value that was read and cannot be.
#[derive(Debug)]
pub(super) struct Refusal {
    key: &'static str,
    what: String,
    fix: String,
}

impl Refusal {
    /// `what` follows the key: `= 0 cannot be used`.
    pub(super) fn new(key: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { key, what: what.into(), fix: fix.into() }
    }

    /// A value that may be shown.
    pub(super) fn value(key: &'static str, value: impl std::fmt::Display + Copy, fix: impl Into<String>) -> Self {
        Self::new(key, format!("= {value} cannot be used"), fix)
    }

    /// With the place the value came from.
    pub(super) fn placed(self, figment: &Figment) -> ConfigError {
        let Self { key, what, fix } = self;
        let place = figment.find_metadata(key).map_or_else(String::new, |from| place(from, key));
        ConfigError(format!("{key}{place} {what}; {fix}"))
    }
}

/// A file that is no TOML.
pub(super) fn broken(file: &Path, fault: &TomlFault) -> ConfigError {
    ConfigError(format!("{}:{fault}; write TOML there: key = value, below [section]", file.display()))
}

/// A key that is none, or a value of another type.
pub(super) fn explain(error: &figment::Error) -> ConfigError {
    let Some(first) = error.clone().into_iter().next() else { return ConfigError(one_line(&error.to_string())) };
    let key = match &first.kind {
        Kind::UnknownField(name, _) if first.path.last() != Some(name) => {
            first.path.iter().map(String::as_str).chain([name.as_str()]).collect::<Vec<_>>().join(".")
        }
        _ => first.path.join("."),
    };
    let place = first.metadata.as_ref().map_or_else(String::new, |from| place(from, &key));
    let fix = match &first.kind {
        Kind::UnknownField(..) => "remove it or correct its name; config/default.toml lists every key",
        Kind::InvalidType(..) | Kind::InvalidValue(..) => "write it as in config/default.toml",
        _ => "see config/default.toml",
    };
    let name = if key.is_empty() { "configuration" } else { &key };
    ConfigError(format!("{name}{place}: {}; {fix}", one_line(&first.kind.to_string())))
}

/// ` (my.toml:3:1)`, or the variable of the environment.
fn place(from: &Metadata, key: &str) -> String {
    match from.source.as_ref() {
        Some(Source::File(file)) => {
            let at = std::fs::read_to_string(file).ok().and_then(|text| Place::of_key(&text, key));
            format!(" ({}{})", file.display(), at.map_or_else(String::new, |at| format!(":{at}")))
        }
        _ if from.name.contains("environment") => format!(" ({} in the environment)", variable(key)),
        _ => String::new(),
    }
}

/// The variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}
