//! A permit before a ticket: the worker asks the service whether it is ready before it fetches, so the gate holds a permit
//! by then.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;
use tower_layer::Layer;
use tower_service::Service;

/// Lets through as many calls as there are permits.
#[derive(Clone)]
pub(crate) struct Gate(pub(crate) Arc<Semaphore>);

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;
    fn layer(&self, inner: S) -> Gated<S> {
        Gated { inner, lines: PollSemaphore::new(Arc::clone(&self.0)), line: None }
    }
}

/// A service that holds a permit while it handles a ticket.
pub(crate) struct Gated<S> {
    inner: S,
    lines: PollSemaphore,
    line: Option<OwnedSemaphorePermit>,
}

impl<S, T> Service<T> for Gated<S>
where
    S: Service<T>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if self.line.is_none() {
            self.line = ready!(self.lines.poll_acquire(cx));
        }
        if self.line.is_none() {
            return Poll::Pending; // the semaphore was closed: nothing is let through any more
        }
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, ticket: T) -> Self::Future {
        let (line, handled) = (self.line.take(), self.inner.call(ticket));
        Box::pin(async move {
            let answer = handled.await;
            drop(line);
            answer
        })
    }
}
