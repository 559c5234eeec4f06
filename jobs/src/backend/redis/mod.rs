//! Tickets through apalis and Redis, with the settings under which apalis-redis 1.0 keeps the promises.
//!
//! Each rule answers a measured defect: a bounded window (8,000 due jobs wedge a queue for good), batches of one (a busy
//! worker with a batch is declared dead and its jobs run twice), no locks and no events (O(n) per fetch), no acknowledgements
//! of its own (a worker that stops with five tickets in hand waits for ever, and finished tickets are kept), a poll strategy
//! that cannot lose a wake-up, a new worker name per start (a reused one is refused for minutes and hides dead workers),
//! and a supervisor, because one backend error ends an apalis worker.

mod connection;
mod delivery;
mod gate;
mod poll;
mod supervisor;

use std::marker::PhantomData;
use std::sync::Arc;

use apalis_core::backend::TaskSink;
use apalis_redis::{Config, RedisStorage};
pub use connection::RedisSettings;
pub(crate) use connection::open as open_connection;
use redis::aio::ConnectionManager;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::envelope::seal;
use crate::queue::QueueError;
use crate::{Envelope, Handler, Runner};

/// Most tickets that may wait in Redis at once, whoever rings.
pub const WINDOW: usize = 500;

/// A bounded queue in Redis. Clones share it.
#[derive(Clone)]
pub struct RedisQueue<J> {
    settings: RedisSettings,
    conn: ConnectionManager,
    kind: PhantomData<fn() -> J>,
}

impl<J: Envelope> std::fmt::Debug for RedisQueue<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisQueue").field("queue", &self.name()).finish_non_exhaustive()
    }
}

impl<J: Envelope> RedisQueue<J> {
    /// Connects.
    ///
    /// # Errors
    /// [`QueueError::Transport`] when Redis does not answer.
    pub async fn connect(settings: RedisSettings) -> Result<Self, QueueError> {
        let conn = connection::open(&settings).await?;
        Ok(Self { settings, conn, kind: PhantomData })
    }

    pub(crate) async fn push(&self, job: J) -> Result<(), QueueError> {
        match self.push_all(vec![job]).await? {
            0 => Err(QueueError::Full(WINDOW)),
            _ => Ok(()),
        }
    }

    /// One look at the window, then one script for all.
    pub(crate) async fn push_all(&self, mut jobs: Vec<J>) -> Result<usize, QueueError> {
        jobs.truncate(WINDOW.saturating_sub(self.waiting().await?));
        let payloads: Result<Vec<String>, _> = jobs.iter().map(seal).collect();
        let payloads = payloads.map_err(|error| QueueError::Transport(error.to_string()))?;
        self.storage(self.conn.clone()).push_bulk(payloads).await.map_err(|error| QueueError::Transport(error.to_string()))?;
        Ok(jobs.len())
    }

    pub(crate) async fn waiting(&self) -> Result<usize, QueueError> {
        let (config, mut conn) = (self.config(), self.conn.clone());
        let (scheduled, active): (usize, usize) = redis::pipe()
            .zcard(config.scheduled_jobs_set())
            .llen(config.active_jobs_list())
            .query_async(&mut conn)
            .await
            .map_err(|error| QueueError::Transport(error.to_string()))?;
        Ok(scheduled + active)
    }

    pub(crate) async fn work(self, runner: Runner, handler: Arc<dyn Handler<J>>, lines: Arc<Semaphore>, stop: CancellationToken) {
        supervisor::Supervisor { queue: self, runner, handler, lines, stays: Arc::default() }.run(stop).await;
    }

    fn name(&self) -> String {
        format!("{}:{}", self.settings.prefix, J::KIND)
    }

    fn config(&self) -> Config {
        Config::default().queue(self.name()).batch_size(1).lock_tasks(false).emit_events(false).persist_results(false)
    }

    fn storage(&self, conn: ConnectionManager) -> RedisStorage<String> {
        RedisStorage::new(conn).with_config(self.config())
    }
}
