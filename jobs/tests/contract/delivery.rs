//! Every ticket is handed out once, to no more hands than there are permits, and no more wait than the window holds.

use std::sync::atomic::Ordering;
use std::time::Duration;

use callfleet_jobs::QueueError;

use crate::support::{Probe, backends, start, ticket, told};

#[tokio::test(flavor = "multi_thread")]
async fn every_ticket_is_delivered() {
    for queue in backends().await {
        let (probe, mut tells) = Probe::new(Duration::ZERO, false);
        let (stop, worker) = start(&queue, &probe, 8);
        for n in 0..50 {
            queue.push(ticket(n)).await.unwrap();
        }
        assert_eq!(told(&mut tells, 50).await, (0..50).collect::<Vec<_>>(), "{queue:?}");
        assert_eq!(queue.waiting().await.unwrap(), 0);
        stop.cancel();
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrency_is_a_permit() {
    for queue in backends().await {
        let (probe, mut tells) = Probe::new(Duration::from_millis(30), false);
        for n in 0..20 {
            queue.push(ticket(n)).await.unwrap();
        }
        let (stop, worker) = start(&queue, &probe, 3);
        told(&mut tells, 20).await;
        let most = probe.most.load(Ordering::SeqCst);
        assert!((2..=3).contains(&most), "{most} at once on {queue:?}");
        stop.cancel();
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_one_ticket_and_is_not_redelivered() {
    for queue in backends().await {
        let (probe, mut tells) = Probe::new(Duration::ZERO, true);
        let (stop, worker) = start(&queue, &probe, 2);
        for n in 0..5 {
            queue.push(ticket(n)).await.unwrap();
        }
        assert_eq!(told(&mut tells, 5).await, vec![0, 1, 2, 3, 4], "{queue:?}");
        assert!(tokio::time::timeout(Duration::from_secs(2), tells.recv()).await.is_err(), "retries are rows, not redeliveries");
        stop.cancel();
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_bounded() {
    for queue in backends().await {
        for n in 0..500 {
            queue.push(ticket(n)).await.unwrap();
        }
        assert_eq!(queue.push(ticket(500)).await, Err(QueueError::Full(500)), "{queue:?}");
        assert_eq!(queue.waiting().await.unwrap(), 500);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_rung_at_once_as_far_as_the_window_goes() {
    for queue in backends().await {
        assert_eq!(queue.push_all((0..40).map(ticket).collect()).await.unwrap(), 40, "{queue:?}");
        assert_eq!(queue.push_all((0..600).map(ticket).collect()).await.unwrap(), 460, "{queue:?}");
        assert_eq!(queue.push_all((0..3).map(ticket).collect()).await.unwrap(), 0, "{queue:?}");
        assert_eq!(queue.waiting().await.unwrap(), 500);
    }
}
