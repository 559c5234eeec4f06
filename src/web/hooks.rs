//! Signed provider callbacks: verified against the public URL and folded into the attempt's row, however often they come.
//!
//! Two proofs are asked for. The path carries a code of ours, so the callback is for this attempt and this send; the
//! header carries the provider's signature over the URL we gave it. Nothing of the request's own host is believed.

use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};

use crate::clock::SharedClock;
use crate::crash_point;
use crate::domain::dialing::{self, CallStatus, DialTimings};
use crate::domain::ids::AttemptId;
use crate::follow_up;
use crate::live::Live;
use crate::providers::twilio::callback::{Callback, Progress, fields};
use crate::providers::twilio::signature::{Signature, SignatureKeys, SignedBody};
use crate::public::PublicSide;
use crate::store::Store;
use crate::telemetry::names;

/// What callbacks need.
#[derive(Clone)]
pub struct Hooks {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// URLs and path codes of this deployment.
    pub public: PublicSide,
    /// The provider's signatures.
    pub keys: std::sync::Arc<SignatureKeys>,
    /// The protocol's times.
    pub timings: DialTimings,
    /// Those who look on.
    pub live: Live,
}

/// `POST /hooks/twilio/{attempt}/{send_no}/{mac}`: progress of a call, or who answered it.
pub async fn twilio(
    State(hooks): State<Hooks>,
    OriginalUri(uri): OriginalUri,
    Path((attempt, send_no, mac)): Path<(String, u32, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Ok(attempt) = attempt.parse::<AttemptId>() else { return counted("unknown", StatusCode::NOT_FOUND) };
    if !hooks.public.verify(attempt, send_no, &mac) {
        return counted("forged", StatusCode::NOT_FOUND);
    }
    let form = fields(&body);
    let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
    if !hooks.keys.verify(&hooks.public.url(path), SignedBody::Form(&form), Signature::read(&headers)) {
        return counted("forged", StatusCode::FORBIDDEN);
    }
    let Some(callback) = Callback::read(&form) else { return counted("unknown", StatusCode::BAD_REQUEST) };
    hooks.take(attempt, send_no, callback).await
}

impl Hooks {
    async fn take(&self, attempt: AttemptId, send_no: u32, callback: Callback) -> StatusCode {
        let now = self.clock.now();
        let Some(news) = news(send_no, callback) else { return counted("unknown", StatusCode::BAD_REQUEST) };
        let told = match self.store.provider_callback(attempt, &news, &self.timings, now).await {
            Ok(Some(told)) => told,
            Ok(None) => return counted("unknown", StatusCode::NOT_FOUND),
            Err(error) => return unwritten(attempt, &error),
        };
        crash_point::pass("callback.folded");
        match follow_up::heed(&self.store, &self.live, &told, now).await {
            Ok(()) => counted("folded", StatusCode::NO_CONTENT),
            Err(error) => unwritten(attempt, &error),
        }
    }
}

/// The callback in the protocol's words; `None` for a status this binary does not know.
fn news(send_no: u32, callback: Callback) -> Option<dialing::Callback> {
    let bare = |call_sid, answered_by| dialing::Callback {
        send_no,
        call_sid,
        status: None,
        sequence: None,
        sip_code: None,
        duration_s: None,
        answered_by,
    };
    match callback {
        Callback::Answerer(answerer) => Some(bare(answerer.call_sid, Some(answerer.answered_by))),
        Callback::Progress(Progress { call_sid, status, sequence, duration_s, sip_code, answered_by, .. }) => Some(dialing::Callback {
            status: Some(status.parse::<CallStatus>().ok()?),
            sequence: sequence.and_then(|n| i32::try_from(n).ok()),
            sip_code,
            duration_s,
            ..bare(call_sid, answered_by)
        }),
    }
}

fn unwritten(attempt: AttemptId, error: &dyn std::fmt::Display) -> StatusCode {
    tracing::warn!(attempt.id = %attempt, %error, "callback not written; the provider may tell it again and the poller asks");
    counted("failed", StatusCode::SERVICE_UNAVAILABLE)
}

fn counted(result: &'static str, status: StatusCode) -> StatusCode {
    metrics::counter!(names::CALLBACKS, "result" => result).increment(1);
    status
}
