//! One ticket: opened, handled, and taken out of Redis at once, by our own hand.
//!
//! apalis' own acknowledgements go through a channel of four that is emptied before a fetch and not after the stop, so a
//! worker that stops with more tickets in hand would never end; and a ticket that it acknowledged stays in Redis.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use apalis_core::task::task_id::TaskId;
use redis::Script;
use redis::aio::ConnectionManager;
use tokio::time::Instant;

use super::RedisQueue;
use crate::envelope::{Undeliverable, open};
use crate::{Envelope, Handler, Runner};

/// KEYS: the tickets in this worker's hand, all payloads, what else is known of this ticket. ARGV: the ticket. One that was
/// given to another worker meanwhile is left to that one.
static TAKE_OUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('SREM', KEYS[1], ARGV[1]) == 1 then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('DEL', KEYS[3])
end",
    )
});

/// It is over when none stayed for so long. Where one ticket in ten stays, its beginning and its end would be said in turn for ever.
const OVER_AFTER: Duration = Duration::from_secs(30);

/// Whether handled tickets stay in Redis, and when the last one did. That is said when it begins and when it is over, not of each ticket.
#[derive(Debug, Default)]
pub(super) struct Stays(Mutex<Option<Instant>>);

impl Stays {
    /// Notes what became of a ticket; whether that is news.
    fn is_news(&self, stays: bool) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stays {
            return last.replace(Instant::now()).is_none();
        }
        last.take_if(|last| last.elapsed() >= OVER_AFTER).is_some()
    }
}

/// What a worker does with each of its tickets.
pub(super) struct Delivery<J: Envelope> {
    pub(super) queue: RedisQueue<J>,
    pub(super) runner: Runner,
    pub(super) handler: Arc<dyn Handler<J>>,
    pub(super) conn: ConnectionManager,
    pub(super) worker: String,
    pub(super) stays: Arc<Stays>,
}

impl<J: Envelope> Delivery<J> {
    pub(super) async fn of(self: Arc<Self>, payload: String, ticket: TaskId) {
        match open::<J>(&payload) {
            Ok(job) => drop(self.runner.run(&self.handler, job).await),
            Err(error) => self.park(payload, &error).await,
        }
        self.take_out(&ticket).await;
    }

    /// A payload that this binary cannot read is kept for a person.
    async fn park(&self, payload: String, error: &Undeliverable) {
        let queue = self.queue.name();
        tracing::warn!(queue, %error, "unreadable ticket parked");
        let key = format!("{queue}:parked");
        let mut parking = redis::pipe();
        parking.lpush(&key, payload).ignore().ltrim(&key, 0, 99).ignore();
        if let Err(error) = parking.query_async::<()>(&mut self.conn.clone()).await {
            tracing::warn!(queue, %error, "unreadable ticket could not be parked");
        }
    }

    async fn take_out(&self, ticket: &TaskId) {
        let (config, ticket) = (self.queue.config(), ticket.to_string());
        let taken_out = TAKE_OUT
            .key(format!("{}:{}", config.inflight_jobs_set(), self.worker))
            .key(config.job_data_hash())
            .key(format!("{}:{ticket}", config.job_meta_hash()))
            .arg(&ticket)
            .invoke_async::<()>(&mut self.conn.clone())
            .await;
        self.tell(taken_out);
    }

    fn tell(&self, taken_out: redis::RedisResult<()>) {
        let queue = self.queue.name();
        let is_news = self.stays.is_news(taken_out.is_err());
        match taken_out {
            Err(error) if is_news => tracing::warn!(
                queue,
                %error,
                "handled tickets stay in Redis, which grows by them; they come again once this worker is gone; may its user write, and EVAL?"
            ),
            Err(error) => tracing::debug!(queue, %error, "another handled ticket stays in Redis"),
            Ok(()) if is_news => tracing::info!(queue, "handled tickets leave Redis again"),
            Ok(()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn that_tickets_stay_is_said_once_and_again_when_it_begins_anew() {
        let stays = Stays::default();
        let mut news = Vec::new();
        for (stay, then) in [(false, 0), (true, 0), (true, 30), (false, 0), (false, 0), (true, 30), (false, 0)] {
            news.push(stays.is_news(stay));
            tokio::time::advance(Duration::from_secs(then)).await;
        }
        assert_eq!(news, [false, true, false, true, false, true, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_ticket_in_ten_that_stays_is_no_beginning_and_no_end() {
        let stays = Stays::default();
        assert!(stays.is_news(true));
        for nth in 1..100 {
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(!stays.is_news(nth % 10 == 0), "ticket {nth}");
        }
    }
}
