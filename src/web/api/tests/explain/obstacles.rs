//! What the processes themselves meet: one in trouble closes nothing, all of them do.

use std::time::Duration;

use super::fleet::{Fleet, LONG};
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::ids::WorkerId;
use crate::domain::obstacle::Obstacle;

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
