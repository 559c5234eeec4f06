//! Deepgram as the simulator plays it: ears (`/v1/listen`, `/v2/listen`) and a mouth (`/v1/speak`) over the real protocol.
//!
//! The ears hear the words that simulated audio carries, and any other sound as a stated stand-in; what they report is timed
//! by the audio stream, not by the clock. The mouth speaks audio that carries its words.

mod error;
mod faults;
mod front;
mod listen;
mod outbox;
mod query;
mod scenario;
mod sound;
mod speak;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};

pub use faults::{Fault, FaultKind};
pub use scenario::DeepgramScenario;

use self::faults::FaultDice;
use self::front::Places;
use super::Stage;
use super::dice::Ids;

/// The largest pre-recorded audio that is taken.
const LARGEST_BODY: usize = 200 << 20;

/// The server's state.
#[derive(Debug)]
struct Deepgram {
    scenario: DeepgramScenario,
    stage: Stage,
    ids: Ids,
    faults: FaultDice,
    listening: Places,
    speaking: Places,
}

type Shared = Arc<Deepgram>;

/// The vendor's routes.
pub fn router(stage: &Stage) -> Router {
    let scenario = &stage.scenario.deepgram;
    let state = Arc::new(Deepgram {
        ids: Ids::new(stage.seed, "deepgram"),
        faults: FaultDice::new(&scenario.faults, stage.seed),
        listening: Places::new(scenario.listen_limit),
        speaking: Places::new(scenario.speak_limit),
        scenario: scenario.clone(),
        stage: stage.clone(),
    });
    Router::new()
        .route("/v1/listen", get(listen::nova::open).merge(post(listen::recorded::transcribe)))
        .route("/v2/listen", get(listen::flux::open))
        .route("/v1/auth/token", get(front::key_details))
        .route("/v1/speak", get(speak::socket::open).merge(post(speak::rest::speak)))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), front::guard))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(state)
}

#[cfg(test)]
mod tests;
