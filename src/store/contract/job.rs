//! Jobs: enqueued once, claimed by one, ended by who claimed last.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::fixtures::at;
use super::support::on_both_engines;
use crate::domain::ids::JobId;
use crate::domain::time::Timestamp;
use crate::store::job::{ClaimedJob, JobEnd, JobState, NewJob};
use crate::store::{Change, Store};

const LEASE: Duration = Duration::from_secs(60);

on_both_engines! {
    async fn a_key_is_enqueued_once(store: Store) {
        let first = store.enqueue_job(job("finish_call", "a"), at(0)).await.unwrap();
        assert!(first.is_some());
        assert_eq!(store.enqueue_job(job("finish_call", "a"), at(1)).await.unwrap(), None);
        assert!(store.enqueue_job(job("collect_batch", "a"), at(1)).await.unwrap().is_some(), "another kind");
        let stored = store.job("finish_call", "a").await.unwrap().unwrap();
        assert_eq!((Some(stored.id), stored.state, stored.payload.as_str()), (first, JobState::Queued, "{}"));
    }

    async fn a_job_is_claimed_by_one_when_it_is_due(store: Store) {
        for n in 0..20 {
            store.enqueue_job(job("finish_call", &n.to_string()), at(0)).await.unwrap();
        }
        assert_eq!(store.claim_jobs(&["finish_call"], LEASE, 9, at(99)).await.unwrap(), [], "not due yet");
        assert_eq!(store.claim_jobs(&["other", "and another"], LEASE, 9, at(100)).await.unwrap(), [], "another's kind");
        let claims = join_all((0..8).map(|_| claim(&store, 4, at(100)))).await.concat();
        let ids: HashSet<JobId> = claims.iter().map(|job| job.id).collect();
        assert_eq!(ids.len(), claims.len(), "nothing was claimed twice");
        let rest = claim(&store, 20, at(100)).await;
        assert_eq!(claims.len() + rest.len(), 20, "nothing was lost");
        assert!(claims.iter().all(|job| (job.attempts, job.claim_no) == (1, 1)));
    }

    async fn a_verdict_is_written_once(store: Store) {
        let claimed = claimed(&store).await;
        assert_eq!(store.end_job(&claimed, JobEnd::Done, at(200)).await.unwrap(), Some(JobState::Done));
        assert_eq!(store.end_job(&claimed, JobEnd::Dead("late"), at(201)).await.unwrap(), None);
        assert_eq!(store.claim_jobs(&["finish_call"], LEASE, 9, at(999)).await.unwrap(), []);
    }

    async fn snoozing_costs_no_try_and_retrying_does(store: Store) {
        let first = claimed(&store).await;
        assert_eq!(store.end_job(&first, JobEnd::Snooze(at(500)), at(200)).await.unwrap(), Some(JobState::Queued));
        assert_eq!(claim(&store, 1, at(499)).await, []);
        let second = claim(&store, 1, at(500)).await.remove(0);
        assert_eq!((second.attempts, second.claim_no), (1, 2));
        let retry = JobEnd::Retry { error: "timeout", at: at(600) };
        assert_eq!(store.end_job(&second, retry, at(501)).await.unwrap(), Some(JobState::Queued));
        let third = claim(&store, 1, at(600)).await.remove(0);
        assert_eq!(third.attempts, 2);
        assert_eq!(store.end_job(&third, retry, at(601)).await.unwrap(), Some(JobState::Dead), "two tries were allowed");
        assert_eq!(store.job("finish_call", "a").await.unwrap().unwrap().last_error.as_deref(), Some("timeout"));
    }

    async fn a_lapsed_claim_cannot_end_the_next_one(store: Store) {
        store.enqueue_job(job("finish_call", "a"), at(0)).await.unwrap();
        let slow = store.claim_jobs(&["finish_call"], Duration::ZERO, 1, at(100)).await.unwrap().remove(0);
        let next = until_claimed(&store).await;
        assert_eq!((next.id, next.claim_no), (slow.id, slow.claim_no + 1));
        assert!(!store.renew_job(&slow, LEASE).await.unwrap());
        assert_eq!(store.end_job(&slow, JobEnd::Done, at(101)).await.unwrap(), None);
        assert!(store.renew_job(&next, LEASE).await.unwrap());
        assert_eq!(store.end_job(&next, JobEnd::Done, at(102)).await.unwrap(), Some(JobState::Done));
    }

    async fn jobs_that_are_done_end_together_each_for_its_own_claim(store: Store) {
        for n in 0..4 {
            store.enqueue_job(job("finish_call", &n.to_string()), at(0)).await.unwrap();
        }
        let mut claims = claim(&store, 4, at(100)).await;
        claims[3].claim_no += 1; // as if somebody else had it
        assert_eq!(store.end_done_jobs(&claims, at(101)).await.unwrap(), 3);
        assert_eq!(store.end_done_jobs(&claims, at(102)).await.unwrap(), 0);
        assert_eq!(store.end_done_jobs(&[], at(103)).await.unwrap(), 0);
        let mut states = Vec::new();
        for n in 0..4 {
            let job = store.job("finish_call", &n.to_string()).await.unwrap().unwrap();
            states.push((job.id == claims[3].id, job.state));
        }
        assert_eq!(states.iter().filter(|(other, state)| *state == if *other { JobState::Running } else { JobState::Done }).count(), 4);
    }

    async fn a_paused_queue_gives_nothing(store: Store) {
        store.enqueue_job(job("finish_call", "a"), at(0)).await.unwrap();
        assert!(!store.set_queue_paused("finish_call", false, "ada", at(1)).await.unwrap(), "it runs already");
        assert!(store.set_queue_paused("finish_call", true, "ada", at(1)).await.unwrap());
        assert!(!store.set_queue_paused("finish_call", true, "ada", at(2)).await.unwrap(), "it is paused already");
        assert!(store.is_queue_paused("finish_call").await.unwrap() && !store.is_queue_paused("dial").await.unwrap());
        assert_eq!(claim(&store, 1, at(100)).await, []);
        assert!(store.set_queue_paused("finish_call", false, "ada", at(3)).await.unwrap());
        assert_eq!(claim(&store, 1, at(100)).await.len(), 1);
        assert_eq!(store.queue_controls().await.unwrap().len(), 1);
        assert_eq!(store.audits(Some("queue/finish_call"), 9).await.unwrap().len(), 2);
    }

    async fn an_operator_revives_the_dead(store: Store) {
        let dead = claimed(&store).await;
        assert_eq!(store.retry_job(dead.id, "ada", at(150)).await.unwrap(), Change::Was(JobState::Running));
        store.end_job(&dead, JobEnd::Dead("bad payload"), at(200)).await.unwrap();
        assert_eq!(store.count_jobs().await.unwrap(), [("finish_call".to_owned(), JobState::Dead, 1)]);
        assert_eq!(store.jobs(Some("finish_call"), Some(JobState::Dead), None, 9).await.unwrap().len(), 1);
        assert_eq!(store.jobs(None, None, Some(dead.id), 9).await.unwrap(), []);
        assert!(store.retry_job(dead.id, "ada", at(300)).await.unwrap().is_changed());
        let again = claim(&store, 1, at(300)).await.remove(0);
        assert_eq!(again.attempts, 1, "with all its tries");
        store.end_job(&again, JobEnd::Dead("bad payload"), at(301)).await.unwrap();
        assert_eq!(store.retry_dead_jobs(Some("other"), "ada", at(302)).await.unwrap(), 0);
        assert_eq!(store.retry_dead_jobs(None, "ada", at(302)).await.unwrap(), 1);
        assert_eq!(store.retry_job(JobId::new(), "ada", at(303)).await.unwrap(), Change::Missing);
    }
}

fn job<'a>(kind: &'a str, key: &'a str) -> NewJob<'a> {
    NewJob { kind, key, payload: "{}", run_at: at(100), max_attempts: 2 }
}

async fn claim(store: &Store, limit: u32, now: Timestamp) -> Vec<ClaimedJob> {
    store.claim_jobs(&["finish_call"], LEASE, limit, now).await.unwrap()
}

async fn claimed(store: &Store) -> ClaimedJob {
    store.enqueue_job(job("finish_call", "a"), at(0)).await.unwrap();
    claim(store, 1, at(100)).await.remove(0)
}

/// A lease of no length lapses with the database clock's next millisecond.
async fn until_claimed(store: &Store) -> ClaimedJob {
    loop {
        if let Some(job) = claim(store, 1, at(100)).await.pop() {
            return job;
        }
    }
}
