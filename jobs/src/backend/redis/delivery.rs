//! One ticket: opened, handled, and taken out of Redis at once, by our own hand.
//!
//! apalis' own acknowledgements go through a channel of four that is emptied before a fetch and not after the stop, so a
//! worker that stops with more tickets in hand would never end; and a ticket that it acknowledged stays in Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apalis_core::task::task_id::TaskId;
use redis::aio::ConnectionManager;

use super::RedisQueue;
use crate::envelope::{Undeliverable, open};
use crate::{Envelope, Handler, Runner};

/// KEYS: the tickets in this worker's hand, all payloads, what else is known of this ticket. ARGV: the ticket. One that was
/// given to another worker meanwhile is left to that one.
const TAKE_OUT: &str = "if redis.call('SREM', KEYS[1], ARGV[1]) == 1 then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('DEL', KEYS[3])
end";

/// Whether handled tickets stay in Redis. That is said when it begins and when it is over, not of each ticket.
#[derive(Debug, Default)]
pub(super) struct Stays(AtomicBool);

impl Stays {
    /// Notes what became of a ticket; whether that is news.
    fn is_news(&self, stays: bool) -> bool {
        self.0.swap(stays, Ordering::Relaxed) != stays
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
        let taken_out = redis::Script::new(TAKE_OUT)
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

    #[test]
    fn that_tickets_stay_is_said_once_and_again_when_it_begins_anew() {
        let stays = Stays::default();
        let news = [false, true, true, false, false, true].map(|fails| stays.is_news(fails));
        assert_eq!(news, [false, true, false, true, false, true]);
    }
}
