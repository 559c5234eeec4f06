//! The life of one delivered job: span → timeout → panic guard → verdict.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::FutureExt;
use tracing::Instrument;

use crate::{Envelope, Verdict};

/// Does the work of one kind of job.
#[async_trait]
pub trait Handler<J: Envelope>: Send + Sync {
    /// Does it and says how it went. Assume that every job arrives twice.
    async fn handle(&self, job: J) -> Verdict;
}

/// Runs handlers so that nothing they do can hurt the queue.
#[derive(Debug, Clone, Copy)]
pub struct Runner {
    /// A handler that takes longer is cut off.
    pub timeout: Duration,
}

impl Runner {
    /// Runs one job to its verdict: a timeout and a panic are verdicts too.
    pub async fn run<J: Envelope>(self, handler: &Arc<dyn Handler<J>>, job: J) -> Verdict {
        let (begun, span) = (Instant::now(), tracing::info_span!("job", job.kind = J::KIND));
        let guarded = AssertUnwindSafe(handler.handle(job)).catch_unwind().instrument(span.clone());
        let verdict = match tokio::time::timeout(self.timeout, guarded).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(panic)) => Verdict::Retry(format!("panicked: {}", words_of(&*panic))),
            Err(_) => Verdict::Retry(format!("took longer than {} s", self.timeout.as_secs_f32())),
        };
        span.in_scope(|| report(&verdict, begun.elapsed()));
        verdict
    }
}

fn report(verdict: &Verdict, took: Duration) {
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match verdict {
        Verdict::Done | Verdict::Snooze(_) => tracing::debug!(job.verdict = verdict.as_str(), duration_ms, "job handled"),
        Verdict::Retry(error) | Verdict::Discard(error) => {
            tracing::warn!(job.verdict = verdict.as_str(), duration_ms, error, "job failed");
        }
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::GatherBatch;

    struct Does(fn() -> Verdict, Duration);

    #[async_trait]
    impl Handler<GatherBatch> for Does {
        async fn handle(&self, _job: GatherBatch) -> Verdict {
            tokio::time::sleep(self.1).await;
            (self.0)()
        }
    }

    async fn verdict_of(does: fn() -> Verdict, takes: Duration) -> Verdict {
        let handler: Arc<dyn Handler<GatherBatch>> = Arc::new(Does(does, takes));
        Runner { timeout: Duration::from_secs(1) }.run(&handler, GatherBatch {}).await
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_happens_is_a_verdict() {
        assert_eq!(verdict_of(|| Verdict::Done, Duration::ZERO).await, Verdict::Done);
        assert_eq!(verdict_of(|| panic!("boom"), Duration::ZERO).await, Verdict::Retry("panicked: boom".into()));
        assert_eq!(verdict_of(|| Verdict::Done, Duration::from_secs(2)).await, Verdict::Retry("took longer than 1 s".into()));
    }
}
