//! Twilio, Deepgram and OpenAI as one server on loopback, with simulated people at the other end of the line.
//!
//! It speaks the vendors' real protocols over real sockets and shares no type with our clients, so a field that both would
//! name wrongly cannot agree with itself. Audio carries its own words ([`voice`]): what a lead said, what the agent said and
//! what was really heard are known exactly and written to the [`truth`] log.

pub mod callee;
pub mod casting;
pub mod chance;
pub mod deepgram;
pub mod dice;
pub mod faults;
pub mod openai;
pub mod pattern;
pub mod persona;
pub mod scenario;
pub mod stopwatch;
#[cfg(test)]
mod tests;
pub mod truth;
pub mod twilio;
pub mod voice;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use scenario::{Scenario, ScenarioError};
pub use stopwatch::{Stopwatch, Wait};
pub use truth::{Truth, TruthKind, TruthLine};

use twilio::Twilio;
use wire::{Scissors, TearableListener};

/// How to start a simulator.
#[derive(Debug, Clone)]
pub struct SimulatorSettings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What to play.
    pub scenario: Scenario,
    /// The truth log's file (continued when it exists); `None` only remembers.
    pub truth_log: Option<PathBuf>,
    /// Decides every choice that is left to chance.
    pub seed: u64,
}

impl SimulatorSettings {
    /// A free port on loopback, nothing written to disk.
    pub fn on_loopback(scenario: Scenario, seed: u64) -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), scenario, truth_log: None, seed }
    }
}

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address is taken or not ours.
    #[error("the simulator cannot listen on {addr}: {source}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The log's folder is missing or not writable.
    #[error("the truth log {path} cannot be opened: {source}")]
    TruthLog {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The client that calls webhooks could not be made.
    #[error("no HTTP client for webhooks: {0}")]
    Http(#[from] reqwest::Error),
}

/// What every part of the simulator shares: the play, the seed, and the owner of all tasks.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What is played.
    pub scenario: Arc<Scenario>,
    /// Decides every choice that is left to chance.
    pub seed: u64,
    /// Owns every task (also those of open sockets), so that stopping waits for them.
    pub tasks: TaskTracker,
    /// Fires when the simulator stops.
    pub stop: CancellationToken,
}

/// A running simulator. Dropping it stops its tasks; [`Simulator::stop`] also waits for them.
#[derive(Debug)]
pub struct Simulator {
    addr: SocketAddr,
    truth: Truth,
    stage: Stage,
    twilio: Arc<Twilio>,
}

impl Simulator {
    /// Listens and serves until [`Simulator::stop`].
    ///
    /// # Errors
    /// When the address or the log's file cannot be had.
    pub async fn start(settings: SimulatorSettings) -> Result<Self, SimulatorError> {
        let SimulatorSettings { listen, scenario, truth_log, seed } = settings;
        let listener = TcpListener::bind(listen).await.map_err(|source| SimulatorError::Listen { addr: listen, source })?;
        let addr = listener.local_addr().map_err(|source| SimulatorError::Listen { addr: listen, source })?;
        let truth =
            Truth::open(truth_log.as_deref()).map_err(|source| SimulatorError::TruthLog { path: truth_log.unwrap_or_default(), source })?;
        let stage = Stage { scenario: Arc::new(scenario), seed, tasks: TaskTracker::new(), stop: CancellationToken::new() };
        stage.tasks.spawn(truth.clone().keep_synced(stage.stop.clone()));
        let twilio = Twilio::new(&stage, &truth, webhook_client()?);
        stage.tasks.spawn(serve(listener, routes(&stage, &twilio), stage.stop.clone()));
        Ok(Self { addr, truth, stage, twilio })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://…`, without a slash at the end; the same for every vendor.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What really happened.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Calls that are queued, ringing or in progress.
    pub fn live_calls(&self) -> usize {
        self.twilio.live_calls()
    }

    /// How long callees waited for sound.
    pub fn stopwatch(&self) -> &Stopwatch {
        self.twilio.stopwatch()
    }

    /// Twilio's warnings so far: how often each code was given.
    pub fn notices(&self) -> BTreeMap<u32, u64> {
        self.twilio.notices()
    }

    /// Hangs up everything, closes every socket, and returns when all tasks have ended.
    pub async fn stop(self) {
        self.stage.stop.cancel();
        self.stage.tasks.close();
        self.stage.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stage.stop.cancel();
    }
}

fn routes(stage: &Stage, twilio: &Arc<Twilio>) -> Router {
    Router::new().merge(twilio::router(twilio)).merge(openai::router(stage)).merge(deepgram::router(stage))
}

/// Webhooks go to the customer directly, whatever proxy the environment names. The roots are compiled in, so that a bare
/// container needs no certificate store; the simulator uses nothing of ours, so it has a configuration of its own.
fn webhook_client() -> Result<reqwest::Client, reqwest::Error> {
    // Whoever started us may have chosen a TLS provider already; then this changes nothing.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider is already installed");
    }
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().tcp_nodelay(true).build()
}

async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let service = routes.into_make_service_with_connect_info::<Scissors>();
    let server = axum::serve(TearableListener(listener), service).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = server.await {
        tracing::error!(%error, "the simulator's server broke off");
    }
}
