//! The callee asked for a person: the provider rings one, and we wait to hear whether they answered.
//!
//! What came of it is kept by whichever process the provider tells. It decides the outcome; the holder only has to know when it
//! may go.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::call::brief::{CallBrief, Senses};
use crate::call::converse::Converse;
use crate::call::hold::{STOP_WITHIN, end_at_provider};
use crate::call::journal::{CallSignal, EventKind};
use crate::domain::transfer::TransferResult;
use crate::providers::RING_PERSON;

/// What the provider needs beyond the ringing to tell what came of it.
const SLACK: Duration = Duration::from_secs(15);

/// Lets the provider ring the person. Asked for once: asked twice it would ring them twice.
pub(super) async fn ring(brief: &CallBrief, senses: &Senses) -> bool {
    let Some(transfer) = &brief.transfer else { return false };
    match timeout(STOP_WITHIN, senses.telephony.transfer(&brief.call_sid, transfer)).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => tracing::warn!(%error, "the call could not be handed to a person"),
        Err(_) => tracing::warn!("the provider did not answer when the call was to be handed to a person"),
    }
    false
}

/// Waits until it is known whether the person answered; an operator may still end the call.
pub(super) async fn until_told(
    call: &mut Converse,
    brief: &CallBrief,
    senses: &Senses,
    signals: &mut mpsc::Receiver<CallSignal>,
    stop: &CancellationToken,
) {
    let told = timeout(RING_PERSON + SLACK, told(brief, senses, signals));
    let result = stop.run_until_cancelled(told).await.and_then(Result::ok).flatten();
    let body = result.map_or("unknown", TransferResult::as_str).to_owned();
    call.note(EventKind::Transfer, call.now_ms(), body);
}

async fn told(brief: &CallBrief, senses: &Senses, signals: &mut mpsc::Receiver<CallSignal>) -> Option<TransferResult> {
    loop {
        match signals.recv().await? {
            CallSignal::Transfer(result) => return Some(result),
            CallSignal::Stop => {
                end_at_provider(brief, senses).await;
                return None;
            }
            CallSignal::AnsweredBy(_) => {}
        }
    }
}
