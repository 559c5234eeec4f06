//! A callee was handed to a person, and the worker that rang them is killed or stops: the two talk on as long as they like, the outcome
//! is written, and nobody is rung twice.

use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::stage::{campaign_with, outcomes};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::process::Process;
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

const PERSON: &str = "+14155550300";
/// Far longer than a worker's heart may stand still here.
const TALK: Duration = Duration::from_secs(25);
const BEGIN: Duration = Duration::from_secs(60);
/// A worker that stops and holds no call.
const DRAINED: Duration = Duration::from_secs(20);
const END: Duration = Duration::from_secs(60);
const PEOPLE: &str = r#"
default_persona = "asks_for_person"
[twilio]
cps = 100.0
[pace]
setup_ms = 20
ring_ms = [100, 300]
ms_per_word = 110
patience_ms = 60000
[[numbers]]
match = "+14155550300"
persona = "person"
[personas.asks_for_person]
rules = [
  { when = "sales desk", say = "Hello there, I have a question.", times = 1 },
  { when = "any", say = "Can I talk to a real person please?", times = 1 },
]
[personas.person]
hello = "Sales desk, how can I help?"
hangs_up_after = { ms = 25000 }
"#;

/// Two people who talk, and the worker that brought them together.
struct HandedOver {
    deployment: Deployment,
    rows: PgConnection,
    worker: Process,
    web: String,
    _others: [Process; 2],
}

impl HandedOver {
    async fn begin() -> Self {
        let deployment = Deployment::start_on(Setup { scenario: Some(PEOPLE), ..Setup::default() }).await;
        let mut rows = deployment.database.connect().await;
        let (web_process, web) = deployment.role("web");
        let (worker, media) = deployment.role("worker");
        serve(&deployment, &web, &media);
        let (scheduler, _) = deployment.role("scheduler");
        campaign_with(&format!("transfer_to = \"{PERSON}\"\n"), &deployment, 1, 1, 10.0);
        let handed_off = "SELECT id FROM attempt WHERE state = 'handed_off'";
        until("the callee has a person", BEGIN, async || sqlx::query(handed_off).fetch_optional(&mut rows).await.unwrap()).await;
        Self { deployment, rows, worker, web, _others: [web_process, scheduler] }
    }

    fn still_talk(&self) -> bool {
        Truth::read(&self.deployment.truth()).talking().len() == 2
    }

    /// Both talked until the person had to go, and the rows say so.
    async fn over_in_order(mut self) {
        outcomes(&mut self.rows, 1, END).await;
        let truth = Truth::read(&self.deployment.truth());
        truth.assert_each_called_once();
        truth.assert_one_call_at_a_time();
        let leg = truth.calls().into_iter().find(|sid| truth.number(sid) == PERSON).unwrap();
        let talked = truth.talked_ms(leg).unwrap();
        assert!(u128::try_from(talked).unwrap() + 200 >= TALK.as_millis(), "they were cut off after {talked} ms");
        assert!(truth.heard(leg).contains("I have a question"), "they hear each other: {truth:?}");
        let sql = "SELECT disposition, holder_died FROM attempt";
        let attempts: Vec<(String, bool)> = sqlx::query_as(sql).fetch_all(&mut self.rows).await.unwrap();
        assert_eq!(attempts, [("transferred".to_owned(), false)]);
        self.rows.close().await.unwrap();
        self.deployment.remove().await;
    }
}

/// Callbacks go to `web`, media to one worker.
fn serve(deployment: &Deployment, web: &str, worker: &str) {
    deployment.proxy.serve(Backends { media: vec![address(worker, "media")], callbacks: vec![address(web, "callbacks")] });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_talk_on_when_the_worker_that_brought_them_together_is_killed() {
    let mut talk = HandedOver::begin().await;
    talk.worker.kill();
    let (_survivor, media) = talk.deployment.role("worker");
    serve(&talk.deployment, &talk.web, &media);
    talk.over_in_order().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_stops_does_not_wait_for_two_people_who_talk() {
    let mut talk = HandedOver::begin().await;
    let begun = Instant::now();
    talk.worker.terminate();
    assert!(talk.worker.ended(DRAINED).success(), "it ended in order");
    println!("the worker had ended after {:?}", begun.elapsed());
    assert!(talk.still_talk());
    // outcomes are a worker's to write
    let (_survivor, media) = talk.deployment.role("worker");
    serve(&talk.deployment, &talk.web, &media);
    talk.over_in_order().await;
}
