//! Tickets through apalis and Redis.

use std::marker::PhantomData;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::queue::QueueError;
use crate::{Envelope, Handler, Runner};

/// A bounded queue in Redis. Clones share it.
#[derive(Debug, Clone)]
pub struct RedisQueue<J> {
    kind: PhantomData<J>,
}

impl<J: Envelope> RedisQueue<J> {
    pub(crate) async fn push(&self, _job: J) -> Result<(), QueueError> {
        Err(QueueError::Transport("not connected".to_owned()))
    }

    pub(crate) async fn waiting(&self) -> Result<usize, QueueError> {
        Err(QueueError::Transport("not connected".to_owned()))
    }

    pub(crate) async fn work(&self, _runner: Runner, _handler: Arc<dyn Handler<J>>, _lines: Arc<Semaphore>, _stop: CancellationToken) {}
}
