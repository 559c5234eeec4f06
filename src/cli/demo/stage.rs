//! Sets the stage: simulator, settings, database, agent, campaign, leads.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::body::Body;
use axum::http::{Request, header};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use super::leads;
use crate::agents;
use crate::boot::{App, Drain, Listeners};
use crate::cli::commands::Demo;
use crate::cli::roles;
use crate::clock::{SharedClock, ShiftedClock};
use crate::config::Config;
use crate::domain::campaign::CampaignState;
use crate::domain::campaign::file::CampaignFile;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::mind::prompt::Layer;
use crate::simulator::{Scenario, Simulator, SimulatorSettings};
use crate::store::agent::PromptText;
use crate::store::campaign::{CampaignChange, NewCampaign};
use crate::web::api::address::{self, Announced};

const SCENARIO: &str = include_str!("../../../config/demo/scenario.toml");
const AGENT: &str = include_str!("../../../config/demo/agent.toml");
const CAMPAIGN: &str = include_str!("../../../config/demo/campaign.toml");
/// A Monday, ten in the morning in California.
const MONDAY: i64 = 1_795_456_800_000;

/// More than any lead of a long list comes to, US dollars: the demo must not halt by its own budget.
const LEAD_USD: f64 = 0.25;

/// The results of 100,000 leads have about 20 MB.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Everything the demo runs on.
pub struct Stage {
    /// The simulated vendors and people.
    pub simulator: Simulator,
    /// The product.
    pub app: App,
    /// The campaign.
    pub campaign: CampaignId,
    /// Where the API answers.
    pub api: String,
    /// Tells the other verbs where this process answers; gone with it.
    _announced: Announced,
    listeners: std::sync::Mutex<Option<Listeners>>,
}

impl Stage {
    /// Starts the simulator and prepares a campaign that waits to be run.
    ///
    /// # Errors
    /// What could not be started or prepared.
    pub async fn set(folder: &Path, args: &Demo) -> anyhow::Result<Self> {
        let scenario = Scenario::from_toml(SCENARIO).context("config/demo/scenario.toml")?;
        let simulator = Simulator::start(SimulatorSettings {
            truth_log: Some(folder.join("truth.jsonl")),
            ..SimulatorSettings::on_loopback(scenario, args.seed)
        })
        .await?;
        let listeners = Listeners { api: loopback().await?, public: loopback().await? };
        let config = Config::from_toml(&settings(folder, &simulator, &listeners)?)?;
        let clock: SharedClock = Arc::new(ShiftedClock::starting_at(Timestamp::from_millis(MONDAY)));
        let addr = listeners.api.local_addr()?;
        let app = App::open(config, clock).await?;
        let announced = address::announce(folder, addr)?;
        let campaign = prepare(&app, args).await?;
        Ok(Self {
            simulator,
            app,
            campaign,
            api: format!("http://{addr}"),
            _announced: announced,
            listeners: std::sync::Mutex::new(Some(listeners)),
        })
    }

    /// Runs every role until `stop` fires.
    pub fn run(&self, stop: CancellationToken, drain: Drain) -> JoinHandle<anyhow::Result<()>> {
        let listeners = self.listeners.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let app = self.app.clone();
        let api = roles::api(&app, None);
        tokio::spawn(async move {
            let listeners = listeners.context("the demo runs once")?;
            let journal = app.journal()?;
            app.everything(journal, listeners, api, stop, drain).await
        })
    }
}

async fn loopback() -> anyhow::Result<TcpListener> {
    Ok(TcpListener::bind("127.0.0.1:0").await?)
}

