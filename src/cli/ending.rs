//! How a command ends badly: one line on standard error, a fix where one is known, and a code that tells whose fault it was.

use std::io;
use std::process::ExitCode;

use serde_json::json;

use super::refused::Refused;
use super::text_file::BrokenFile;
use crate::boot::Unopened;
use crate::config::ConfigError;

const FAILED: u8 = 1;
const WRONG_SETTINGS: u8 = 2;

/// Says what went wrong. A reader that went away (`| head`) is nothing to say.
pub fn failed(error: &anyhow::Error, as_json: bool) -> ExitCode {
    if is_reader_gone(error) {
        return ExitCode::SUCCESS;
    }
    eprintln!("{}", if as_json { for_scripts(error) } else { for_people(error) });
    let wrong_settings = error.chain().any(|cause| cause.is::<ConfigError>() || cause.is::<BrokenFile>());
    let wrong_usage = error.downcast_ref::<Refused>().is_some_and(|refused| refused.is_usage);
    ExitCode::from(if wrong_settings || wrong_usage { WRONG_SETTINGS } else { FAILED })
}

fn for_people(error: &anyhow::Error) -> String {
    match (error.downcast_ref::<Refused>(), fix(error)) {
        (Some(refused), Some(fix)) => format!("error: {refused}\nfix: {fix}"),
        (None, Some(fix)) => format!("error: {}\nfix: {fix}", sentence(error)),
        (_, None) => format!("error: {}", sentence(error)),
    }
}

/// What to do, where the error knows it.
fn fix(error: &anyhow::Error) -> Option<&str> {
    let refused = error.downcast_ref::<Refused>().map(|refused| refused.fix.as_str());
    refused.or_else(|| error.downcast_ref::<Unopened>().map(|unopened| unopened.fix)).filter(|fix| !fix.is_empty())
}

/// The API's refusal as it came; anything else in the same shape.
fn for_scripts(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.raw.starts_with('{') => refused.raw.clone(),
        _ => json!({ "error": { "code": "failed", "message": sentence(error), "fix": fix(error).unwrap_or_default() } }).to_string(),
    }
}

/// The causes from outside to inside, none said twice.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Output of ours fails with a bare `io::Error`. A broken pipe that is the cause of another error is a connection that went away,
/// like one on which an upload was still being sent.
fn is_reader_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;
    use crate::store::StoreError;

    #[test]
    fn causes_are_told_once() {
        let inner = io::Error::other("disk full");
        let error = Err::<(), _>(inner).context("database: disk full").context("importing").unwrap_err();
        assert_eq!(sentence(&error), "importing: database: disk full");
    }

    #[test]
    fn only_a_reader_that_went_away_is_nothing_to_say() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_reader_gone(&anyhow::Error::new(broken())));
        assert!(is_reader_gone(&anyhow::Error::new(broken()).context("showing the answer")));
        let upload = anyhow::Error::new(axum::Error::new(broken())).context("the process broke the connection off");
        assert!(!is_reader_gone(&upload), "{}", sentence(&upload));
        assert!(!is_reader_gone(&anyhow::Error::new(io::Error::other("disk full"))));
    }

    #[test]
    fn a_database_that_cannot_be_opened_comes_with_a_fix() {
        let error = anyhow::Error::new(Unopened::from(StoreError::Late));
        let (said, fix) = ("the database does not answer in time", "start PostgreSQL, or correct postgres.url");
        assert_eq!(for_people(&error), format!("error: {said}\nfix: {fix}"));
        assert_eq!(for_scripts(&error), json!({ "error": { "code": "failed", "message": said, "fix": fix } }).to_string());
    }

    #[test]
    fn a_script_gets_the_same_shape_always() {
        let error = anyhow::anyhow!("no process answers");
        assert_eq!(for_scripts(&error), r#"{"error":{"code":"failed","fix":"","message":"no process answers"}}"#);
    }
}
