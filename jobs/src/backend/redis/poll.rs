//! When to look for tickets: an interval that is armed anew until it is pending, so that no wake-up is ever lost.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy};
use tokio::time::{Instant, Sleep};

/// Wakes the worker at a steady interval.
pub(crate) struct SteadyPoll {
    every: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl SteadyPoll {
    pub(crate) fn every(every: Duration) -> Self {
        Self { every, sleep: Box::pin(tokio::time::sleep(every)) }
    }
}

impl PollStrategy for SteadyPoll {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        while self.sleep.as_mut().poll(cx).is_ready() {
            let next = Instant::now() + self.every;
            self.sleep.as_mut().reset(next);
        }
        Poll::Pending
    }
}
