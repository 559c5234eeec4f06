//! Calls the telephone company has accepted and still queues: a pause takes them back, and an opt-out does.
//!
//! The account starts two calls a second and is asked for far more, so that most of them wait at the provider.

use std::time::Duration;

use sqlx::postgres::PgConnection;

use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

use super::stage::campaign;

const LEADS: u32 = 60;
const RATE: f64 = 40.0;
const QUEUED: usize = 20;
const BEGIN: Duration = Duration::from_secs(60);
/// From the verb to the last call taken back; the queue is two calls a second, so those that had to wait would ring for ten
/// seconds and more.
const TAKEN_BACK: Duration = Duration::from_secs(5);

const SLOW: &str = "default_persona = \"quiet\"\n[twilio]\ncps = 2.0\n[pace]\nsetup_ms = 5\nring_ms = [20000, 20000]\n\
                    [personas.quiet]\nbehaviour = \"no_answer\"\n";

struct Fleet {
    deployment: Deployment,
    rows: PgConnection,
    _roles: Vec<crate::support::process::Process>,
}

impl Fleet {
    /// A campaign most of whose calls are queued at the provider. `schedulers` may be more than one: one is active.
    async fn with_a_long_queue(schedulers: usize) -> Self {
        let env = &[
            ("CALLFLEET__TWILIO__CALLS_PER_SECOND", "40.0"),
            ("CALLFLEET__WORKER__LINES", "100"),
            // whatever waits too long in the queue is taken back in any case, and that is not what is tried here
            ("CALLFLEET__DIALING__POLL_AFTER_MS", "60000"),
        ];
        let deployment = Deployment::start_on(Setup { scenario: Some(SLOW), env, ..Setup::default() }).await;
        let rows = deployment.database.connect().await;
        let (web, told) = deployment.role("web");
        let (worker, media) = deployment.role("worker");
        let (media, callbacks) = (vec![address(&media, "media")], vec![address(&told, "callbacks")]);
        deployment.proxy.serve(Backends { media, callbacks });
        let mut roles = vec![web, worker];
        roles.extend((0..schedulers).map(|_| deployment.role("scheduler").0));
        campaign(&deployment, LEADS, 100, RATE);
        let fleet = Self { deployment, rows, _roles: roles };
        until("the provider has a queue", BEGIN, async || (fleet.queued().len() >= QUEUED).then_some(())).await;
        fleet
    }

    fn truth(&self) -> Truth {
        Truth::read(&self.deployment.truth())
    }

    /// Calls that were made, do not ring and are not over.
    fn queued(&self) -> Vec<String> {
        let truth = self.truth();
        let waits = |sid: &&str| truth.end(sid).is_none() && !truth.rang(sid);
        truth.calls().into_iter().filter(waits).map(str::to_owned).collect()
    }

    async fn taken_back(&self, sids: &[String]) {
        until("they are taken back", TAKEN_BACK, async || {
            let truth = self.truth();
            sids.iter().all(|sid| truth.end(sid).is_some()).then_some(())
        })
        .await;
    }

    async fn count(&mut self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.rows).await.unwrap()
    }

    async fn remove(self) {
        sqlx::Connection::close(self.rows).await.unwrap();
        self.deployment.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_takes_back_what_the_provider_still_queues() {
    let mut fleet = Fleet::with_a_long_queue(2).await;
    fleet.deployment.verb("campaign pause spring");
    until("nothing is queued any more", TAKEN_BACK, async || fleet.queued().is_empty().then_some(())).await;
    let on_its_way = "SELECT COUNT(*) FROM attempt WHERE state IN ('ready', 'sending', 'unknown', 'placed')";
    until("nothing is on its way any more", BEGIN, async || (fleet.count(on_its_way).await == 0).then_some(())).await;

    let truth = fleet.truth();
    let (back, rang): (Vec<&str>, Vec<&str>) = truth.calls().into_iter().partition(|sid| !truth.rang(sid));
    println!("{} calls were taken back, {} had begun to ring", back.len(), rang.len());
    assert!(back.len() >= QUEUED / 2, "{} calls were taken back", back.len());
    assert!(back.iter().all(|sid| truth.end(sid).is_some_and(|(_, status)| status == "canceled")));
    let cut_off = rang.iter().filter(|sid| truth.end(sid).is_some_and(|(_, status)| status == "canceled")).count();
    assert!(cut_off <= 1, "{cut_off} phones rang and were taken back; one may begin to ring between the look and the request");
    let uncounted = "SELECT COUNT(*) FROM attempt a JOIN lead l ON l.id = a.lead_id
                     WHERE a.state = 'ended' AND a.call_sid IS NOT NULL AND a.placed_at IS NULL AND l.state = 'waiting' AND l.placed = 0";
    let wanted = i64::try_from(back.len()).unwrap();
    until("their leads wait again, uncounted", BEGIN, async || (fleet.count(uncounted).await == wanted).then_some(())).await;
    truth.assert_each_called_once();
    fleet.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opt_out_takes_back_a_queued_call_and_one_that_rings() {
    let mut fleet = Fleet::with_a_long_queue(1).await;
    let truth = fleet.truth();
    let live =
        |rings: bool| truth.calls().into_iter().rfind(|sid| truth.end(sid).is_none() && truth.rang(sid) == rings).unwrap().to_owned();
    let chosen = [live(true), live(false)];
    for sid in &chosen {
        fleet.deployment.verb(&format!("dnc add {} --opt-out", truth.number(sid)));
    }
    fleet.taken_back(&chosen).await;
    let truth = fleet.truth();
    assert!(chosen.iter().all(|sid| truth.end(sid).is_some_and(|(_, status)| status == "canceled")));
    let suppressed = "SELECT COUNT(*) FROM lead WHERE state = 'suppressed'";
    until("their leads are called no more", BEGIN, async || (fleet.count(suppressed).await == 2).then_some(())).await;
    assert!(fleet.queued().len() >= QUEUED / 2, "the others stay in the queue");
    fleet.remove().await;
}
