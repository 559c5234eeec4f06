//! A worker that stops ends what it has in hand and takes nothing new.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::{Handler, Verdict};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::support::{PATIENCE, Probe, backends, start, ticket, told, work};

/// Has as many tickets in hand as it gets, until the stop ends them all at once: dials that wait for their turns.
struct UntilStopped {
    stop: CancellationToken,
    in_hand: watch::Sender<u32>,
}

#[async_trait]
impl Handler<DialLead> for UntilStopped {
    async fn handle(&self, _: DialLead) -> Verdict {
        self.in_hand.send_modify(|in_hand| *in_hand += 1);
        self.stop.cancelled().await;
        Verdict::Done
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_waits_for_what_runs_and_takes_nothing_new() {
    for queue in backends().await {
        let (probe, mut tells) = Probe::new(Duration::from_millis(300), false);
        let (stop, worker) = start(&queue, &probe, 1);
        queue.push(ticket(1)).await.unwrap();
        while probe.running.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        queue.push(ticket(2)).await.unwrap();
        stop.cancel();
        tokio::time::timeout(PATIENCE, worker).await.expect("drained").unwrap();
        assert_eq!(told(&mut tells, 1).await, vec![1], "{queue:?}");
        assert_eq!(queue.waiting().await.unwrap(), 1, "the second ticket waits for another worker on {queue:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_ends_however_many_end_at_once() {
    const IN_HAND: u32 = 24;
    for queue in backends().await {
        let (stop, (count, mut in_hand)) = (CancellationToken::new(), watch::channel(0));
        let handler = Arc::new(UntilStopped { stop: stop.clone(), in_hand: count });
        let worker = work(&queue, handler, IN_HAND as usize, &stop);
        assert_eq!(queue.push_all((0..IN_HAND).map(ticket).collect()).await.unwrap(), IN_HAND as usize);
        let all = tokio::time::timeout(PATIENCE, in_hand.wait_for(|in_hand| *in_hand == IN_HAND)).await;
        assert!(all.is_ok_and(|seen| seen.is_ok()), "{queue:?} did not hand everything out");
        stop.cancel();
        let drained = tokio::time::timeout(PATIENCE, worker).await;
        assert!(drained.is_ok_and(|ended| ended.is_ok()), "{queue:?} was not drained");
    }
}
