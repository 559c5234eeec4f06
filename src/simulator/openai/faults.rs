//! What goes wrong on purpose: which request is hit is decided by the scenario, the seed and how many matched before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::error::ApiError;
use crate::simulator::dice::{mix, unit};
use crate::simulator::pattern::Pattern;

/// One kind of trouble for some requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// Only on paths that begin so.
    #[serde(default)]
    pub path: String,
    /// Only for JSON bodies in which this occurs.
    #[serde(default)]
    pub when: Option<Pattern>,
    /// Which part of the matching requests is hit, 0–1.
    #[serde(default = "whole")]
    pub share: f64,
    /// Only the first so many matching requests.
    #[serde(default)]
    pub first: Option<u64>,
    /// Events (or body chunks) that still arrive before a stream breaks.
    #[serde(default)]
    pub after_events: usize,
    /// `retry-after`, or the wait of `slow`, milliseconds.
    #[serde(default = "a_second")]
    pub ms: u64,
}

const fn whole() -> f64 {
    1.0
}

const fn a_second() -> u64 {
    1000
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429 `rate_limit_exceeded` with retry-after.
    RateLimited,
    /// 429 `insufficient_quota`: trying again never helps.
    InsufficientQuota,
    /// 500.
    ServerError,
    /// 503.
    Unavailable,
    /// Answered, but later.
    Slow,
    /// The connection breaks in the middle of the answer.
    Cut,
    /// The stream carries an error event and ends.
    ErrorEvent,
    /// The stream ends politely in the middle, without its last event.
    Truncated,
    /// The answer stops and the connection stays open.
    Hang,
    /// Something that is not JSON.
    Garbage,
}

/// The faults and how often each was asked.
#[derive(Debug)]
pub struct FaultDice {
    faults: Vec<(Fault, AtomicU64)>,
    seed: u64,
}

impl FaultDice {
    /// No fault has been asked yet.
    pub fn new(faults: &[Fault], seed: u64) -> Self {
        Self { faults: faults.iter().map(|fault| (fault.clone(), AtomicU64::new(0))).collect(), seed }
    }

    /// Whether any fault looks into bodies.
    pub fn read_bodies(&self) -> bool {
        self.faults.iter().any(|(fault, _)| fault.when.is_some())
    }

    /// The fault that hits this request.
    pub fn throw(&self, path: &str, body: &str) -> Option<&Fault> {
        self.faults.iter().enumerate().find_map(|(index, (fault, asked))| {
            if !path.starts_with(&fault.path) || !fault.when.as_ref().is_none_or(|when| when.hits(body)) {
                return None;
            }
            let nth = asked.fetch_add(1, Ordering::Relaxed);
            let chance = unit(mix(self.seed, &[b"fault", &index.to_be_bytes(), &nth.to_be_bytes()]));
            (fault.first.is_none_or(|first| nth < first) && chance < fault.share).then_some(fault)
        })
    }
}

impl Fault {
    /// The answer given instead of asking the model, for faults that refuse.
    pub fn refusal(&self) -> Option<Response> {
        let error = match self.kind {
            FaultKind::RateLimited => ApiError::rate_limited("requests", "Rate limit reached for requests", self.ms),
            FaultKind::InsufficientQuota => ApiError {
                status: StatusCode::TOO_MANY_REQUESTS,
                kind: "insufficient_quota",
                ..ApiError::invalid("You exceeded your current quota, please check your plan and billing details.")
                    .code("insufficient_quota")
            },
            FaultKind::ServerError => {
                ApiError::server(StatusCode::INTERNAL_SERVER_ERROR, "The server had an error while processing your request.")
            }
            FaultKind::Unavailable => {
                ApiError::server(StatusCode::SERVICE_UNAVAILABLE, "The engine is currently overloaded, please try again later.")
            }
            FaultKind::Garbage => return Some("<html>upstream connect error</html>".into_response()),
            FaultKind::Slow | FaultKind::Cut | FaultKind::ErrorEvent | FaultKind::Truncated | FaultKind::Hang => return None,
        };
        Some(error.into_response())
    }

    /// How long to wait before asking the model.
    pub fn delay(&self) -> Duration {
        if self.kind == FaultKind::Slow { Duration::from_millis(self.ms) } else { Duration::ZERO }
    }

    /// Breaks an answer's body after some of it.
    pub fn spoil(&self, response: Response, stop: CancellationToken) -> Response {
        if matches!(self.kind, FaultKind::Slow) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        parts.headers.remove("content-length");
        let head = body.into_data_stream().take(self.after_events).map(|chunk| chunk.map_err(std::io::Error::other));
        Response::from_parts(parts, Body::from_stream(head.chain(ending(self.kind, stop))))
    }
}

fn ending(kind: FaultKind, stop: CancellationToken) -> stream::BoxStream<'static, std::io::Result<Bytes>> {
    match kind {
        FaultKind::Cut => one(Err(std::io::ErrorKind::ConnectionReset.into())).boxed(),
        FaultKind::Hang => stream::once(async move {
            stop.cancelled().await;
            Err(std::io::ErrorKind::ConnectionReset.into())
        })
        .boxed(),
        FaultKind::ErrorEvent => {
            let error = ApiError::server(StatusCode::OK, "The server had an error while processing your request. Sorry about that!");
            one(Ok(Bytes::from(format!("data: {}\n\n", error.body())))).boxed()
        }
        _ => stream::empty().boxed(),
    }
}

fn one(item: std::io::Result<Bytes>) -> impl Stream<Item = std::io::Result<Bytes>> {
    stream::iter([item])
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultDice};

    fn fault(toml: &str) -> Fault {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn a_share_of_requests_is_hit_and_the_same_ones_in_the_next_run() {
        let faults = [fault("kind = 'server_error'\nshare = 0.3\npath = '/v1/chat'")];
        let hits = |seed| {
            let dice = FaultDice::new(&faults, seed);
            (0..1000).map(|_| dice.throw("/v1/chat/completions", "").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(hits(7), hits(7));
        assert_ne!(hits(7), hits(8));
        let count = hits(7).iter().filter(|hit| **hit).count();
        assert!((250..350).contains(&count), "{count}");
        assert!(FaultDice::new(&faults, 7).throw("/v1/files", "").is_none());
    }

    #[test]
    fn only_the_first_matching_ones() {
        let dice = FaultDice::new(&[fault("kind = 'rate_limited'\nfirst = 2\nwhen = 'ada'")], 7);
        let thrown: Vec<bool> = ["bob", "Ada", "ada", "ada"].iter().map(|body| dice.throw("/v1/x", body).is_some()).collect();
        assert_eq!(thrown, [false, true, true, false]);
    }
}
