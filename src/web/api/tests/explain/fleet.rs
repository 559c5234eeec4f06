//! A campaign that dials, and how each of its gates is closed.

use std::sync::Arc;
use std::time::Duration;

use callfleet_jobs::JobQueue;
use callfleet_jobs::backend::memory::MemoryQueue;
use serde_json::{Value, json};

use super::super::bench::Bench;
use crate::clock::{Clock, SystemClock};
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::ids::WorkerId;
use crate::domain::obstacle::Obstacle;
use crate::domain::time::Timestamp;
use crate::lookout::Lookout;
use crate::store::StoreError;
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::dnc::ReadList;
use crate::store::lead::LeadFilter;
use crate::store::lease::{Lease, SCHEDULER};
use crate::store::worker::{NewWorker, WorkerState};

pub const EXPLAIN: &str = "/v1/campaigns/spring/explain";
pub const LONG: Duration = Duration::from_secs(600);

/// A clock that is a minute behind, however long the answer takes.
struct Late;

impl Clock for Late {
    fn now(&self) -> Timestamp {
        SystemClock.now() - Duration::from_millis(60_500)
    }
}

/// A campaign that dials: with a scheduler and two workers.
pub struct Fleet {
    pub bench: Bench,
    pub scheduler: Lease,
    pub workers: [WorkerId; 2],
}

impl Fleet {
    pub async fn dialing() -> Self {
        let (bench, workers) = (Bench::with_campaign().await, [WorkerId::new(), WorkerId::new()]);
        assert_eq!(bench.post("/v1/campaigns/spring/start").await["status"], 200);
        for id in workers {
            let new = NewWorker { id, host: "here", version: "1", lines: 5 };
            bench.store.register_worker(new, SystemClock.now()).await.unwrap();
        }
        let scheduler = bench.store.acquire_lease(SCHEDULER, WorkerId::new(), LONG).await.unwrap().unwrap();
        Self { bench, scheduler, workers }
    }

    pub async fn says(&self, process: WorkerId, obstacle: Obstacle, holds: Duration) {
        self.bench.store.say_obstacle(process, obstacle, "as it saw it", holds).await.unwrap();
    }

    pub async fn set(&self, key: &str, value: &str) {
        let changed = self.bench.json("PATCH", "/v1/campaigns/spring", &json!({ "set": { key: value } })).await;
        assert_eq!(changed["status"], 200, "{changed}");
    }

    /// Somebody was called then, and it is over.
    pub async fn called(&self, at: &str) {
        let store = &self.bench.store;
        let lead = store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].id;
        let campaign = store.campaign_by_name("spring").await.unwrap().unwrap().id;
        let (attempt, at) = (fixtures::attempt(store, campaign, lead).await, at.parse::<Timestamp>().unwrap());
        let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
            let sql = "UPDATE attempt SET state = 'ended', placed_at = $2, state_at = $2 WHERE id = $1";
            sqlx::query(sql).bind(attempt).bind(at).execute(tx).await?;
            Ok(())
        });
        done.unwrap();
    }

    /// Closes a gate. A new gate has to be met here too.
    pub async fn meet(&self, gate: CampaignGate) {
        let (bench, store) = (&self.bench, &self.bench.store);
        match gate {
            CampaignGate::Campaign => _ = bench.post("/v1/campaigns/spring/pause").await,
            CampaignGate::Settings => {
                let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
                    sqlx::query("UPDATE campaign SET agent_version_id = NULL").execute(tx).await?;
                    Ok(())
                });
                done.unwrap();
            }
            CampaignGate::DncAge => {
                let list = ReadList { name: "old", registry: None, scrub_date: "2020-01-01" };
                fixtures::dnc_list(store, list, SystemClock.now()).await;
            }
            CampaignGate::Queue => _ = bench.post("/v1/queues/dial/pause").await,
            CampaignGate::Scheduler => assert!(store.release_lease(&self.scheduler).await.unwrap()),
            CampaignGate::Lines => {
                for worker in self.workers {
                    assert!(store.set_worker_state(worker, WorkerState::Draining).await.unwrap());
                }
            }
            CampaignGate::Clock => {
                let queue = JobQueue::Memory(MemoryQueue::new(1));
                let lookout = Lookout::new(store.clone(), self.scheduler.holder, Arc::new(Late), queue);
                lookout.look_at_clock().await.unwrap();
            }
            CampaignGate::Tickets => self.says(self.scheduler.holder, Obstacle::Queue, LONG).await,
            CampaignGate::Provider => self.says(WorkerId::new(), Obstacle::Provider, LONG).await,
            CampaignGate::Budget => {
                self.set("budget_usd", "0.000001").await;
                let lead = store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].id;
                let campaign = store.campaign_by_name("spring").await.unwrap().unwrap().id;
                // a call that reserves more
                fixtures::attempt(store, campaign, lead).await;
            }
            // as the breaker sees it, until it comes round to halt the campaign
            CampaignGate::Breaker => {
                self.set("breaker.min_calls", "1").await;
                self.called("2026-11-23T18:00:00Z").await;
                let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
                    sqlx::query("UPDATE attempt SET disposition = 'failed'").execute(tx).await?;
                    Ok(())
                });
                done.unwrap();
            }
            CampaignGate::Hours => self.set("hours.monday", "08:00-09:00").await,
            CampaignGate::Pace => {
                self.set("pace.calls_per_second", "0.00333").await;
                self.called("2026-11-23T17:59:00Z").await;
            }
        }
    }

    pub async fn explained(&self) -> Value {
        self.bench.get(EXPLAIN).await["body"].clone()
    }

    pub async fn gate(&self, gate: CampaignGate) -> Value {
        self.explained().await["gates"].as_array().unwrap().iter().find(|told| told["gate"] == gate.as_str()).unwrap().clone()
    }
}
