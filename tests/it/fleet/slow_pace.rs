//! At one call a second a pacer without memory costs the first dial its wait before the claim, and not once more after it: the
//! first request is the one that is sent.

use std::time::Duration;

use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::trials::proxy::Backends;

use super::stage::{campaign, talkers};

const BEGIN: Duration = Duration::from_secs(60);
/// `dialing.send_window_ms`, and some time for the answer.
const SENT_WITHIN_MS: i64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_dial_after_idling_is_sent_at_once() {
    let people = talkers(1);
    let env = &[("CALLFLEET__TWILIO__CALLS_PER_SECOND", "1.0")];
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), env, ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (_worker, worker) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks: vec![address(&web, "callbacks")] });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, 1, 5, 1.0);

    let sql = "SELECT send_no, placed_at - intent_at FROM attempt WHERE placed_at IS NOT NULL";
    let (sends, took_ms): (i32, i64) =
        until("the call is placed", BEGIN, async || sqlx::query_as(sql).fetch_optional(&mut rows).await.unwrap()).await;
    println!("the first dial was placed {took_ms} ms after its claim");
    assert_eq!(sends, 1, "a send was given up");
    assert!(took_ms <= SENT_WITHIN_MS, "placed {took_ms} ms after the claim");
    sqlx::Connection::close(rows).await.unwrap();
    deployment.remove().await;
}
