//! Two workers are gone at once, one killed and one frozen with its sockets open: the calls of both end within the promised
//! time, by the times as they are shipped, with what was said until then.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;

use super::stage::{campaign, import, outcomes, talking};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::process::Process;
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

/// Calls of each of the two.
const CALLS: u32 = 2;
const BEGIN: Duration = Duration::from_secs(60);
/// From the loss of a worker until its calls have ended at the telephone company and have their outcome.
const RECOVERED: Duration = Duration::from_secs(30);
/// They say yes to everything, and stand any silence.
const PATIENT: &str = "default_persona = \"talks\"\n[twilio]\ncps = 100.0\n\
    [pace]\nsetup_ms = 20\nring_ms = [100, 300]\nms_per_word = 110\npatience_ms = 120000\n\
    [personas.talks]\nhello = \"Hello?\"\nrules = [{ when = \"any\", say = \"Go on please.\" }]\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_a_killed_and_of_a_frozen_worker_end_within_thirty_seconds() {
    let deployment = Deployment::start_on(Setup { scenario: Some(PATIENT), as_shipped: true, ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (_scheduler, _) = deployment.role("scheduler");
    let (mut killed, media) = deployment.role("worker");
    serve(&deployment, &web, &media);
    campaign(&deployment, CALLS, 2 * CALLS, 20.0);
    talking(&mut rows, CALLS as usize, BEGIN).await;
    let (frozen, media) = deployment.role("worker");
    serve(&deployment, &web, &media);
    import(&deployment, CALLS..2 * CALLS);
    let sids = talking(&mut rows, 2 * CALLS as usize, BEGIN).await;
    assert_eq!(holders(&mut rows).await, 2, "each of the two holds calls");
    let (_survivor, media) = deployment.role("worker");
    serve(&deployment, &web, &media);

    until("all of them were understood", BEGIN, async || {
        let sql = "SELECT COUNT(*) FROM attempt WHERE state = 'talking' AND draft_outcome IS NOT NULL AND slots IS NOT NULL";
        let drafts: i64 = sqlx::query_scalar(sql).fetch_one(&mut rows).await.unwrap();
        (drafts == i64::from(2 * CALLS)).then_some(())
    })
    .await;

    let lost = Instant::now();
    lose(&mut killed, &frozen);
    until("their calls have ended", RECOVERED, async || {
        let truth = Truth::read(&deployment.truth());
        sids.iter().all(|sid| truth.end(sid).is_some()).then_some(())
    })
    .await;
    println!("the calls of a killed and of a frozen worker had ended {:?} after their loss", lost.elapsed());
    outcomes(&mut rows, i64::from(2 * CALLS), RECOVERED.saturating_sub(lost.elapsed())).await;
    println!("and had their outcome after {:?}", lost.elapsed());

    Truth::read(&deployment.truth()).assert_each_called_once();
    let sql = "SELECT COUNT(*) FROM attempt WHERE holder_died AND disposition = CAST(draft_outcome AS JSON) ->> 'disposition'";
    let buried: i64 = sqlx::query_scalar(sql).fetch_one(&mut rows).await.unwrap();
    assert_eq!(buried, i64::from(2 * CALLS), "their outcome is what was said before the holder died");
    sqlx::Connection::close(rows).await.unwrap();
    deployment.remove().await;
}

/// Callbacks go to `web`, media to one worker.
fn serve(deployment: &Deployment, web: &str, worker: &str) {
    deployment.proxy.serve(Backends { media: vec![address(worker, "media")], callbacks: vec![address(web, "callbacks")] });
}

fn lose(killed: &mut Process, frozen: &Process) {
    frozen.freeze();
    killed.kill();
}

/// How many workers hold a call.
async fn holders(rows: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT COUNT(DISTINCT held_by) FROM attempt WHERE state = 'talking'").fetch_one(rows).await.unwrap()
}
