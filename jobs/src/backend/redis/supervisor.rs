//! The loop around an apalis worker: one backend error ends a worker for good, so a new one is built, under a new name,
//! after what ran has finished.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use apalis_core::backend::ext::poll_strategy::PollWith;
use apalis_core::worker::builder::WorkerBuilder;
use futures_util::FutureExt;
use redis::aio::ConnectionManager;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection;
use super::gate::Gate;
use super::poll::SteadyPoll;
use super::{RedisQueue, WINDOW};
use crate::envelope::open;
use crate::{Envelope, Handler, Runner};

/// Between two looks of an idle worker; half of this is the mean pick-up time.
const POLL: Duration = Duration::from_millis(15);
/// Between two removals of finished tickets, which apalis-redis keeps.
const VACUUM: Duration = Duration::from_secs(60);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

type Driving = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

pub(super) struct Supervisor<J: Envelope> {
    pub(super) queue: RedisQueue<J>,
    pub(super) runner: Runner,
    pub(super) handler: Arc<dyn Handler<J>>,
    pub(super) lines: Arc<Semaphore>,
}

impl<J: Envelope> Supervisor<J> {
    /// Works until `stop` fires, through any number of lost connections and flushed databases.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut wait = FIRST_WAIT;
        while !stop.is_cancelled() {
            let begun = tokio::time::Instant::now();
            if let Err(error) = self.one_worker(&stop).await
                && !stop.is_cancelled()
            {
                tracing::warn!(queue = self.queue.name(), error, wait_ms = wait.as_millis(), "queue worker ended; building a new one");
            }
            wait = if begun.elapsed() > LONGEST_WAIT { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
            tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(wait) => {} }
        }
    }

    /// One apalis worker, from its connection to its end; returns once everything it started has finished.
    async fn one_worker(&self, stop: &CancellationToken) -> Result<(), String> {
        let conn = connection::open(&self.queue.settings).await.map_err(|error| error.to_string())?;
        let running = TaskTracker::new();
        let worked = tokio::select! {
            worked = self.drive(conn.clone(), running.clone(), stop.clone()) => worked,
            () = self.vacuum(conn) => Ok(()),
        };
        running.close();
        running.wait().await;
        worked
    }

    fn drive(&self, conn: ConnectionManager, running: TaskTracker, stop: CancellationToken) -> Driving {
        let (runner, handler, prefix, parking) = (self.runner, Arc::clone(&self.handler), self.queue.name(), conn.clone());
        let handle = move |payload: String| {
            let (handler, running, parking, prefix) = (Arc::clone(&handler), running.clone(), parking.clone(), prefix.clone());
            async move {
                // its own task: the end of this worker must not cut a handler off in the middle
                let handled = running.spawn(deliver(runner, handler, payload, parking, prefix));
                handled.await.map_err(std::io::Error::other)
            }
        };
        let worker = WorkerBuilder::new(worker_name())
            .backend(self.queue.storage(conn))
            .map_backend(|storage| PollWith::new(storage, SteadyPoll::every(POLL)))
            .layer(Gate(Arc::clone(&self.lines)))
            .build(handle);
        let stopped = async move {
            stop.cancelled().await;
            Ok::<(), std::io::Error>(())
        };
        Box::pin(worker.run_until(stopped).map(|worked| worked.map_err(|error| error.to_string())))
    }

    /// Removes finished tickets for as long as it is polled.
    async fn vacuum(&self, conn: ConnectionManager) {
        let mut every = tokio::time::interval(VACUUM);
        loop {
            every.tick().await;
            if let Err(error) = self.remove_finished(conn.clone()).await {
                tracing::debug!(queue = self.queue.name(), error, "finished tickets were not removed; trying again later");
            }
        }
    }

    async fn remove_finished(&self, mut conn: ConnectionManager) -> Result<(), String> {
        let config = self.queue.config();
        // apalis' own vacuum leaves the set of finished ids to grow
        let done: Vec<String> =
            redis::cmd("SPOP").arg(config.done_jobs_set()).arg(WINDOW * 4).query_async(&mut conn).await.map_err(|e| e.to_string())?;
        if done.is_empty() {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        pipe.cmd("HDEL").arg(config.job_data_hash()).arg(&done).ignore();
        for id in &done {
            pipe.cmd("DEL").arg(format!("{}:{id}", config.job_meta_hash())).ignore();
        }
        pipe.query_async::<()>(&mut conn).await.map_err(|e| e.to_string())
    }
}

/// Opens the envelope and runs the handler; a payload this binary cannot read is parked for a person.
async fn deliver<J: Envelope>(runner: Runner, handler: Arc<dyn Handler<J>>, payload: String, mut conn: ConnectionManager, queue: String) {
    match open::<J>(&payload) {
        Ok(job) => drop(runner.run(&handler, job).await),
        Err(error) => {
            tracing::warn!(queue, %error, "unreadable ticket parked");
            let key = format!("{queue}:parked");
            let mut parking = redis::pipe();
            parking.lpush(&key, payload).ignore().ltrim(&key, 0, 99).ignore();
            if let Err(error) = parking.query_async::<()>(&mut conn).await {
                tracing::warn!(queue, %error, "unreadable ticket could not be parked");
            }
        }
    }
}

/// Never used twice: a reused name is refused for minutes and hides dead workers.
fn worker_name() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "host".to_owned());
    format!("{host}-{}-{}", std::process::id(), uuid::Uuid::now_v7())
}
