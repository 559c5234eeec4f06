//! Who wants a person: one is rung, and the call ends with what came of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::held::{Call, PhoneHabits, call, call_by};
use crate::agents::definition::TRANSFERRING;
use crate::call::journal::{CallSignal, EventKind};
use crate::call::turn::Rules;
use crate::call::turn::tests::{demo, rules, rules_of};
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::transfer::TransferResult;

/// A campaign that has somebody to ring, and a callee who asks for them.
async fn asks_for_a_person() -> Call {
    let call = call_by(Rules { can_transfer: true, ..rules() }, &[], &PhoneHabits::QUICK);
    call.greeted().await;
    call.says("Can I talk to a real person?").await;
    call
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_a_person_is_handed_to_one() {
    for result in [TransferResult::Answered, TransferResult::Busy] {
        let call = asks_for_a_person().await;
        call.signals.send(CallSignal::AnsweredBy("human".into())).await.unwrap();
        sleep(Duration::from_secs(15)).await;
        call.signals.send(CallSignal::Transfer(result)).await.unwrap();
        let (report, notes, telephony) = call.report().await;
        let outcome = report.outcome.unwrap();
        let expected = (Disposition::NotQualified, Some(Reason::HumanRequested));
        assert_eq!((outcome.disposition, outcome.reason), expected, "what came of the ringing is in the row");
        assert!(outcome.flags.human_requested);
        assert_eq!(notes.of(EventKind::Agent)[1], TRANSFERRING);
        assert_eq!((notes.of(EventKind::Ended), notes.of(EventKind::Transfer)), (vec!["transfer".to_owned()], vec![result.to_string()]));
        assert_eq!(*telephony.rung.lock().unwrap(), ["+14155550199"]);
        assert!(telephony.ended.lock().unwrap().is_empty(), "the provider goes on with the call");
    }
}

#[tokio::test(start_paused = true)]
async fn the_agent_may_have_words_of_its_own_before_a_person_is_rung() {
    let mut agent = demo();
    agent.lines.transferring = Some("I'll ring somebody at {{ company }}{% if first_name %}, {{ first_name }}{% endif %}.".to_owned());
    let call = call_by(Rules { can_transfer: true, ..rules_of(agent) }, &[], &PhoneHabits::QUICK);
    call.greeted().await;
    call.says("Can I talk to a real person?").await;
    sleep(Duration::from_secs(15)).await;
    call.signals.send(CallSignal::Transfer(TransferResult::Answered)).await.unwrap();
    let (_, notes, telephony) = call.report().await;
    assert_eq!(notes.of(EventKind::Agent)[1], "I'll ring somebody at Brightfield Solar.");
    assert_eq!(*telephony.rung.lock().unwrap(), ["+14155550199"]);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_never_comes_is_not_waited_for_for_ever() {
    let call = asks_for_a_person().await;
    let asked = Instant::now();
    let (_, notes, _) = call.report().await;
    assert_eq!(notes.of(EventKind::Transfer), ["unknown"]);
    assert!(asked.elapsed() < Duration::from_secs(60), "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_operator_ends_a_call_for_which_a_person_is_rung() {
    let call = asks_for_a_person().await;
    sleep(Duration::from_secs(15)).await;
    call.signals.send(CallSignal::Stop).await.unwrap();
    let (_, _, telephony) = call.report().await;
    assert_eq!((telephony.rung.lock().unwrap().len(), telephony.ended.lock().unwrap().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_handed_over_is_ended() {
    let call = asks_for_a_person().await;
    call.telephony.rings_nobody.store(true, Ordering::Relaxed);
    let (report, notes, telephony) = call.report().await;
    assert_eq!(report.outcome.unwrap().reason, Some(Reason::HumanRequested));
    assert_eq!(*telephony.ended.lock().unwrap(), ["CA1"]);
    assert!(notes.of(EventKind::Transfer).is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_rung_when_the_campaign_names_nobody_or_a_call_back_is_asked_for() {
    let call = call(&[Some("I will let them know. Goodbye.")]);
    call.greeted().await;
    call.says("Can I talk to a real person?").await;
    let (report, notes, telephony) = call.report().await;
    assert_eq!(report.outcome.unwrap().reason, Some(Reason::HumanRequested));
    assert_eq!(notes.of(EventKind::Agent)[1], "I will let them know. Goodbye.");
    assert!(telephony.rung.lock().unwrap().is_empty());

    let later = call_by(Rules { can_transfer: true, ..rules() }, &[], &PhoneHabits::QUICK);
    later.greeted().await;
    later.says("Call me back tomorrow at 3 pm, I want to talk to a person then.").await;
    let (report, _, telephony) = later.report().await;
    assert_eq!(report.outcome.unwrap().disposition, Disposition::Callback);
    assert!(telephony.rung.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wish_for_a_person_that_only_the_model_hears_rings_one_too() {
    let call = call_by(Rules { can_transfer: true, ..rules() }, &[Some("I see.")], &PhoneHabits::QUICK);
    call.mind.understood.lock().unwrap().push_back(json!({"intent": "human"}));
    call.greeted().await;
    call.says("I only discuss money with flesh and blood").await;
    sleep(Duration::from_secs(15)).await;
    call.signals.send(CallSignal::Transfer(TransferResult::NoAnswer)).await.unwrap();
    let (_, notes, telephony) = call.report().await;
    assert_eq!(*telephony.rung.lock().unwrap(), ["+14155550199"]);
    assert_eq!(notes.of(EventKind::Agent).last().unwrap(), TRANSFERRING);
}
