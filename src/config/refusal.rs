//! What is said about settings that cannot be used: one line each.

/// A configuration that cannot be used: one line that names the key, where it stands, and the fix.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// A value that was read and cannot be.
pub(super) fn refused(key: &str, value: &str, fix: &str) -> ConfigError {
    ConfigError(format!("{key} = {value} cannot be used: {fix}"))
}

/// One line: the key, where it stands, what is wrong, and the fix.
pub(super) fn explain(error: &figment::Error) -> String {
    let Some(first) = error.clone().into_iter().next() else { return error.to_string() };
    let place = first.metadata.as_ref().map_or_else(String::new, |from| match from.source.as_ref() {
        Some(source) => format!(" ({source})"),
        None => format!(" ({})", from.name),
    });
    let key = first.path.join(".");
    let fix = match &first.kind {
        figment::error::Kind::UnknownField(..) => "remove it or correct its name; config/default.toml lists every key",
        figment::error::Kind::InvalidType(..) | figment::error::Kind::InvalidValue(..) => "write it as in config/default.toml",
        _ => "see config/default.toml",
    };
    if key.is_empty() { format!("configuration{place}: {}; {fix}", first.kind) } else { format!("{key}{place}: {}; {fix}", first.kind) }
}
