//! `callfleet simulator`: the three vendors and the people, on loopback, until it is interrupted.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::commands::{Cli, Simulator as Args};
use super::output::line;
use super::{load_config, text_file};
use crate::shutdown;
use crate::simulator::{Scenario, Simulator, SimulatorSettings};
use crate::telemetry;

/// Serves, and says where.
///
/// # Errors
/// The scenario cannot be read, or the address is taken.
pub async fn simulator(cli: &Cli, args: &Args) -> anyhow::Result<ExitCode> {
    telemetry::init_logs(&load_config(cli)?.telemetry)?;
    let scenario = match &args.scenario {
        Some(file) => read_scenario(file)?,
        None => Scenario::default(),
    };
    let stop = shutdown::on_signal("simulated calls are cut off")?;
    let settings = SimulatorSettings { listen: args.listen, scenario, truth_log: args.truth.clone(), seed: args.seed };
    let simulator = Simulator::start(settings).await?;
    let url = simulator.base_url();
    line(&if cli.json {
        json!({ "role": "simulator", "process": std::process::id(), "base_url": url }).to_string()
    } else {
        format!("Twilio, Deepgram and OpenAI are simulated on {url}")
    })?;
    stop.cancelled().await;
    simulator.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn read_scenario(file: &Path) -> anyhow::Result<Scenario> {
    let text = text_file::read(file)?;
    Scenario::from_toml(&text).with_context(|| file.display().to_string())
}
