//! Signed provider callbacks: verified against the public URL and folded into the attempt's row, however often they come.
//!
//! Two proofs are asked for. The path carries a code of ours, so the callback is for this attempt and this send; the
//! header carries the provider's signature over the URL we gave it. Nothing of the request's own host is believed.

use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::clock::SharedClock;
use crate::crash_point;
use crate::domain::dialing::{self, CallStatus, DialTimings};
use crate::domain::ids::AttemptId;
use crate::domain::transfer::TransferResult;
use crate::follow_up;
use crate::live::Live;
use crate::providers::twilio::callback::{Callback, Field, Progress, Transferred, fields};
use crate::providers::twilio::signature::{Signature, SignatureKeys, SignedBody};
use crate::providers::twilio::twiml;
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
    let form = fields(&body);
    let attempt = match hooks.proven((&attempt, send_no, &mac), &uri, &headers, &form) {
        Ok(attempt) => attempt,
        Err(refused) => return refused,
    };
    let Some(callback) = Callback::read(&form) else { return counted("unknown", StatusCode::BAD_REQUEST) };
    hooks.take(attempt, send_no, callback).await
}

/// Heard by a callee for whom nobody could be reached.
const NOT_REACHED: &str = "I'm sorry, nobody can take your call right now. Goodbye.";

/// `POST /hooks/twilio/{attempt}/{send_no}/{mac}/transfer`: what came of ringing a person. A report of their leg that is not written
/// is refused, so that it comes again. The question after the ringing does not: without an answer the callee would hear the provider's
/// own "application error", so there is one whether or not the news can be written.
pub async fn transferred(
    State(hooks): State<Hooks>,
    OriginalUri(uri): OriginalUri,
    Path((attempt, send_no, mac)): Path<(String, u32, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = fields(&body);
    let attempt = match hooks.proven((&attempt, send_no, &mac), &uri, &headers, &form) {
        Ok(attempt) => attempt,
        Err(refused) => return refused.into_response(),
    };
    let Some(told) = Transferred::read(&form) else { return counted("unknown", StatusCode::BAD_REQUEST).into_response() };
    let kept = hooks.take_transfer(attempt, &told).await;
    if !told.is_question {
        return kept.into_response();
    }
    let last_words = (told.result != TransferResult::Answered).then_some(NOT_REACHED);
    ([(CONTENT_TYPE, "text/xml")], twiml::hang_up(last_words)).into_response()
}

impl Hooks {
    /// The attempt a request is for, when both proofs hold.
    fn proven(
        &self,
        (attempt, send_no, mac): (&str, u32, &str),
        uri: &Uri,
        headers: &HeaderMap,
        form: &[Field<'_>],
    ) -> Result<AttemptId, StatusCode> {
        let Ok(attempt) = attempt.parse::<AttemptId>() else { return Err(counted("unknown", StatusCode::NOT_FOUND)) };
        if !self.public.verify(attempt, send_no, mac) {
            return Err(counted("forged", StatusCode::NOT_FOUND));
        }
        let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
        if !self.keys.verify(&self.public.url(path), SignedBody::Form(form), Signature::read(headers)) {
            return Err(counted("forged", StatusCode::FORBIDDEN));
        }
        Ok(attempt)
    }

    async fn take_transfer(&self, attempt: AttemptId, told: &Transferred) -> StatusCode {
        let now = self.clock.now();
        let told = match self.store.transfer_told(attempt, &told.call_sid, told.result, now).await {
            Ok(Some(told)) => told,
            Ok(None) => return counted("unknown", StatusCode::NOT_FOUND),
            Err(error) => return unwritten(attempt, &error),
        };
        match follow_up::heed(&self.store, &self.live, &told, now).await {
            Ok(()) => counted("folded", StatusCode::NO_CONTENT),
            Err(error) => unwritten(attempt, &error),
        }
    }

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
