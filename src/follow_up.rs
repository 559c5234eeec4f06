//! What follows from news of a call, whoever brought it: jobs that fold an outcome or take a stray call back.
//!
//! Jobs are rows, so that nothing is forgotten when the process that heard the news dies the next moment.

use callfleet_jobs::Envelope;
use callfleet_jobs::envelope::seal;
use callfleet_jobs::kinds::CancelCall;

use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::live::{Live, LiveEvent, Whose};
use crate::store::dial::{Told, Trouble};
use crate::store::finish_job::{FinishJob, TRIES};
use crate::store::job::NewJob;
use crate::store::{Store, StoreError};

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
    store.enqueue_job(FinishJob::of(attempt).row(now), now).await?;
    Ok(())
}

/// Enqueues a call to be ended at the provider, answered or not.
///
/// # Errors
/// The database cannot be written.
pub async fn cancel(store: &Store, call_sid: &str, now: Timestamp) -> Result<(), StoreError> {
    let payload = seal(&CancelCall { call_sid: call_sid.to_owned() }).expect("an id is always writable as JSON");
    let job = NewJob { kind: CancelCall::KIND, key: call_sid, payload: &payload, run_at: now, max_attempts: TRIES };
    store.enqueue_job(job, now).await?;
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
