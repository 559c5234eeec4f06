//! PostgreSQL is away for longer than the protocol waits for anything: the agent talks on, nobody hangs up, nobody is called
//! meanwhile, and when it is back every outcome is written and those who waited are called.

use std::time::{Duration, Instant, SystemTime};

use super::outage::{Running, running_on};
use super::stage::{all_over, all_written, campaign, import, nobody_was_cut_off, outcomes, talkers, talking};
use crate::support::fleet::{Deployment, Setup};
use crate::support::servers::{Durability, Postgres};
use crate::support::truth::Truth;

/// People who talk all the time, one on each line.
const CALLS: u32 = 4;
/// People who wait for a line when the database goes; theirs are busy.
const WAITING: u32 = 2;
const BEGIN: Duration = Duration::from_secs(60);
/// How long people talk besides: until the last one is there, and on when the database is back.
const BESIDES: Duration = Duration::from_secs(40);
/// From the end of the calls to the last outcome.
const WRITTEN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_longer_than_every_wait_of_the_protocol_ends_no_live_call() {
    // the longest of the shortened waits is that for a call that nobody can find, 12 s
    nobody_notices(Duration::from_secs(15), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes two minutes: ./test a_minute_without_the_database_ends_no_live_call --run-ignored only --no-capture"]
async fn a_minute_without_the_database_ends_no_live_call() {
    nobody_notices(Duration::from_secs(60), true).await;
}

async fn nobody_notices(away: Duration, as_shipped: bool) {
    let home = tempfile::tempdir().unwrap();
    let (mut postgres, talk) = (Postgres::start(home.path(), Durability::Process), away + BESIDES);
    let people = people(talk);
    let setup = Setup { postgres: Some(postgres.url()), scenario: Some(&people), as_shipped, ..Setup::default() };
    let Running { deployment, .. } = &running_on(setup).await;
    campaign(deployment, CALLS, CALLS, 20.0);
    let sids = talking(&mut deployment.database.connect().await, CALLS as usize, BEGIN).await;
    import(deployment, CALLS..CALLS + WAITING);
    greeted(deployment, &sids).await;

    postgres.stop();
    let gone = now_ms();
    tokio::time::sleep(away).await;
    let truth = Truth::read(&deployment.truth());
    assert!(sids.iter().all(|sid| truth.end(sid).is_none()), "a call ended with the database");
    assert_eq!(truth.calls().len(), CALLS as usize, "somebody was called without a row");
    let back = now_ms();
    postgres.start_again();
    all_over(deployment, &sids, talk).await;
    let over = Instant::now();

    let mut rows = deployment.database.connect().await;
    outcomes(&mut rows, i64::from(CALLS + WAITING), WRITTEN).await;
    println!("{CALLS} calls went on through {away:?} without PostgreSQL; all was written and called {:?} after their ends", over.elapsed());
    nobody_was_cut_off(deployment, &sids, talk);
    the_agent_spoke(deployment, &sids, gone, back);
    all_written(&mut rows, &sids, talk).await;
    let truth = Truth::read(&deployment.truth());
    truth.assert_each_called_once();
    assert_eq!(truth.calls().len(), (CALLS + WAITING) as usize, "those who waited were called");
}

/// A first sentence is longer than those that follow: whoever has heard it hears the next one within half of the outage.
async fn greeted(deployment: &Deployment, sids: &[String]) {
    let begun = Instant::now();
    while sids.iter().any(|sid| Truth::read(&deployment.truth()).heard_at(sid).is_empty()) {
        assert!(begun.elapsed() < BEGIN, "somebody was not greeted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn people(talk: Duration) -> String {
    let talkers = talkers(u32::try_from(talk.as_secs()).unwrap());
    let busy = (CALLS..CALLS + WAITING).map(|n| format!("[[numbers]]\nmatch = \"+1415555{n:04}\"\npersona = \"busy\"\n"));
    format!("{talkers}[personas.busy]\nbehaviour = \"busy\"\n{}", busy.collect::<String>())
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// Each callee heard the agent in the first half of the outage, in the second, and after it.
fn the_agent_spoke(deployment: &Deployment, sids: &[String], gone: i64, back: i64) {
    let (truth, half) = (Truth::read(&deployment.truth()), gone.midpoint(back));
    for sid in sids {
        let heard = truth.heard_at(sid);
        for (part, span) in [("first half", gone..half), ("second half", half..back), ("time after", back..i64::MAX)] {
            assert!(heard.iter().any(|at| span.contains(at)), "{sid} heard nothing in the {part} of {gone}..{back}: {heard:?}");
        }
    }
}
