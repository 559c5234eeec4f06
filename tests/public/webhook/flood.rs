//! Forgeries by the thousand beside true callbacks. How fast that is, `benches/webhook.rs` measures.

use tokio::task::JoinSet;

use crate::deployment::{Deployment, news};
use crate::webhook::case::{Case, Good, SID};
use crate::wire::Wire;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_forgeries_keeps_no_true_callback_out() {
    let deployment = Deployment::start(None).await;
    let good = Good::ringing(&deployment, deployment.sending().await);
    let mut flood = JoinSet::new();
    for n in 0..8 {
        let (mut wire, forged) = (Wire::to(deployment.addr), forgery(&good, n));
        flood.spawn(async move {
            for _ in 0..500 {
                assert!(matches!(forged.send(&mut wire).await, 403 | 404), "{}", forged.why);
            }
        });
    }
    let mut wire = Wire::to(deployment.addr);
    for n in 0..40 {
        let sid = format!("CA{n:032}");
        let call = Good { path: deployment.path(deployment.sending().await), fields: news(&sid, "ringing", 1) };
        assert_eq!(call.case("a true callback").send(&mut wire).await, 204);
    }
    while let Some(done) = flood.join_next().await {
        done.unwrap();
    }
    assert!(!deployment.effects().await.contains(SID), "a forgery was taken");
    deployment.stop().await;
}

fn forgery(good: &Good, n: usize) -> Case {
    match n % 2 {
        0 => Case { path: format!("{}x", &good.path[..good.path.len() - 1]), ..good.case("a wrong path code") },
        _ => good.with("a wrong signature", b"CallSid=CA1&CallStatus=completed".to_vec(), "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    }
}
