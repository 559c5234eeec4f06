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

/// A job that ran, and how that went.
pub type EndedJob = (ClaimedJob, Verdict);

/// The job table, as the runner needs it. Implemented over the database by the caller.
#[async_trait]
pub trait JobRows: Send + Sync {
    /// Claims at most `limit` due jobs for `lease`; nothing while their queue is paused.
    async fn claim(&self, limit: u32, lease: Duration) -> Result<Vec<ClaimedJob>, String>;
    /// Lengthens the claim; false when it is not ours any more.
    async fn renew(&self, job: &ClaimedJob, lease: Duration) -> Result<bool, String>;
    /// Writes the verdicts, each if its claim still holds.
    async fn finish(&self, ended: &[EndedJob]) -> Result<(), String>;
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
    /// How long a claim holds. It is renewed while the job runs, so this is how long the job of a dead process waits for another.
    pub lease: Duration,
    /// A job that takes longer is given up and tried again.
    pub longest: Duration,
    /// Jobs at the same time.
    pub width: u32,
}

/// Works the table until `stop` fires, then waits for what runs. A slow job takes its own place and nobody else's. What ended
/// since the last look is written together, before more is claimed.
pub async fn work(rows: Arc<dyn JobRows>, handler: Arc<dyn RowHandler>, settings: TableSettings, stop: CancellationToken) {
    let (mut running, width) = (Running::new(), settings.width as usize);
    while !stop.is_cancelled() {
        let free = width - running.len();
        let claimed = claim(&rows, free, settings.lease).await;
        let more = claimed.len() == free;
        for job in claimed {
            running.spawn(run(Arc::clone(&rows), Arc::clone(&handler), settings, job));
        }
        let mut ended = Vec::new();
        let pause = async {
            // with more waiting, half of the places are worth another look; else there is time
            if more { until_at_most(&mut running, width / 2, &mut ended).await } else { tokio::time::sleep(settings.poll).await }
        };
        tokio::select! { () = stop.cancelled() => {}, () = pause => {} }
        while let Some(job) = running.try_join_next() {
            ended.extend(job.ok().flatten());
        }
        finish(&rows, ended).await;
        // every place may be taken by jobs that take long
        if running.len() == width && !stop.is_cancelled() {
            let mut ended = Vec::new();
            tokio::select! { () = stop.cancelled() => {}, () = until_at_most(&mut running, width - 1, &mut ended) => {} }
            finish(&rows, ended).await;
        }
    }
    while let Some(job) = running.join_next().await {
        finish(&rows, job.ok().flatten().into_iter().collect()).await;
    }
}

/// Jobs under way; each gives its verdict, or nothing when its claim was lost.
type Running = JoinSet<Option<EndedJob>>;

async fn claim(rows: &Arc<dyn JobRows>, free: usize, lease: Duration) -> Vec<ClaimedJob> {
    match rows.claim(u32::try_from(free).unwrap_or(u32::MAX), lease).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(error, "job table does not answer; looking again");
            Vec::new()
        }
    }
}

async fn until_at_most(running: &mut Running, jobs: usize, ended: &mut Vec<EndedJob>) {
    while running.len() > jobs {
        let Some(job) = running.join_next().await else { return };
        ended.extend(job.ok().flatten());
    }
}

async fn finish(rows: &Arc<dyn JobRows>, ended: Vec<EndedJob>) {
    if !ended.is_empty()
        && let Err(error) = rows.finish(&ended).await
    {
        let jobs = ended.len();
        tracing::warn!(jobs, error, "verdicts not written; the leases will run out and the jobs run again");
    }
}

/// Renewals of a claim in the time of its lease: one may get lost.
const RENEWALS: u32 = 3;

async fn run(rows: Arc<dyn JobRows>, handler: Arc<dyn RowHandler>, settings: TableSettings, job: ClaimedJob) -> Option<EndedJob> {
    let verdict = tokio::select! {
        verdict = guarded(handler, job.clone(), settings.longest) => verdict,
        // the work is dropped with its claim: another process does it now
        () = until_lost(&rows, &job, settings.lease) => return None,
    };
    Some((job, verdict))
}

