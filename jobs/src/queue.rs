//! One concrete queue over either transport: callers never see which.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::backend::{memory::MemoryQueue, redis::RedisQueue};
use crate::{Envelope, Handler, Runner};

/// A ticket that could not be rung. The row stays as it is and the sweep rings again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// The window is full: the workers have enough to do.
    #[error("the queue's window of {0} tickets is full")]
    Full(usize),
    /// The transport failed; ringing again later may help.
    #[error("the queue's transport failed: {0}")]
    Transport(String),
}

/// The work of a queue, to be driven by whoever owns it.
pub type Working = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tickets of one kind.
#[derive(Debug, Clone)]
pub enum JobQueue<J: Envelope> {
    /// Within this process.
    Memory(MemoryQueue<J>),
    /// Through apalis and Redis.
    Redis(RedisQueue<J>),
}

impl<J: Envelope> JobQueue<J> {
    /// Rings once.
    ///
    /// # Errors
    /// [`QueueError`] when the window is full or the transport fails.
    pub async fn push(&self, job: J) -> Result<(), QueueError> {
        match self {
            Self::Memory(queue) => queue.push(job),
            Self::Redis(queue) => queue.push(job).await,
        }
    }

    /// Rings many, as far as the window goes; how many were rung, from the first on.
    ///
    /// # Errors
    /// [`QueueError::Transport`]: none or some of them were rung.
    pub async fn push_all(&self, jobs: Vec<J>) -> Result<usize, QueueError> {
        match self {
            Self::Memory(queue) => Ok(jobs.into_iter().take_while(|job| queue.push(job.clone()).is_ok()).count()),
            Self::Redis(queue) => queue.push_all(jobs).await,
        }
    }

    /// Tickets that nobody has taken yet.
    ///
    /// # Errors
    /// [`QueueError::Transport`] when the transport does not answer.
    pub async fn waiting(&self) -> Result<usize, QueueError> {
        match self {
            Self::Memory(queue) => Ok(queue.waiting()),
            Self::Redis(queue) => queue.waiting().await,
        }
    }

    /// Takes and handles tickets until `stop` fires, then waits for what runs. Holds a permit of `lines` while it handles
    /// one, and fetches none without a permit.
    pub fn work(self, runner: Runner, handler: Arc<dyn Handler<J>>, lines: Arc<Semaphore>, stop: CancellationToken) -> Working {
        match self {
            Self::Memory(queue) => Box::pin(queue.work(runner, handler, lines, stop)),
            Self::Redis(queue) => Box::pin(queue.work(runner, handler, lines, stop)),
        }
    }
}
