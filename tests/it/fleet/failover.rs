//! PostgreSQL's primary dies for good in the middle of calls, and its synchronous standby is promoted: no intent to dial is
//! forgotten, and what the new server shows as not sent is looked up before anybody sends it.
//!
//! Only commits that the standby has are told: an asynchronous one would lack the last of them, and nothing here protects from that.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

use super::outage::{Running, running_on};
use super::stage::{all_written, campaign, import, nobody_was_cut_off, outcomes, talkers, talking};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup};
use crate::support::servers::{Durability, Postgres};
use crate::support::truth::Truth;
use crate::trials::proxy::{Backends, Proxy};

/// People who talk while the server dies.
const CALLS: u32 = 3;
/// Those and whoever is still to be called then; theirs are busy.
const LEADS: u32 = 8;
const BEGIN: Duration = Duration::from_secs(60);
const TALK: Duration = Duration::from_secs(20);
/// From the promotion to the last outcome: the calls in progress, and what is looked up and then called.
const ALL: Duration = Duration::from_secs(90);
/// A pace at which dials wait for their turns, armed and unsent; and as in production a missed beat or two is no death.
const SLOW: [(&str, &str); 2] = [("CALLFLEET__TWILIO__CALLS_PER_SECOND", "1.0"), ("CALLFLEET__DIALING__HOLDER_DEAD_AFTER_MS", "15000")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_synchronous_standby_loses_no_call_and_calls_nobody_twice() {
    let (homes, database) = ([tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()], Proxy::start().await);
    let (mut primary, standby) = pair(homes[0].path(), homes[1].path()).await;
    lead_to(&database, &primary);
    let (server, people) = (format!("postgres://postgres@{}/postgres", database.addr()), people());
    let setup = Setup { postgres: Some(server), scenario: Some(&people), env: &SLOW, ..Setup::default() };
    let Running { deployment, scheduler, .. } = &running_on(setup).await;
    campaign(deployment, CALLS, LEADS, 1.0);
    let mut rows = deployment.database.connect().await;
    let sids = talking(&mut rows, CALLS as usize, BEGIN).await;
    import(deployment, CALLS..LEADS);
    let before = life(&mut rows).await;
    some_wait_for_their_turn(&mut rows).await;

    primary.kill();
    let died = Instant::now();
    let armed = promote(deployment, &standby).await;
    lead_to(&database, &standby);
    println!("the standby served {:?} after the primary's death, {} attempts armed and unsent", died.elapsed(), armed.len());
    let truth = Truth::read(&deployment.truth());
    assert!(sids.iter().all(|sid| truth.end(sid).is_none()), "a call ended with the database");

    let mut rows = deployment.database.connect().await;
    outcomes(&mut rows, i64::from(LEADS), ALL).await;
    println!("everybody was called and all was written {:?} after the primary's death", died.elapsed());
    nobody_was_cut_off(deployment, &sids, TALK);
    all_written(&mut rows, &sids, TALK).await;
    let truth = Truth::read(&deployment.truth());
    truth.assert_each_called_once();
    assert_eq!(truth.calls().len(), LEADS as usize, "somebody was not called");
    assert_ne!(life(&mut rows).await, before, "nobody noticed that another server answers");
    assert!(scheduler.has_said("the database was promoted or restored"));
    none_was_sent(&mut rows, &armed).await;
}

/// A primary whose commits wait for its standby, and the standby.
async fn pair(home: &Path, other_home: &Path) -> (Postgres, Postgres) {
    let primary = Postgres::start(home, Durability::Process);
    let mut admin = PgConnection::connect(&primary.url()).await.unwrap();
    admin.execute("CREATE ROLE replicator LOGIN REPLICATION").await.unwrap();
    let standby = Postgres::standby(&primary, other_home);
    // not before there is one, and not among the settings that the standby copies: alone, it would wait for a standby of its own
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await.unwrap();
    admin.execute("SELECT pg_reload_conf()").await.unwrap();
    let waits = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
    until("commits wait for the standby", BEGIN, async || sqlx::query(waits).fetch_optional(&mut admin).await.unwrap()).await;
    (primary, standby)
}

/// The address that the fleet knows is this server's from now on.
fn lead_to(database: &Proxy, server: &Postgres) {
    // whoever does not ask for media, and PostgreSQL's clients do not
    database.serve(Backends { media: Vec::new(), callbacks: vec![server.address()] });
}

fn people() -> String {
    let talkers = talkers(u32::try_from(TALK.as_secs()).unwrap());
    let busy = (CALLS..LEADS).map(|n| format!("[[numbers]]\nmatch = \"+1415555{n:04}\"\npersona = \"busy\"\n"));
    format!("{talkers}[personas.busy]\nbehaviour = \"busy\"\n{}", busy.collect::<String>())
}

/// Two at least, so that one is left when a turn comes in this very moment.
async fn some_wait_for_their_turn(rows: &mut PgConnection) {
    let sql = "SELECT COUNT(*) FROM attempt WHERE state = 'ready'";
    until("two wait for their turns", BEGIN, async || {
        let ready: i64 = sqlx::query_scalar(sql).fetch_one(&mut *rows).await.unwrap();
        (ready >= 2).then_some(())
    })
    .await;
}

/// Promotes the standby; what it shows as armed and not sent, before anybody else asks it.
async fn promote(deployment: &Deployment, standby: &Postgres) -> Vec<Uuid> {
    let mut url = url::Url::parse(&deployment.database.url()).unwrap();
    url.set_port(Some(standby.address().port())).unwrap();
    let mut rows = PgConnection::connect(url.as_str()).await.unwrap();
    let promoted: bool = sqlx::query_scalar("SELECT pg_promote()").fetch_one(&mut rows).await.unwrap();
    assert!(promoted, "the standby was not promoted");
    let armed: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM attempt WHERE state = 'ready'").fetch_all(&mut rows).await.unwrap();
    assert!(!armed.is_empty(), "nobody waited for a turn");
    armed
}

/// Which server the rows say wrote them.
async fn life(rows: &mut PgConnection) -> String {
    sqlx::query_scalar("SELECT life FROM database_life WHERE name = 'rows'").fetch_one(rows).await.unwrap()
}

/// What was armed on the old server was looked up at the provider, not sent: those people were called by another attempt.
async fn none_was_sent(rows: &mut PgConnection, armed: &[Uuid]) {
    let sql = "SELECT DISTINCT state FROM attempt WHERE id = ANY($1)";
    let states: Vec<String> = sqlx::query_scalar(sql).bind(armed).fetch_all(rows).await.unwrap();
    assert_eq!(states, ["absent"], "what became of attempts that were armed on the old server");
}
