//! What follows from news of a call, whoever brought it: jobs that fold an outcome or take a stray call back.
//!
//! Jobs are rows, so that nothing is forgotten when the process that heard the news dies the next moment.

use callfleet_jobs::Envelope;
use callfleet_jobs::envelope::seal;
use callfleet_jobs::kinds::{CancelCall, FinishCall};

use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::live::{Live, LiveEvent, Whose};
use crate::store::dial::{Told, Trouble};
use crate::store::job::NewJob;
use crate::store::{Store, StoreError};

/// Tries before a job is left to an operator.
pub const TRIES: u32 = 20;

/// Tells those who look on, enqueues what the news ask for, and says aloud what should not have happened.
///
/// # Errors
/// The database cannot be written; the news should be told again.
pub async fn heed(store: &Store, live: &Live, told: &Told, now: Timestamp) -> Result<(), StoreError> {
    if let Some(state) = told.came_to {
        let whose = Whose { campaign: told.campaign, attempt: told.attempt, lead: told.lead, number: &told.number };
        live.tell(LiveEvent::call(whose, state.as_str(), now));
    }
    if let Some(trouble) = told.trouble {
        complain(told.attempt, trouble);
    }
    if let Some(call_sid) = &told.cancel {
        cancel(store, call_sid, now).await?;
    }
    if told.finish && !told.rung {
        finish(store, told.attempt, now).await?;
    }
    Ok(())
}

/// Enqueues the folding of an attempt's outcome; a second time changes nothing.
///
/// # Errors
/// The database cannot be written.
pub async fn finish(store: &Store, attempt: AttemptId, now: Timestamp) -> Result<(), StoreError> {
    enqueue(store, &attempt.to_string(), &FinishCall { attempt: attempt.0 }, now).await
}

/// Enqueues a call to be ended at the provider, answered or not.
///
/// # Errors
/// The database cannot be written.
pub async fn cancel(store: &Store, call_sid: &str, now: Timestamp) -> Result<(), StoreError> {
    enqueue(store, call_sid, &CancelCall { call_sid: call_sid.to_owned() }, now).await
}

/// What the job that folds an attempt's outcome carries.
///
/// # Panics
/// Never: an id is always writable as JSON.
#[must_use]
pub fn finish_payload(attempt: AttemptId) -> String {
    seal(&FinishCall { attempt: attempt.0 }).expect(WRITABLE)
}

const WRITABLE: &str = "ids are always writable as JSON";

async fn enqueue<J: Envelope>(store: &Store, key: &str, job: &J, now: Timestamp) -> Result<(), StoreError> {
    let payload = seal(job).expect(WRITABLE);
    store.enqueue_job(NewJob { kind: J::KIND, key, payload: &payload, run_at: now, max_attempts: TRIES }, now).await?;
    Ok(())
}

fn complain(attempt: AttemptId, trouble: Trouble) {
    let what = match trouble {
        Trouble::StrayCall => "a second call showed up for an attempt; it is taken back",
        Trouble::Adopted => "a call that was thought not to exist is live; it was adopted",
        Trouble::ForeignCall => "a callback names a call of another attempt; ignored",
    };
    tracing::error!(attempt.id = %attempt, "{what}");
}
