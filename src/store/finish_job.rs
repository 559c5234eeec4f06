//! The job that folds an attempt's outcome, as a row: enqueued by whoever hears that the provider ended the call, be it in a
//! transaction of its own or in the statement that keeps the news.

use callfleet_jobs::Envelope;
use callfleet_jobs::envelope::seal;
use callfleet_jobs::kinds::FinishCall;

use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::store::job::NewJob;

/// Tries before the job is left to an operator.
pub const TRIES: u32 = 20;

/// What its row is made of.
#[derive(Debug)]
pub struct FinishJob {
    key: String,
    payload: String,
}

impl FinishJob {
    /// The one of this attempt.
    ///
    /// # Panics
    /// Never: an id is always writable as JSON.
    #[must_use]
    pub fn of(attempt: AttemptId) -> Self {
        let payload = seal(&FinishCall { attempt: attempt.0 }).expect("an id is always writable as JSON");
        Self { key: attempt.to_string(), payload }
    }

    /// To be run from `now` on.
    #[must_use]
    pub fn row(&self, now: Timestamp) -> NewJob<'_> {
        NewJob { kind: FinishCall::KIND, key: &self.key, payload: &self.payload, run_at: now, max_attempts: TRIES }
    }
}
