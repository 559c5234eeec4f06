//! Tickets within one process: a bounded channel.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::queue::QueueError;
use crate::{Envelope, Handler, Runner};

/// A bounded queue in memory. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryQueue<J> {
    send: mpsc::Sender<J>,
    take: Arc<Mutex<mpsc::Receiver<J>>>,
    window: usize,
}

impl<J: Envelope> MemoryQueue<J> {
    /// A queue of at most `window` tickets.
    #[must_use]
    pub fn new(window: usize) -> Self {
        let (send, take) = mpsc::channel(window);
        Self { send, take: Arc::new(Mutex::new(take)), window }
    }

    /// Takes every ticket that waits now, first to last; for whoever works them itself.
    pub async fn take_all(&self) -> Vec<J> {
        let mut take = self.take.lock().await;
        std::iter::from_fn(|| take.try_recv().ok()).collect()
    }

    pub(crate) fn push(&self, job: J) -> Result<(), QueueError> {
        self.send.try_send(job).map_err(|_| QueueError::Full(self.window))
    }

    pub(crate) fn waiting(&self) -> usize {
        self.window - self.send.capacity()
    }

    pub(crate) async fn work(self, runner: Runner, handler: Arc<dyn Handler<J>>, lines: Arc<Semaphore>, stop: CancellationToken) {
        let mut running = JoinSet::new();
        while let Some((job, line)) = next(&self.take, &lines, &stop).await {
            let handler = Arc::clone(&handler);
            running.spawn(async move {
                runner.run(&handler, job).await;
                drop(line);
            });
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    }
}

async fn next<J>(
    take: &Mutex<mpsc::Receiver<J>>,
    lines: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(J, tokio::sync::OwnedSemaphorePermit)> {
    let fetch = async {
        let line = Arc::clone(lines).acquire_owned().await.ok()?;
        let job = take.lock().await.recv().await?;
        Some((job, line))
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        next = fetch => next,
    }
}
