//! `callfleet migrate`

use std::process::ExitCode;

use serde_json::json;

use super::commands::Cli;
use super::load_config;
use super::output::line;
use crate::boot::open_store;

/// Brings the schema up to date and says from where to where it went.
///
/// # Errors
/// The database cannot be reached, or is newer than this program.
pub async fn migrate(cli: &Cli) -> anyhow::Result<ExitCode> {
    let store = open_store(&load_config(cli)?).await?;
    let before = store.schema_version().await?.database;
    store.migrate().await?;
    let now = store.schema_version().await?.database;
    store.close().await;
    let done = if cli.json {
        json!({ "before": before, "version": now, "changed": before != now }).to_string()
    } else if before == now {
        format!("the schema is current: version {now}")
    } else {
        format!("the schema went from version {before} to {now}")
    };
    line(&done)?;
    Ok(ExitCode::SUCCESS)
}
