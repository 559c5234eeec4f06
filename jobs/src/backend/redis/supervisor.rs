//! The loop around an apalis worker: one backend error ends a worker for good, so a new one is built, under a new name,
//! after what ran has finished.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use apalis_core::backend::ext::poll_strategy::PollWith;
use apalis_core::task::task_id::TaskId;
use apalis_core::worker::builder::WorkerBuilder;
use futures_util::FutureExt;
use redis::aio::ConnectionManager;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::RedisQueue;
use super::connection;
use super::delivery::{Delivery, Stays};
use super::gate::Gate;
use super::poll::SteadyPoll;
use crate::{Envelope, Handler, Runner};

/// Between two looks of an idle worker; half of this is the mean pick-up time.
const POLL: Duration = Duration::from_millis(15);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

type Driving = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

pub(super) struct Supervisor<J: Envelope> {
    pub(super) queue: RedisQueue<J>,
    pub(super) runner: Runner,
    pub(super) handler: Arc<dyn Handler<J>>,
    pub(super) lines: Arc<Semaphore>,
    /// Outlives the workers: a new one says nothing that was said.
    pub(super) stays: Arc<Stays>,
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
        let worked = self.drive(conn, running.clone(), stop.clone()).await;
        running.close();
        running.wait().await;
        worked
    }

    fn drive(&self, conn: ConnectionManager, running: TaskTracker, stop: CancellationToken) -> Driving {
        let delivery = Arc::new(self.delivery(conn.clone()));
        let worker = WorkerBuilder::new(delivery.worker.as_str())
            .backend(self.queue.storage(conn))
            .map_backend(|storage| PollWith::new(storage, SteadyPoll::every(POLL)))
            .layer(Gate(Arc::clone(&self.lines)))
            .build(move |payload: String, ticket: TaskId| {
                // its own task: the end of this worker must not cut a handler off in the middle
                let delivered = running.spawn(Arc::clone(&delivery).of(payload, ticket));
                async move { delivered.await.map_err(std::io::Error::other) }
            });
        let stopped = async move {
            stop.cancelled().await;
            Ok::<(), std::io::Error>(())
        };
        Box::pin(worker.run_until(stopped).map(|worked| worked.map_err(|error| error.to_string())))
    }

    fn delivery(&self, conn: ConnectionManager) -> Delivery<J> {
        let (queue, runner, handler) = (self.queue.clone(), self.runner, Arc::clone(&self.handler));
        Delivery { queue, runner, handler, conn, worker: worker_name(), stays: Arc::clone(&self.stays) }
    }
}

/// Never used twice: a reused name is refused for minutes and hides dead workers.
fn worker_name() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "host".to_owned());
    format!("{host}-{}-{}", std::process::id(), uuid::Uuid::now_v7())
}
