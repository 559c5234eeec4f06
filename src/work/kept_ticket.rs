//! A ticket in a worker's hand while its dial waits for a turn of the pacer. At a slow pace, or while the provider is full, that
//! can take longer than the ticket's lease; a second ticket would take a turn of its own and waste it. So its lease is renewed.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::domain::ids::AttemptId;
use crate::store::Store;

/// A ticket whose lease is renewed while something is waited for.
pub(super) struct KeptTicket<'a> {
    pub store: &'a Store,
    pub attempt: AttemptId,
    pub send_no: u32,
    pub lease: Duration,
}

impl KeptTicket<'_> {
    /// Waits for `turn`. Nothing is written when it comes within half a lease. `None`: the ticket is for nothing any more, and waits
    /// no longer for a turn that it would waste.
    pub async fn until<T>(&self, turn: impl Future<Output = T>) -> Option<T> {
        let half = (self.lease / 2).max(Duration::from_millis(1));
        let mut renewals = interval_at(Instant::now() + half, half);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(turn);
        loop {
            tokio::select! {
                biased;
                done = &mut turn => return Some(done),
                _ = renewals.tick() => if !self.renew().await { return None },
            }
        }
    }

    async fn renew(&self) -> bool {
        self.store.keep_ticket(self.attempt, self.send_no, self.lease).await.unwrap_or_else(|error| {
            tracing::warn!(attempt.id = %self.attempt, %error, "a ticket's lease was not renewed; another one may be rung");
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dialing::DialTimings;
    use crate::store::StoreError;
    use crate::store::contract::fixtures::{at, attempt, campaign, lead};
    use crate::store::contract::support::on_both_engines;
    use crate::store::db::on_db;
    use crate::store::dial::{Swept, SweptRow};

    /// A renewal may come half a lease late.
    const LEASE: Duration = Duration::from_secs(4);

    on_both_engines! {
        async fn nobody_rings_while_somebody_waits_and_then_somebody_does(store: Store) {
            let campaign = campaign(&store, "slow").await;
            let attempt = attempt(&store, campaign, lead(&store, campaign, 1).await).await;
            let running: Result<(), StoreError> = on_db!(store.db, write, tx => {
                sqlx::query("UPDATE campaign SET state = 'running'").execute(&mut *tx).await?;
                sqlx::query("UPDATE attempt SET state = 'ready', send_no = 1").execute(tx).await?;
                Ok(())
            });
            running.unwrap();
            assert!(store.keep_ticket(attempt, 1, LEASE).await.unwrap());
            let timings = DialTimings { ticket_lease: LEASE, ..DialTimings::default() };
            let sweeper = store.clone();
            let sweeps = tokio::spawn(async move {
                let (begun, mut rung) = (Instant::now(), Vec::new());
                while begun.elapsed() < LEASE * 3 / 2 {
                    rung.extend(sweeper.sweep(10, &timings, at(0)).await.unwrap());
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                rung
            });
            let ticket = KeptTicket { store: &store, attempt, send_no: 1, lease: LEASE };
            assert_eq!(ticket.until(sweeps).await.unwrap().unwrap(), []);
            tokio::time::sleep(LEASE).await;
            let rung = store.sweep(10, &timings, at(0)).await.unwrap();
            assert_eq!(rung, [SweptRow { attempt, swept: Swept::Ring { send_no: 1 } }]);
            assert!(!store.keep_ticket(attempt, 2, Duration::ZERO).await.unwrap());
            let other = KeptTicket { send_no: 2, ..ticket };
            assert!(other.until(std::future::pending::<()>()).await.is_none(), "it waits for nothing");
            assert_eq!(store.sweep(10, &timings, at(0)).await.unwrap(), [], "the ticket of another send");
        }
    }
}
