//! Ringing tickets, without ever waiting long for whoever carries them.
//!
//! A queue that does not answer costs a round one wait and no more: the round's bell remembers it. What was not rung keeps
//! its row, and the sweep rings it again when its lease is over.

use std::time::Duration;

use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::{JobQueue, QueueError};
use tokio::time::{Instant, timeout};

use crate::domain::ids::AttemptId;
use crate::lookout::Lookout;

/// What one round waits for its queue, all in all. Hundreds of tickets take a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bell of one round.
pub struct Bell<'q> {
    queue: &'q JobQueue<DialLead>,
    lookout: &'q Lookout,
    left: Duration,
    silent: bool,
}

impl<'q> Bell<'q> {
    /// `lookout` remembers from round to round whether the queue is silent.
    pub const fn of_round(queue: &'q JobQueue<DialLead>, lookout: &'q Lookout) -> Self {
        Self { queue, lookout, left: PATIENCE, silent: false }
    }

    /// Whether the queue failed in this round: nothing more is to be expected of it.
    pub const fn is_silent(&self) -> bool {
        self.silent
    }

    /// Tickets that nobody has taken yet; `None` when the queue does not say.
    pub async fn waiting(&mut self) -> Option<usize> {
        let asked = self.queue.waiting();
        self.wait(asked).await
    }

    /// Rings once each; a lost or refused ticket is rung again by the sweep.
    pub async fn ring_all(&mut self, sends: impl IntoIterator<Item = (AttemptId, u32)>) {
        let tickets: Vec<DialLead> = sends.into_iter().map(|(attempt, send_no)| DialLead { attempt: attempt.0, send_no }).collect();
        let wanted = tickets.len();
        if wanted == 0 || self.silent {
            return;
        }
        let rung = self.queue.push_all(tickets);
        if let Some(left) = self.wait(rung).await.map(|rung| wanted - rung).filter(|left| *left > 0) {
            tracing::debug!(left, "ticket window full; rung again later");
        }
    }

    async fn wait<T>(&mut self, answer: impl Future<Output = Result<T, QueueError>>) -> Option<T> {
        let begun = Instant::now();
        let problem = match timeout(self.left, answer).await {
            Ok(Ok(answer)) => {
                self.left = self.left.saturating_sub(begun.elapsed());
                if self.lookout.queue_answered() {
                    tracing::info!("the queue answers again");
                }
                return Some(answer);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        if self.lookout.queue_failed() {
            tracing::warn!(problem, "the queue does not answer; what was not rung is rung again once it does");
        }
        self.silent = true;
        None
    }
}
