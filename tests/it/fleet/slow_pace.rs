//! At one call a second a pacer without memory costs the next dial its wait before the claim, and not once more after it: the
//! first request is the one that is sent.

use std::time::Duration;

use uuid::Uuid;

use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::trials::proxy::Backends;

use super::stage::{campaign, talkers};

const LEADS: u32 = 12;
const BEGIN: Duration = Duration::from_secs(60);
/// Whatever a worker has in hand is over by then.
const IN_HAND: Duration = Duration::from_secs(3);

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
    campaign(&deployment, LEADS, 5, 1.0);

    // a process makes much ready for its first claim, and that is not what is tried here
    let somebody = "SELECT 1 FROM attempt WHERE placed_at IS NOT NULL LIMIT 1";
    until("somebody is called", BEGIN, async || sqlx::query(somebody).fetch_optional(&mut rows).await.unwrap()).await;
    deployment.verb("queue pause dial");
    tokio::time::sleep(IN_HAND).await;
    let armed = "SELECT id FROM attempt WHERE state = 'ready' AND send_no = 1";
    let armed: Vec<Uuid> = sqlx::query_scalar(armed).fetch_all(&mut rows).await.unwrap();
    assert!(!armed.is_empty(), "nobody was left to call");
    deployment.forget_pace().await;
    deployment.verb("queue resume dial");
    let sends: Vec<i32> = until("those that were armed are called", BEGIN, async || {
        let sql = "SELECT send_no FROM attempt WHERE id = ANY($1) AND placed_at IS NOT NULL ORDER BY placed_at";
        let sends = sqlx::query_scalar(sql).bind(&armed).fetch_all(&mut rows).await.unwrap();
        (sends.len() == armed.len()).then_some(sends)
    })
    .await;
    assert!(sends.iter().all(|sends| *sends == 1), "a send was given up: {sends:?}");
    sqlx::Connection::close(rows).await.unwrap();
    deployment.remove().await;
}
