//! Every gate before a campaign can be met, and is explained with its rule, what it sees and when it opens by itself.

use std::sync::Arc;
use std::time::Duration;

use callfleet_jobs::JobQueue;
use callfleet_jobs::backend::memory::MemoryQueue;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::clock::{Clock, SystemClock};
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::ids::WorkerId;
use crate::domain::not_permitted::NotPermitted;
use crate::domain::obstacle::Obstacle;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::lookout::Lookout;
use crate::store::StoreError;
use crate::store::codec::JsonText;
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::dnc::ReadList;
use crate::store::lead::LeadFilter;
use crate::store::lease::{Lease, SCHEDULER};
use crate::store::worker::{NewWorker, WorkerState};

const EXPLAIN: &str = "/v1/campaigns/spring/explain";
const LONG: Duration = Duration::from_secs(600);

/// A clock that is a minute behind, however long the answer takes.
struct Late;

impl Clock for Late {
    fn now(&self) -> Timestamp {
        SystemClock.now() - Duration::from_millis(60_500)
    }
}

/// A campaign that dials: with a scheduler and two workers.
struct Fleet {
    bench: Bench,
    scheduler: Lease,
    workers: [WorkerId; 2],
}

impl Fleet {
    async fn dialing() -> Self {
        let (bench, workers) = (Bench::with_campaign().await, [WorkerId::new(), WorkerId::new()]);
        assert_eq!(bench.post("/v1/campaigns/spring/start").await["status"], 200);
        for id in workers {
            let new = NewWorker { id, host: "here", version: "1", lines: 5 };
            bench.store.register_worker(new, SystemClock.now()).await.unwrap();
        }
        let scheduler = bench.store.acquire_lease(SCHEDULER, WorkerId::new(), LONG).await.unwrap().unwrap();
        Self { bench, scheduler, workers }
    }

    async fn says(&self, process: WorkerId, obstacle: Obstacle, holds: Duration) {
        self.bench.store.say_obstacle(process, obstacle, "as it saw it", holds).await.unwrap();
    }

    async fn set(&self, key: &str, value: &str) {
        let changed = self.bench.json("PATCH", "/v1/campaigns/spring", &json!({ "set": { key: value } })).await;
        assert_eq!(changed["status"], 200, "{changed}");
    }

