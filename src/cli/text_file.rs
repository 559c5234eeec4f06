//! Files that a verb sends: read, and refused here when they cannot be parsed, where their names are known.

use std::path::Path;

use anyhow::Context;

use crate::domain::place::TomlFault;

/// A file that is not what its kind says: one line with its name, the place, what is wrong, and the fix.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{fault}; {fix}")]
pub struct BrokenFile {
    file: String,
    fault: String,
    fix: &'static str,
}

/// A text in TOML or, when it begins with `{`, JSON.
///
/// # Errors
/// It cannot be read, or not be parsed ([`BrokenFile`]).
pub fn read(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let broken = |fault: String, fix| BrokenFile { file: file.display().to_string(), fault, fix };
    if text.trim_start().starts_with('{') {
        let parsed = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        parsed.map_err(|error| broken(json_fault(&error), "correct the JSON there"))?;
    } else {
        let fix = "write TOML there: key = value, below [section]";
        TomlFault::check(&text).map_err(|fault| broken(fault.to_string(), fix))?;
    }
    Ok(text)
}

/// As a fault of TOML is told: place first.
fn json_fault(error: &serde_json::Error) -> String {
    let (line, column, told) = (error.line(), error.column(), error.to_string());
    let what = told.split_once(" at line ").map_or(told.as_str(), |(what, _)| what);
    format!("{line}:{column}: {what}")
}