/// Renews the claim until it is somebody else's. A table that does not answer takes no claim away.
async fn until_lost(rows: &Arc<dyn JobRows>, job: &ClaimedJob, lease: Duration) {
    loop {
        tokio::time::sleep(lease / RENEWALS).await;
        match rows.renew(job, lease).await {
            Ok(true) => {}
            Ok(false) => return tracing::warn!(job.id = %job.id, job.kind, "the claim was lost; another process does the job"),
            Err(error) => tracing::warn!(job.id = %job.id, error, "the claim was not renewed; trying again"),
        }
    }
}

/// A task of its own is the panic guard.
async fn guarded(handler: Arc<dyn RowHandler>, job: ClaimedJob, longest: Duration) -> Verdict {
    let mut task = JoinSet::new();
    task.spawn(async move { handler.handle(&job).await });
    match tokio::time::timeout(longest, task.join_next()).await {
        Ok(Some(Ok(verdict))) => verdict,
        Ok(Some(Err(error))) => Verdict::Retry(format!("panicked: {error}")),
        Ok(None) | Err(_) => Verdict::Retry(format!("took longer than {} s", longest.as_secs())),
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
        /// When the claim was renewed; it is lost after so many times.
        renewed: Mutex<Vec<tokio::time::Instant>>,
        lost_after: usize,
    }

    fn bench(jobs: u128, lost_after: usize) -> (Arc<Bench>, mpsc::UnboundedReceiver<u128>) {
        let (done, told) = mpsc::unbounded_channel();
        (Arc::new(Bench { due: Mutex::new((0..jobs).collect()), done, renewed: Mutex::default(), lost_after }), told)
    }

    const SETTINGS: TableSettings =
        TableSettings { poll: Duration::from_millis(200), lease: Duration::from_secs(15), longest: Duration::from_secs(7_200), width: 4 };

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

        async fn renew(&self, _: &ClaimedJob, _: Duration) -> Result<bool, String> {
            let mut renewed = self.renewed.lock().unwrap();
            renewed.push(tokio::time::Instant::now());
            Ok(renewed.len() <= self.lost_after)
        }

        async fn finish(&self, ended: &[EndedJob]) -> Result<(), String> {
            ended.iter().try_for_each(|(job, _)| self.done.send(job.id.as_u128())).map_err(|error| error.to_string())
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
        let (bench, mut told) = bench(40, usize::MAX);
        let stop = CancellationToken::new();
        let working = tokio::spawn(work(Arc::clone(&bench) as _, bench, SETTINGS, stop.clone()));
        let begun = tokio::time::Instant::now();
        for n in 1..40 {
            assert_eq!(told.recv().await, Some(n));
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        stop.cancel();
        assert_eq!(told.recv().await, Some(0), "what runs is waited for");
        working.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_claim_is_renewed_while_its_job_runs() {
        let (bench, mut told) = bench(1, usize::MAX);
        let stop = CancellationToken::new();
        let working = tokio::spawn(work(Arc::clone(&bench) as _, Arc::clone(&bench) as _, SETTINGS, stop.clone()));
        assert_eq!(told.recv().await, Some(0));
        stop.cancel();
        working.await.unwrap();
        let renewed = bench.renewed.lock().unwrap();
        assert!(renewed.windows(2).all(|two| two[1] - two[0] < SETTINGS.lease / 2), "{renewed:?}");
        assert!(renewed.len() > 3_600 / 15, "{}", renewed.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_whose_claim_is_lost_is_left_to_the_other() {
        let (bench, mut told) = bench(1, 2);
        let stop = CancellationToken::new();
        let begun = tokio::time::Instant::now();
        let working = tokio::spawn(work(Arc::clone(&bench) as _, Arc::clone(&bench) as _, SETTINGS, stop.clone()));
        tokio::time::sleep(Duration::from_secs(20)).await;
        stop.cancel();
        working.await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody waits for the lost one: {:?}", begun.elapsed());
        assert!(told.try_recv().is_err(), "and it gives no verdict");
    }
}