    /// Somebody was called then, and it is over.
    async fn called(&self, at: &str) {
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
    async fn meet(&self, gate: CampaignGate) {
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

    async fn explained(&self) -> Value {
        self.bench.get(EXPLAIN).await["body"].clone()
    }

    async fn gate(&self, gate: CampaignGate) -> Value {
        self.explained().await["gates"].as_array().unwrap().iter().find(|told| told["gate"] == gate.as_str()).unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_gate_is_met_and_explained() {
    let open = Fleet::dialing().await.explained().await;
    assert_eq!(open["answer"], "2 leads are due and 0 calls are under way; dialing goes on as lines and pace allow");
    for gate in CampaignGate::ALL.iter().copied() {
        let fleet = Fleet::dialing().await;
        fleet.meet(gate).await;
        let (explained, told) = (fleet.explained().await, fleet.gate(gate).await);
        assert!(!told["rule"].as_str().unwrap().is_empty() && !told["value"].as_str().unwrap().is_empty(), "{told}");
        let before = open["gates"].as_array().unwrap().iter().find(|before| before["gate"] == gate.as_str()).unwrap();
        assert_eq!((&before["open"], &before["opens_at"]), (&json!(true), &Value::Null));
        assert_eq!(told["open"], false, "{told}");
        let answer = explained["answer"].as_str().unwrap();
        assert!(answer.starts_with("nothing new is dialed: ") && answer.contains(told["value"].as_str().unwrap()), "{answer}");
        let by_itself = matches!(gate, CampaignGate::Provider | CampaignGate::Hours | CampaignGate::Pace);
        assert_eq!(told["opens_at"].is_string(), by_itself, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_are_due_outside_their_hours_wait_whoever_else_is_inside() {
    let fleet = Fleet::dialing().await;
    let list = "phone_number,timezone,consent_basis\n+12125550100,America/New_York,web form\n";
    assert_eq!(fleet.bench.text("POST", "/v1/campaigns/spring/imports?file_name=ny.csv", list).await["status"], 201);
    // it is ten in Los Angeles and one in New York
    fleet.set("hours.monday", "10:30-20:00").await;
    let store = &fleet.bench.store;
    let answer = async |eastern_is_due_at: &str| {
        let due_at = eastern_is_due_at.parse::<Timestamp>().unwrap();
        let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
            sqlx::query("UPDATE lead SET next_attempt_at = $1 WHERE phone_number = '+12125550100'").bind(due_at).execute(tx).await?;
            Ok(())
        });
        done.unwrap();
        fleet.explained().await["answer"].as_str().unwrap().to_owned()
    };
    let none = "nothing new is dialed: 1 of 3 leads to call is inside their calling hours, but none of the 2 that are due; opens";
    assert_eq!(answer("2026-11-23T19:00:00Z").await, format!("{none} 2026-11-23T18:30:00Z"), "when it opens for who is due");
    assert_eq!(answer("2026-11-23T18:20:00Z").await, format!("{none} 2026-11-23T18:20:00Z"), "when who is inside is due");
    assert_eq!(
        answer("2026-11-23T18:00:00Z").await,
        "3 leads are due, 1 of them inside their calling hours, and 0 calls are under way; dialing goes on as lines and pace allow"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_open_before_anybody_of_them_is_due_are_waited_for_until_then() {
    let fleet = Fleet::dialing().await;
    let list = "phone_number,timezone,consent_basis\n+12125550100,America/New_York,web form\n";
    assert_eq!(fleet.bench.text("POST", "/v1/campaigns/spring/imports?file_name=ny.csv", list).await["status"], 201);
    // nobody is inside: it is ten in Los Angeles, and one in New York
    fleet.set("hours.monday", "10:30-12:00").await;
    let due_at = "2026-11-23T18:45:00Z".parse::<Timestamp>().unwrap();
    let done: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
        sqlx::query("UPDATE lead SET next_attempt_at = $1 WHERE phone_number <> '+12125550100'").bind(due_at).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
    let answer = "nothing new is dialed: 0 of 3 leads to call are inside their calling hours; opens 2026-11-23T18:45:00Z";
    assert_eq!(fleet.explained().await["answer"], answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_opening_is_told_of_leads_that_are_never_called_nor_one_before_a_lead_is_due() {
    let fleet = Fleet::dialing().await;
    let list = "phone_number,timezone,consent_basis\n+81312345678,Asia/Tokyo,web form\n";
    assert_eq!(fleet.bench.text("POST", "/v1/campaigns/spring/imports?file_name=jp.csv", list).await["status"], 201);
    // ten in Los Angeles; in Tokyo it opens at midnight UTC
    fleet.set("hours.monday", "08:00-09:00").await;
    let due_at = "2026-11-25T20:00:00Z".parse::<Timestamp>().unwrap();
    let later: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
        sqlx::query("UPDATE lead SET next_attempt_at = $1 WHERE phone_number <> '+81312345678'").bind(due_at).execute(tx).await?;
        Ok(())
    });
    later.unwrap();
    let answer = async || fleet.explained().await["answer"].as_str().unwrap().to_owned();
    let of_those_called = "nothing new is dialed: 0 of 2 leads to call are inside their calling hours, and nobody is due before \
        2026-11-25T20:00:00Z; opens 2026-11-25T20:00:00Z";
    assert_eq!(answer().await, of_those_called, "a country that the campaign does not call");
    fleet.set("countries", "any").await;
    let all = "nothing new is dialed: 0 of 3 leads to call are inside their calling hours; opens 2026-11-24T00:00:00Z";
    assert_eq!(answer().await, all);
    let mut countries = NotPermitted::default();
    let tokyo = PhoneNumber::from_e164("+81312345678").unwrap();
    countries.add(&tokyo, "spring", "the provider refused a call with code 21215");
    let refused: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
        sqlx::query("UPDATE campaign SET not_permitted = $1").bind(JsonText(&countries)).execute(tx).await?;
        Ok(())
    });
    refused.unwrap();
    assert_eq!(answer().await, of_those_called, "a country that the provider has refused");
    let explained = fleet.explained().await;
    assert_eq!((explained["hours"].as_array().unwrap().len(), &explained["due_now"]), (1, &json!(0)), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_with_nobody_left_but_those_it_does_not_call_says_so_and_what_ends_it() {
    let fleet = Fleet::dialing().await;
    let list = "phone_number,timezone,consent_basis\n+81312345678,Asia/Tokyo,web form\n";
    assert_eq!(fleet.bench.text("POST", "/v1/campaigns/spring/imports?file_name=jp.csv", list).await["status"], 201);
    let command = "callfleet campaign drain spring";
    let warnings = async || fleet.bench.get("/v1/campaigns/spring").await["body"]["warnings"].to_string();
    let explained = fleet.explained().await;
    assert!(!explained.to_string().contains(command) && !warnings().await.contains(command), "two are called: {explained}");
    for (state, is_told) in [("active", false), ("finished", true)] {
        let moved: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
            sqlx::query("UPDATE lead SET state = $1 WHERE phone_number <> '+81312345678'").bind(state).execute(tx).await?;
            Ok(())
        });
        moved.unwrap();
        let explained = fleet.explained().await;
        let answer = explained["answer"].as_str().unwrap();
        assert_eq!(answer.contains(command), is_told, "{state}: {answer}");
        assert!(answer.starts_with("nobody is left to call"), "{state}: {answer}");
        assert_eq!(warnings().await.contains(command), is_told, "{state}");
        assert!(!explained["warnings"].to_string().contains(command), "it is not told twice: {explained}");
    }
    fleet.bench.post("/v1/queues/dial/pause").await;
    let explained = fleet.explained().await;
    assert!(explained["answer"].as_str().unwrap().contains("the dial queue is paused"), "{explained}");
    assert!(explained["warnings"].to_string().contains(command), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_campaign_that_drains_only_promised_callbacks_are_due() {
    let fleet = Fleet::dialing().await;
    assert_eq!(fleet.bench.post("/v1/campaigns/spring/drain").await["status"], 200);
    let told = "only promised callbacks are still called: nobody is left to call";
    assert_eq!(fleet.explained().await["answer"], told, "both leads are due, and will not be called");
    let at = "2026-11-23T20:00:00Z".parse::<Timestamp>().unwrap();
    let promised: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
        let sql = "UPDATE lead SET state = 'waiting', next_kind = 'callback', next_attempt_at = $1 WHERE phone_number = '+14155550100'";
        sqlx::query(sql).bind(at).execute(tx).await?;
        Ok(())
    });
    promised.unwrap();
    let explained = fleet.explained().await;
    let told = "only promised callbacks are still called: nobody is due now; the next one is at 2026-11-23T20:00:00Z";
    assert_eq!((&explained["answer"], &explained["due_now"]), (&json!(told), &json!(0)), "{explained}");
    assert_eq!((&explained["hours"][0]["leads"], &explained["waiting"][1]["leads"]), (&json!(1), &json!(1)), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn free_lines_are_those_the_dispatcher_has() {
    let fleet = Fleet::dialing().await;
    let lines = async || fleet.gate(CampaignGate::Lines).await["value"].clone();
    let store = &fleet.bench.store;
    assert_eq!(lines().await, "10 of 10 lines of 2 workers are free");
    let lead = store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].id;
    let campaign = store.campaign_by_name("spring").await.unwrap().unwrap().id;
    let attempt = fixtures::attempt(store, campaign, lead).await;
    assert_eq!(lines().await, "9 of 10 lines of 2 workers are free", "whatever they announce");
    let held: Result<(), StoreError> = on_db!(store.db, statement, conn => {
        sqlx::query("UPDATE attempt SET held_by = $2 WHERE id = $1").bind(attempt).bind(fleet.workers[0]).execute(conn).await?;
        Ok(())
    });
    held.unwrap();
    assert!(store.set_worker_state(fleet.workers[0], WorkerState::Draining).await.unwrap());
    assert_eq!(lines().await, "5 of 5 lines of 1 worker are free", "whoever drains keeps its call to itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_money_that_calls_have_taken_are_free_at_the_end_of_a_call() {
    let fleet = Fleet::dialing().await;
    let store = &fleet.bench.store;
    for worker in fleet.workers {
        assert!(store.set_worker_state(worker, WorkerState::Draining).await.unwrap());
    }
    assert_eq!(fleet.gate(CampaignGate::Lines).await["opened_by"], Value::Null, "nobody takes calls");
    let new = NewWorker { id: WorkerId::new(), host: "here", version: "1", lines: 1 };
    store.register_worker(new, SystemClock.now()).await.unwrap();
    let lead = store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].id;
    let campaign = store.campaign_by_name("spring").await.unwrap().unwrap().id;
    fixtures::attempt(store, campaign, lead).await;
    let told = fleet.gate(CampaignGate::Lines).await;
    assert_eq!((&told["open"], &told["opened_by"]), (&json!(false), &json!("the end of a call")), "{told}");
    let answer = "nothing new is dialed: no line is free: 1 line of 1 worker; it opens by the end of a call";
    assert_eq!(fleet.explained().await["answer"], answer);
    fleet.set("budget_usd", "0.5").await;
    let told = fleet.gate(CampaignGate::Budget).await;
    assert_eq!((&told["open"], &told["opened_by"]), (&json!(false), &json!("the end of a call")), "what it reserved: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_campaign_says_its_pace_and_until_when_it_rests() {
    let fleet = Fleet::dialing().await;
    fleet.set("pace.calls_per_second", "0.00333").await;
    let told = fleet.gate(CampaignGate::Pace).await;
    assert!(told["open"] == true && told["value"] == "its pace is 1 call in 5m, and none began for as long", "{told}");
    fleet.called("2026-11-23T17:59:00Z").await;
    let told = fleet.gate(CampaignGate::Pace).await;
    assert_eq!(told["value"], "its pace is 1 call in 5m, and the last one began at 2026-11-23T17:59:00Z");
    assert_eq!(told["opens_at"], "2026-11-23T18:03:57.3Z", "three seconds before the next one");
    let answer = fleet.explained().await["answer"].as_str().unwrap().to_owned();
    assert!(
        answer.starts_with("nothing new is dialed: its pace is 1 call in 5m") && answer.ends_with("opens 2026-11-23T18:03:57.3Z"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_meets_is_told_with_what_helps() {
    let fleet = Fleet::dialing().await;
    fleet.meet(CampaignGate::Clock).await;
    let told = fleet.gate(CampaignGate::Clock).await["value"].as_str().unwrap().to_owned();
    assert!(told.starts_with("the scheduler rings nothing: its clock is 60.") && told.contains("behind the database's"), "{told}");
    assert!(told.contains("NTP") && told.contains("callfleet doctor"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_no_worker_reaches_closes_its_gate() {
    let fleet = Fleet::dialing().await;
    let [one, other] = fleet.workers;
    fleet.says(one, Obstacle::Unreachable, LONG).await;
    let told = fleet.gate(CampaignGate::Provider).await;
    assert!(told["open"] == true && told["value"].as_str().unwrap().starts_with("1 of 2 workers does not dial: "), "{told}");
    fleet.says(other, Obstacle::Unreachable, LONG).await;
    let told = fleet.gate(CampaignGate::Provider).await;
    assert!(told["open"] == false && told["opens_at"].is_null(), "{told}");
    let answer = fleet.explained().await["answer"].as_str().unwrap().to_owned();
    assert!(answer.starts_with("nothing new is dialed: no worker dials: as it saw it") && answer.contains("callfleet doctor"), "{answer}");
    fleet.says(WorkerId::new(), Obstacle::Provider, LONG).await;
    assert!(fleet.gate(CampaignGate::Provider).await["opens_at"].is_string(), "somebody was answered after all, and told to wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_in_trouble_closes_nothing_and_an_old_word_neither() {
    let (fleet, sees) = (Fleet::dialing().await, "as it saw it");
    let [one, other] = fleet.workers;
    fleet.says(one, Obstacle::Queue, LONG).await;
    let told = fleet.gate(CampaignGate::Tickets).await;
    assert!(
        told["open"] == true && told["value"].as_str().unwrap().starts_with(&format!("1 of 2 workers does not dial: {sees}")),
        "{told}"
    );
    fleet.says(other, Obstacle::Queue, LONG).await;
    let told = fleet.gate(CampaignGate::Tickets).await;
    assert!(told["open"] == false && told["value"].as_str().unwrap().starts_with(&format!("no worker dials: {sees}")), "{told}");

    fleet.says(fleet.scheduler.holder, Obstacle::Clock, Duration::ZERO).await;
    fleet.says(one, Obstacle::Provider, Duration::ZERO).await;
    let (clock, provider) = (fleet.gate(CampaignGate::Clock).await, fleet.gate(CampaignGate::Provider).await);
    let old = clock["value"].as_str().unwrap();
    assert!(clock["open"] == true && old.contains(" ago, and not since: as it saw it"), "{clock}");
    assert!(provider["open"] == true && provider["value"] == "nobody was told to wait", "a wait that is over: {provider}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_does_not_suffice_for_one_call_is_closed_before_the_campaign_halts() {
    let fleet = Fleet::dialing().await;
    // a call reserves $0.5 here
    fleet.set("budget_usd", "0.3").await;
    let told = fleet.gate(CampaignGate::Budget).await;
    assert!(told["open"] == false && told["value"].as_str().unwrap().ends_with("and a call may need $0.5000"), "{told}");
    fleet.set("budget_usd", "0.5").await;
    assert_eq!(fleet.gate(CampaignGate::Budget).await["open"], true, "enough for one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_campaign_waits_for_its_start_and_for_nothing_else() {
    let bench = Bench::with_campaign().await;
    let set = json!({ "set": { "schedule.start": "2026-11-24T18:00:00Z", "hours.override_reason": "test" } });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &set).await["status"], 200);
    assert_eq!(bench.post("/v1/campaigns/spring/start").await["body"]["state"], "scheduled");
    let told = bench.get(EXPLAIN).await["body"]["answer"].as_str().unwrap().to_owned();
    assert_eq!(
        told,
        "nothing new is dialed: the campaign is scheduled: it waits for its start time (`schedule.start`); opens 2026-11-24T18:00:00Z"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_is_not_permitted_is_told_while_the_campaign_runs_and_when_it_has_ended() {
    let fleet = Fleet::dialing().await;
    let store = &fleet.bench.store;
    let lead = store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].clone();
    let mut countries = NotPermitted::default();
    let why = countries.add(&lead.phone_number, "spring", "the provider refused a call with code 21215").denial().why();
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query("UPDATE campaign SET not_permitted = $1").bind(JsonText(&countries)).execute(&mut *tx).await?;
        sqlx::query("UPDATE lead SET state = 'parked', wait_reason = $1").bind(&why).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
    let command = "callfleet leads retry --parked --campaign spring";
    for path in [EXPLAIN, "/v1/campaigns/spring"] {
        let warned = fleet.bench.get(path).await["body"]["warnings"][0].as_str().unwrap().to_owned();
        assert!(["US", "code 21215", command].iter().all(|part| warned.contains(part)), "{path}: {warned}");
    }
    let ended: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query("UPDATE campaign SET state = 'completed'").execute(tx).await?;
        Ok(())
    });
    ended.unwrap();
    let answer = fleet.explained().await["answer"].as_str().unwrap().to_owned();
    assert_eq!(answer, format!("nothing new is dialed: the campaign is completed and 2 leads are parked: {why}"));
}
