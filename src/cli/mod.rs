//! The operator's command line: every verb in one list, one file per noun, and one way to end.
//!
//! Verbs that look or change are requests to the [API](crate::web::api); [`roles`] are the processes that do the work.

mod agent;
mod call;
mod callback;
mod campaign;
mod client;
mod commands;
mod cost;
pub mod demo;
mod dnc;
mod doctor;
mod ending;
mod explain;
mod import;
mod leads;
mod migrate;
mod output;
mod path;
mod progress;
mod queue;
mod refused;
mod rehearse;
pub mod roles;
mod simulator;
mod text_file;
mod watch;
mod wrap;

use std::process::ExitCode;

use crate::boot::take_prices;
use crate::config::{Config, ConfigError};
use crate::shutdown;

pub use client::Client;
pub use commands::{Cli, Command};
use output::Output;

/// Runs a command line to its exit code: 0 done, 1 failed, 2 wrong settings or usage, 130 interrupted.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    // fails only when a provider is installed already, which is as good
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ending::failed(&error.into(), cli.json),
    };
    let done = runtime.block_on(command(cli));
    // an import that was interrupted stops by itself after the batch at hand; nobody waits for it
    runtime.shutdown_background();
    done.unwrap_or_else(|error| ending::failed(&error, cli.json))
}

async fn command(cli: &Cli) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Command::Demo(args) => demo::demo(cli, args).await,
        Command::Up => roles::up(cli).await,
        Command::Web => roles::web(cli).await,
        Command::Scheduler => roles::scheduler(cli).await,
        Command::Worker => roles::worker(cli).await,
        Command::Migrate => migrate::migrate(cli).await,
        Command::Simulator(args) => simulator::simulator(cli, args).await,
        Command::Doctor => doctor::doctor(cli).await,
        _ => verb(cli).await,
    }
}

/// A verb: one request or a few, and an interrupt ends it at once.
async fn verb(cli: &Cli) -> anyhow::Result<ExitCode> {
    let client = Client::open(&load_config(cli)?).await?;
    let done = tokio::select! {
        done = ask(cli, &client) => done,
        _ = tokio::signal::ctrl_c() => return Ok(shutdown::interrupted()),
    };
    client.close().await;
    done
}

async fn ask(cli: &Cli, client: &Client) -> anyhow::Result<ExitCode> {
    let output = Output { json: cli.json };
    match &cli.command {
        Command::Campaign(verb) => campaign::run(verb, client, output).await?,
        Command::Leads(verb) => leads::run(verb, client, output).await?,
        Command::Dnc(verb) => dnc::run(verb, client, output).await?,
        Command::Queue(verb) => queue::run(verb, client, output).await?,
        Command::Call(verb) => return call::run(verb, client, output).await,
        Command::Callback(verb) => callback::run(verb, client, output).await?,
        Command::Agent(verb) => agent::run(verb, client, output).await?,
        Command::Cost { campaign } => cost::run(campaign.as_deref(), client, output).await?,
        Command::Watch { campaign } => watch::run(campaign.as_deref(), client, output).await?,
        // roles have ended above
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration with what the command line overrides; prices of this deployment's own are in force from here on.
///
/// # Errors
/// [`ConfigError`]: one line that names the key, where it stands, and the fix.
pub fn load_config(cli: &Cli) -> Result<Config, ConfigError> {
    let mut config = Config::load(cli.config.as_deref())?;
    if let Some(data) = &cli.data {
        config.data.clone_from(data);
    }
    take_prices(&config)?;
    Ok(config)
}
