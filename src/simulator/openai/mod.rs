//! OpenAI as the simulator plays it: chat, responses, files, batches, embeddings and speech over the real protocol.
//!
//! What it says is decided by the scenario's rules ([`words`], [`schema`]) and repeats for the same seed and request; when it
//! says it follows the scenario's latencies. State (files, batches, cached prefixes) lives as long as the simulator.

mod batches;
mod chat;
mod embeddings;
mod error;
pub mod faults;
mod files;
mod front;
mod limits;
mod models;
mod pace;
mod responses;
mod scenario;
mod schema;
mod speech;
mod words;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

pub use scenario::{BatchPace, FieldRule, Latency, LineFault, OpenAiScenario, RateLimits, ReplyRule, Scope};

use self::batches::Batches;
use self::faults::FaultDice;
use self::files::Files;
use self::limits::Limits;
use self::words::prefix::PrefixCache;
use super::Stage;
use super::dice::Ids;

/// Replies every simulator knows, asked after the scenario's; the last one matches anything.
const BUILT_IN: &str = include_str!("built_in.toml");
/// The largest file of the documented API.
const LARGEST_BODY: usize = 512 << 20;

/// The server's state.
#[derive(Debug)]
struct OpenAi {
    scenario: OpenAiScenario,
    replies: Vec<ReplyRule>,
    seed: u64,
    ids: Ids,
    faults: FaultDice,
    limits: Mutex<Limits>,
    prefixes: Mutex<PrefixCache>,
    files: Mutex<Files>,
    batches: Mutex<Batches>,
    /// Fires when the simulator stops: what hangs on purpose lets go.
    stop: CancellationToken,
}

type Shared = Arc<OpenAi>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltIn {
    replies: Vec<ReplyRule>,
}

/// The vendor's routes.
///
/// # Panics
/// Never: the built-in rules are part of the program and read by its tests.
pub fn router(stage: &Stage) -> Router {
    let state = Arc::new(OpenAi::new(&stage.scenario.openai, stage.seed, stage.stop.clone()));
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/models/{id}", get(models::fetch))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/responses", post(responses::create))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/v1/audio/speech", post(speech::create))
        .route("/v1/files", get(files::list).post(files::upload))
        .route("/v1/files/{id}", get(files::fetch).delete(files::delete))
        .route("/v1/files/{id}/content", get(files::content))
        .route("/v1/batches", get(batches::list).post(batches::create))
        .route("/v1/batches/{id}", get(batches::fetch))
        .route("/v1/batches/{id}/cancel", post(batches::cancel))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), front::guard))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(state)
}

impl OpenAi {
    fn new(scenario: &OpenAiScenario, seed: u64, stop: CancellationToken) -> Self {
        let built_in: BuiltIn = toml::from_str(BUILT_IN).expect("the built-in rules are part of the program and read by its tests");
        Self {
            replies: scenario.replies.iter().cloned().chain(built_in.replies).collect(),
            seed,
            ids: Ids::new(seed, "openai"),
            faults: FaultDice::new(&scenario.faults, seed),
            limits: Mutex::new(Limits::new(&scenario.rate)),
            prefixes: Mutex::default(),
            files: Mutex::default(),
            batches: Mutex::default(),
            stop,
            scenario: scenario.clone(),
        }
    }

    /// The dated name a model answers with.
    fn snapshot<'s>(&'s self, model: &'s str) -> &'s str {
        self.scenario.snapshots.get(model).map_or(model, String::as_str)
    }
}

/// A panic elsewhere leaves the data whole: every change under these locks is a single step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The wall clock, in seconds, as the API stamps things.
fn unix_now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[cfg(test)]
mod tests;
