//! Jobs that are rows: claimed by lease, finished by verdict, the same in both modes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Verdict;

/// A claimed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// What it is about: one job per kind and key.
    pub key: String,
    /// The sealed envelope.
    pub payload: String,
    /// Tries so far, this one included.
    pub attempts: u32,
    /// Tries before it is given up.
    pub max_attempts: u32,
    /// Which claim this is: only its own verdict is written.
    pub claim_no: i64,
}

/// The job table, as the runner needs it. Implemented over the database by the caller.
#[async_trait]
pub trait JobRows: Send + Sync {
    /// Claims at most `limit` due jobs for `lease`; nothing while their queue is paused.
    async fn claim(&self, limit: u32, lease: Duration) -> Result<Vec<ClaimedJob>, String>;
    /// Writes the verdict, if the claim still holds.
    async fn finish(&self, job: &ClaimedJob, verdict: &Verdict) -> Result<(), String>;
}

/// Does the work of claimed rows, whatever their kind; one visible list of kinds in the caller.
#[async_trait]
pub trait RowHandler: Send + Sync {
    /// Does it and says how it went.
    async fn handle(&self, job: &ClaimedJob) -> Verdict;
}

/// How the table is worked.
#[derive(Debug, Clone, Copy)]
pub struct TableSettings {
    /// Between two looks when nothing was due.
    pub poll: Duration,
    /// How long a claim holds; a job that takes longer may run twice.
    pub lease: Duration,
    /// Jobs at the same time.
    pub width: u32,
}

/// Works the table until `stop` fires, then waits for what runs. A slow job takes its own place and nobody else's.
pub async fn work(rows: Arc<dyn JobRows>, handler: Arc<dyn RowHandler>, settings: TableSettings, stop: CancellationToken) {
    let (mut running, width) = (JoinSet::new(), settings.width as usize);
    while !stop.is_cancelled() {
        let free = width - running.len();
        let claimed = claim(&rows, free, settings.lease).await;
        let more = claimed.len() == free;
        for job in claimed {
            running.spawn(run(Arc::clone(&rows), Arc::clone(&handler), settings.lease, job));
        }
        let pause = async {
            // with more waiting, half of the places are worth another look; else there is time
            if more { until_at_most(&mut running, width / 2).await } else { tokio::time::sleep(settings.poll).await }
        };
        tokio::select! { () = stop.cancelled() => break, () = pause => {} }
        while running.try_join_next().is_some() {}
        // every place may be taken by jobs that take long
        if running.len() == width {
            tokio::select! { () = stop.cancelled() => break, () = until_at_most(&mut running, width - 1) => {} }
        }
    }
    until_at_most(&mut running, 0).await;
}

async fn claim(rows: &Arc<dyn JobRows>, free: usize, lease: Duration) -> Vec<ClaimedJob> {
    match rows.claim(u32::try_from(free).unwrap_or(u32::MAX), lease).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(error, "job table does not answer; looking again");
            Vec::new()
        }
    }
}

async fn until_at_most(running: &mut JoinSet<()>, jobs: usize) {
    while running.len() > jobs && running.join_next().await.is_some() {}
}

async fn run(rows: Arc<dyn JobRows>, handler: Arc<dyn RowHandler>, lease: Duration, job: ClaimedJob) {
    let verdict = guarded(handler, job.clone(), lease).await;
    if let Err(error) = rows.finish(&job, &verdict).await {
        tracing::warn!(job.id = %job.id, error, "verdict not written; the lease will run out and the job runs again");
    }
}

/// A task of its own is the panic guard; the lease is the timeout.
async fn guarded(handler: Arc<dyn RowHandler>, job: ClaimedJob, lease: Duration) -> Verdict {
    let mut task = JoinSet::new();
    task.spawn(async move { handler.handle(&job).await });
    match tokio::time::timeout(lease, task.join_next()).await {
        Ok(Some(Ok(verdict))) => verdict,
        Ok(Some(Err(error))) => Verdict::Retry(format!("panicked: {error}")),
        Ok(None) | Err(_) => Verdict::Retry(format!("took longer than its lease of {} s", lease.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::mpsc;

    use super::*;

    /// Jobs by number: the first takes for ever, the others no time.
    struct Bench {
        due: Mutex<Vec<u128>>,
        done: mpsc::UnboundedSender<u128>,
    }

    fn job(n: u128) -> ClaimedJob {
        let (kind, key, payload) = ("k".to_owned(), n.to_string(), "{}".to_owned());
        ClaimedJob { id: Uuid::from_u128(n), kind, key, payload, attempts: 1, max_attempts: 3, claim_no: 1 }
    }

    #[async_trait]
    impl JobRows for Bench {
        async fn claim(&self, limit: u32, _: Duration) -> Result<Vec<ClaimedJob>, String> {
            let mut due = self.due.lock().unwrap();
            let taken = due.len().min(limit as usize);
            Ok(due.drain(..taken).map(job).collect())
        }

        async fn finish(&self, job: &ClaimedJob, _: &Verdict) -> Result<(), String> {
            self.done.send(job.id.as_u128()).map_err(|error| error.to_string())
        }
    }

    #[async_trait]
    impl RowHandler for Bench {
        async fn handle(&self, job: &ClaimedJob) -> Verdict {
            if job.id.as_u128() == 0 {
                tokio::time::sleep(Duration::from_secs(3_600)).await;
            }
            Verdict::Done
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_job_holds_up_nobody_else() {
        let (done, mut told) = mpsc::unbounded_channel();
        let bench = Arc::new(Bench { due: Mutex::new((0..40).collect()), done });
        let settings = TableSettings { poll: Duration::from_millis(200), lease: Duration::from_secs(7_200), width: 4 };
        let stop = CancellationToken::new();
        let working = tokio::spawn(work(Arc::clone(&bench) as _, bench, settings, stop.clone()));
        let begun = tokio::time::Instant::now();
        for n in 1..40 {
            assert_eq!(told.recv().await, Some(n));
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        stop.cancel();
        assert_eq!(told.recv().await, Some(0), "what runs is waited for");
        working.await.unwrap();
    }
}
