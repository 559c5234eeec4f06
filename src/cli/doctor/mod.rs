//! `callfleet doctor`: everything that has to be right before a call, looked at one by one, each with what to fix.

mod campaigns;
mod check;
mod clock;
mod database;
mod dnc;
mod providers;
mod public_url;
mod queue;
mod settings;

use std::process::ExitCode;

use serde_json::json;

use super::client::Client;
use super::commands::Cli;
use super::load_config;
use super::output::line;
use super::path::ApiPath;
use crate::config::{Config, Mode};
use check::{Check, State};

/// Looks at everything; exit code 1 when something is broken.
///
/// # Errors
/// The settings cannot be read, or standard output is gone.
pub async fn doctor(cli: &Cli) -> anyhow::Result<ExitCode> {
    let config = load_config(cli)?;
    let mut report = Report { json: cli.json, checks: Vec::new() };
    report.take(settings::checks(&config, cli.config.as_deref()))?;
    let (database, client) = database::checks(&config).await;
    report.take(database)?;
    if config.mode == Mode::Fleet {
        report.take(queue::checks(&config).await)?;
    }
    report.take(clock::checks(&config).await)?;
    report.take(providers::checks(&config, client.as_ref()).await)?;
    report.take(public_url::checks(&config).await)?;
    report.take(dnc::checks(client.as_ref()).await)?;
    report.take(campaigns::checks(client.as_ref()).await)?;
    if let Some(client) = client {
        client.close().await;
    }
    report.end()
}

/// What was found so far; people see each check as soon as it is made.
struct Report {
    json: bool,
    checks: Vec<Check>,
}

impl Report {
    fn take(&mut self, checks: Vec<Check>) -> std::io::Result<()> {
        for check in checks {
            if !self.json {
                line(&check.to_string())?;
            }
            self.checks.push(check);
        }
        Ok(())
    }

    fn end(self) -> anyhow::Result<ExitCode> {
        let broken = self.checks.iter().filter(|check| check.state == State::Broken).count();
        if self.json {
            line(&json!({ "healthy": broken == 0, "checks": self.checks }).to_string())?;
        } else {
            line(&if broken == 0 { "\nready to call".to_owned() } else { format!("\n{broken} to fix") })?;
        }
        Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