/// The real settings, only that every vendor is the simulator and every wait is short.
fn settings(folder: &Path, simulator: &Simulator, listeners: &Listeners) -> anyhow::Result<String> {
    let (vendor, public, api) = (simulator.base_url(), listeners.public.local_addr()?, listeners.api.local_addr()?);
    let scenario = Scenario::from_toml(SCENARIO)?;
    let mut toml = format!("data = {:?}\npublic_url = \"http://{public}\"\n", folder.display().to_string());
    write!(toml, "[web]\nlisten = \"{api}\"\n[hooks]\nlisten = \"{public}\"\n")?;
    write!(toml, "[twilio]\nbase_url = \"{vendor}\"\naccount_sid = {:?}\n", scenario.twilio.account_sid)?;
    write!(toml, "auth_token = {:?}\ncalls_per_second = 10.0\n", scenario.twilio.auth_token)?;
    write!(toml, "[deepgram]\nbase_url = \"{vendor}\"\napi_key = \"simulated\"\n")?;
    write!(toml, "[openai]\nbase_url = \"{vendor}/v1\"\napi_key = \"simulated\"\n")?;
    toml.push_str("[worker]\nlines = 40\n[dialing]\ntick_ms = 100\nunknown_after_ms = 20000\nlook_every_ms = 4000\n");
    toml.push_str("absent_hold_ms = 10000\nreconcile_every_ms = 2000\npoll_after_ms = 8000\n");
    toml.push_str("[deferred]\nbatch_size = 200\nbatch_age_ms = 1000\npoll_ms = 1000\n[telemetry]\nlog = \"warn\"\n");
    Ok(toml)
}

async fn prepare(app: &App, args: &Demo) -> anyhow::Result<CampaignId> {
    let (store, now) = (&app.store, app.clock.now());
    let agent = agents::load::load(AGENT).context("config/demo/agent.toml")?;
    let prompts: Vec<PromptText<'_>> =
        Layer::ALL.iter().map(|layer| PromptText { layer: layer.as_str(), body: layer.default_body(), output_schema: None }).collect();
    let saved = store.save_agent(&agent, &prompts, now).await?;
    let settings = serde_json::from_str(&campaign_file(args.leads)?.to_json()?)?;
    let new = NewCampaign { name: "demo", settings: &settings, agent_version: Some(saved.id) };
    let campaign = store.create_campaign(new, "demo", now).await?.context("the data folder already has a campaign named demo")?;
    import(app, leads::list(args.leads)).await?;
    let start = CampaignChange { from: CampaignState::Draft, to: CampaignState::Running, reason: None, actor: "demo" };
    let _ = store.change_campaign_state(campaign.id, start, now).await?;
    Ok(campaign.id)
}

/// The file's campaign, with a budget for so many leads.
fn campaign_file(leads: u32) -> anyhow::Result<CampaignFile> {
    let mut file = CampaignFile::from_toml(CAMPAIGN).map_err(|wrong| {
        let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("config/demo/campaign.toml: {}", lines.join("; "))
    })?;
    file.budget_usd = file.budget_usd.map(|budget| budget.max(f64::from(leads) * LEAD_USD));
    Ok(file)
}

/// Through the same door as anybody's list.
async fn import(app: &App, csv: String) -> anyhow::Result<()> {
    let request = Request::post("/v1/campaigns/demo/imports?file_name=leads.csv").header(header::CONTENT_TYPE, "text/csv");
    ask(app, request.body(Body::from(csv))?).await.context("the demo's leads").map(drop)
}

/// One request to the API of this process.
///
/// # Errors
/// The API refuses; its words.
pub async fn ask(app: &App, request: Request<Body>) -> anyhow::Result<Bytes> {
    let answer = roles::api(app, None).call(request).await?;
    let (status, body) = (answer.status(), axum::body::to_bytes(answer.into_body(), LARGEST_ANSWER).await?);
    anyhow::ensure!(status.is_success(), "{}", String::from_utf8_lossy(&body));
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_list_has_a_larger_budget() {
        let budget = |leads| campaign_file(leads).unwrap().budget_usd;
        assert_eq!([1, 60, 200].map(budget), [Some(50.0); 3]);
        assert_eq!([2_000, 100_000].map(budget), [Some(500.0), Some(25_000.0)]);
    }
}
