//! The job table of this deployment, and who does which kind of job: one visible list.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callfleet_jobs::envelope::{Undeliverable, open};
use callfleet_jobs::kinds::{CancelCall, CollectBatch, FinishCall, GatherBatch};
use callfleet_jobs::table::{ClaimedJob, EndedJob, JobRows, RowHandler};
use callfleet_jobs::{Envelope, Verdict};

use crate::clock::SharedClock;
use crate::domain::ids::JobId;
use crate::domain::time::Timestamp;
use crate::providers::{Again, Telephony};
use crate::store::Store;
use crate::store::job::{self, JobEnd, JobState};
use crate::telemetry::names;
use crate::work::defer::BatchWork;
use crate::work::finish_call::Finisher;

/// Every kind of table job.
pub const KINDS: &[&str] = &[FinishCall::KIND, CancelCall::KIND, GatherBatch::KIND, CollectBatch::KIND];

/// First wait after a failure; doubles with every try.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(600);

/// The job table over the store.
#[derive(Clone)]
pub struct StoreRows {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
}

#[async_trait]
impl JobRows for StoreRows {
    async fn claim(&self, limit: u32, lease: Duration) -> Result<Vec<ClaimedJob>, String> {
        let claimed = self.store.claim_jobs(KINDS, lease, limit, self.clock.now()).await.map_err(|error| error.to_string())?;
        Ok(claimed.into_iter().map(handed_over).collect())
    }

    async fn renew(&self, claimed: &ClaimedJob, lease: Duration) -> Result<bool, String> {
        self.store.renew_job(&taken_back(claimed), lease).await.map_err(|error| error.to_string())
    }

    async fn finish(&self, ended: &[EndedJob]) -> Result<(), String> {
        let now = self.clock.now();
        let done: Vec<_> = ended.iter().filter(|(_, verdict)| *verdict == Verdict::Done).map(|(job, _)| taken_back(job)).collect();
        let mut written = self.store.end_done_jobs(&done, now).await.map(drop);
        for (claimed, verdict) in ended {
            let mut counted_as = verdict.as_str();
            if let Some(end) = end(claimed, verdict, now) {
                let state = self.store.end_job(&taken_back(claimed), end, now).await;
                if let (Ok(Some(JobState::Dead)), Verdict::Retry(error) | Verdict::Discard(error)) = (&state, verdict) {
                    counted_as = given_up(claimed, verdict, error);
                }
                // one that cannot be written keeps nobody else's from being written
                written = state.map(drop).and(written);
            }
            metrics::counter!(names::JOBS, "kind" => claimed.kind.clone(), "verdict" => counted_as).increment(1);
        }
        written.map_err(|error| error.to_string())
    }
}

/// Told once, because nobody does it again; the word it is counted by: a last try that failed is no `retry` any more.
fn given_up(claimed: &ClaimedJob, verdict: &Verdict, error: &str) -> &'static str {
    let (id, kind, attempts) = (claimed.id, claimed.kind.as_str(), claimed.attempts);
    tracing::error!(job.id = %id, job.kind = kind, job.attempts = attempts, error, "a job was given up; callfleet queue retry runs it again");
    if matches!(verdict, Verdict::Retry(_)) { JobState::Dead.as_str() } else { verdict.as_str() }
}

/// How a job that is not done ended.
fn end<'a>(claimed: &ClaimedJob, verdict: &'a Verdict, now: Timestamp) -> Option<JobEnd<'a>> {
    match verdict {
        Verdict::Done => None,
        Verdict::Snooze(pause) => Some(JobEnd::Snooze(now + *pause)),
        Verdict::Retry(error) => Some(JobEnd::Retry { error, at: next_try(claimed, now) }),
        Verdict::Discard(error) => Some(JobEnd::Dead(error)),
    }
}

fn next_try(claimed: &ClaimedJob, now: Timestamp) -> Timestamp {
    let factor = 1_u32.checked_shl(claimed.attempts.saturating_sub(1).min(16)).unwrap_or(u32::MAX);
    now + FIRST_RETRY.saturating_mul(factor).min(LONGEST_RETRY)
}

fn handed_over(row: job::ClaimedJob) -> ClaimedJob {
    ClaimedJob {
        id: row.id.0,
        kind: row.kind,
        key: row.key,
        payload: row.payload,
        attempts: u32::try_from(row.attempts).unwrap_or(0),
        max_attempts: u32::try_from(row.max_attempts).unwrap_or(0),
        claim_no: row.claim_no,
    }
}

fn taken_back(claimed: &ClaimedJob) -> job::ClaimedJob {
    job::ClaimedJob {
        id: JobId(claimed.id),
        kind: claimed.kind.clone(),
        key: claimed.key.clone(),
        payload: claimed.payload.clone(),
        attempts: i32::try_from(claimed.attempts).unwrap_or(i32::MAX),
        max_attempts: i32::try_from(claimed.max_attempts).unwrap_or(i32::MAX),
        claim_no: claimed.claim_no,
    }
}

/// Who does what.
#[derive(Clone)]
pub struct TableWork {
    /// Folds outcomes.
    pub finisher: Finisher,
    /// Gathers and collects batches.
    pub batches: BatchWork,
    /// Takes calls back.
    pub telephony: Arc<dyn Telephony>,
}

#[async_trait]
impl RowHandler for TableWork {
    async fn handle(&self, job: &ClaimedJob) -> Verdict {
        match job.kind.as_str() {
            FinishCall::KIND => self.with(job, async |job| self.finisher.handle(job).await).await,
            CancelCall::KIND => self.with(job, async |job| self.cancel(job).await).await,
            GatherBatch::KIND => self.with(job, async |_: GatherBatch| self.gather().await).await,
            CollectBatch::KIND => self.with(job, async |_: CollectBatch| self.batches.collect().await).await,
            other => Verdict::Discard(format!("no handler for jobs of kind `{other}`")),
        }
    }
}

impl TableWork {
    async fn with<J: Envelope>(&self, job: &ClaimedJob, work: impl AsyncFnOnce(J) -> Verdict) -> Verdict {
        match open::<J>(&job.payload) {
            Ok(job) => work(job).await,
            // a newer binary may read it: left for one
            Err(error @ Undeliverable::Newer { .. }) => Verdict::Retry(error.to_string()),
            Err(error) => Verdict::Discard(error.to_string()),
        }
    }

    async fn gather(&self) -> Verdict {
        if let Err(error) = self.finisher.plan_missed().await {
            tracing::warn!(%error, "missed deferred work was not looked for; the next round does it");
        }
        self.batches.gather().await
    }

    async fn cancel(&self, job: CancelCall) -> Verdict {
        match self.telephony.cancel(&job.call_sid).await {
            Ok(()) => Verdict::Done,
            Err(error) if error.again == Again::No => Verdict::Discard(error.to_string()),
            Err(error) => Verdict::Retry(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
