//! `kill -9` of the one process in mid-campaign, and `callfleet up` again: the campaign goes on, and no phone rings twice.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::support::database::until;
use crate::support::embedded::{ANY_HOUR, Embedded};

const LEADS: usize = 24;
const CALLS_BEGIN: Duration = Duration::from_secs(30);
const ALL_END: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(20);
/// Everybody talks for some seconds, and it rings for a while before: at any moment calls are in every state.
const PEOPLE: &str = "default_persona = \"talks\"\n[twilio]\ncps = 100.0\n[pace]\nsetup_ms = 100\nring_ms = [300, 1200]\nms_per_word = 110\n\
    [personas.talks]\nhello = \"Hello?\"\nhangs_up_after = { ms = 3000 }\nrules = [{ when = \"any\", say = \"Go on please.\" }]\n";

/// One try each: who is called a second time was called twice for one attempt.
fn campaign() -> String {
    format!(
        "caller_numbers = [\"+14155550200\"]\nmax_duration_s = 60\n[pace]\ncalls_per_second = 5.0\nlines = 12\n[caps]\nattempts = 1\n{ANY_HOUR}"
    )
}

fn list() -> String {
    let mut list = String::from("external_id,phone_number,timezone,consent_basis\n");
    for n in 0..LEADS {
        writeln!(list, "lead-{n},+1415{},America/Los_Angeles,web_form", 5_550_000 + n).unwrap();
    }
    list
}

#[tokio::test]
async fn a_killed_process_goes_on_and_rings_nobody_twice() {
    let deployment = Embedded::start(PEOPLE);
    let mut up = deployment.up();
    deployment.begin(&campaign(), &list());
    until("people talk, others wait", CALLS_BEGIN, async || {
        let truth = deployment.truth();
        (truth.talking().len() >= 2 && truth.calls().len() >= 6).then_some(())
    })
    .await;
    up.kill();
    let called = deployment.truth().calls().len();
    assert!(called < LEADS, "everybody had been called already");

    let mut up = deployment.up();
    until("every lead has its end", ALL_END, async || {
        let status: Value = serde_json::from_str(&deployment.verb("campaign status spring --json")).unwrap();
        let open = |state: &str| status["leads"][state].as_u64().unwrap_or(0);
        (open("new") + open("active") + open("waiting") == 0).then_some(())
    })
    .await;
    up.terminate();
    assert!(up.ended(END).success());

    let truth = deployment.truth();
    truth.assert_one_call_at_a_time();
    let twice: Vec<_> = truth.calls_by_number().into_iter().filter(|(_, calls)| *calls > 1).collect();
    assert!(twice.is_empty(), "called more than once: {twice:?}");
    assert!(truth.calls().len() > called, "the campaign did not go on");
    every_call_is_one_attempts(&deployment, &truth.calls()).await;
}

/// What rang is what the rows know, and every attempt was closed.
async fn every_call_is_one_attempts(deployment: &Embedded, rang: &BTreeSet<&str>) {
    let file = deployment.folder().join("data/callfleet.db");
    let mut rows = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let sids: Vec<String> =
        sqlx::query_scalar("SELECT call_sid FROM attempt WHERE call_sid IS NOT NULL").fetch_all(&mut rows).await.unwrap();
    assert_eq!(sids.len(), rang.len(), "calls in the rows, and calls that were made");
    assert!(sids.iter().all(|sid| rang.contains(sid.as_str())), "{sids:?} and {rang:?}");
    let open = "SELECT COUNT(*) FROM attempt WHERE state NOT IN ('ended', 'withdrawn', 'absent')";
    assert_eq!(sqlx::query_scalar::<_, i64>(open).fetch_one(&mut rows).await.unwrap(), 0, "attempts that nobody closed");
    rows.close().await.unwrap();
}
