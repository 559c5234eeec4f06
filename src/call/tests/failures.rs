//! A line, a mind, ears or a phone that fails: the call goes on without it where it can, and ends politely where it cannot.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::held::{LONG, PhoneHabits, call, call_by, call_with};
use super::senses::broken;
use crate::call::journal::EventKind;
use crate::call::phone::FromPhone;
use crate::call::turn::tests::{demo, rules_of};
use crate::domain::campaign::OnVoicemail;
use crate::domain::outcome::{Disposition, Reason};
use crate::providers::Heard;

#[tokio::test(start_paused = true)]
async fn who_has_answered_is_not_hung_up_on_for_a_line_that_fails() {
    let mut agent = demo();
    agent.lines.i_am_an_ai = "Yes, I am an AI{{ bill * 2 }}{% if bill * 2 > 9 %} and cheap{% endif %}.".to_owned();
    let call = call_by(rules_of(agent), &[Some("Great. Goodbye.")], &PhoneHabits::QUICK);
    call.greeted().await;
    call.says("Are you a robot?").await;
    sleep(Duration::from_secs(5)).await;
    call.says("Yes, I do.").await;
    let (_, notes, _) = call.report().await;
    assert_eq!(notes.of(EventKind::Agent)[1..], ["Yes, I am an AI.", "Great. Goodbye."]);
    assert_eq!(notes.of(EventKind::Ended), ["completed"]);
    let troubles = notes.of(EventKind::Trouble);
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert!(troubles[0].starts_with("`lines.i_am_an_ai`: ") && troubles[0].ends_with("; the call goes on without it"), "{troubles:?}");
}

#[tokio::test(start_paused = true)]
async fn a_mind_that_stalls_is_covered_by_the_filler_and_then_the_apology() {
    let call = call(&[None, None]);
    call.greeted().await;
    call.says("What does it cost?").await;
    let (report, notes, _) = call.report().await;
    assert_eq!(report.outcome.unwrap().reason, Some(Reason::AgentError));
    assert!(notes.of(EventKind::Agent)[1].starts_with("One moment. I'm sorry"), "{:?}", notes.of(EventKind::Agent));
}

#[tokio::test(start_paused = true)]
async fn lost_ears_are_replaced_and_hear_the_last_seconds_again() {
    let call = call(&[Some("Very good. Goodbye.")]);
    call.greeted().await;
    for _ in 0..25 {
        call.phone.send(FromPhone::Audio(bytes::Bytes::from_static(&[0x7f; 160]))).await.unwrap();
    }
    sleep(Duration::from_millis(50)).await;
    call.ears.tell(Heard::Closed { error: Some(broken("lost")) }).await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!((call.ears.connections(), call.ears.bytes.lock().unwrap().clone()), (2, vec![25 * 160, 25 * 160]));
    call.says("Yes I do").await;
    let (report, notes, _) = call.report().await;
    assert_eq!(notes.of(EventKind::Agent)[1], "Very good. Goodbye.");
    assert_eq!(report.outcome.unwrap().disposition, Disposition::NotQualified);
}

#[tokio::test(start_paused = true)]
async fn a_slow_phone_neither_blocks_the_loop_nor_loses_words() {
    let habits = PhoneHabits { room: 1, slowness: Duration::from_millis(30) };
    let call = call_with(&[Some(LONG), Some("Thank you. Goodbye.")], &habits, OnVoicemail::LeaveMessage);
    call.greeted().await;
    call.says("Tell me more").await;
    sleep(Duration::from_secs(14)).await;
    let asked = Instant::now();
    call.says("Fine by me").await;
    let heard = call.heard.clone();
    let (_, notes, _) = call.report().await;
    assert!(asked.elapsed() < Duration::from_secs(20));
    assert_eq!(notes.of(EventKind::Agent)[1..], [LONG, "Thank you. Goodbye."]);
    assert!(crate::call::turn::tests::read_aloud(&heard.lock().unwrap()).contains(LONG));
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_takes_nothing_more_ends_the_call_at_the_provider() {
    let habits = PhoneHabits { room: 1, slowness: Duration::from_secs(100_000) };
    let call = call_with(&[], &habits, OnVoicemail::LeaveMessage);
    let began = Instant::now();
    let (report, _, telephony) = call.report().await;
    assert!(began.elapsed() < Duration::from_secs(200), "the longest call bounds everything");
    assert!(report.outcome.is_some());
    assert_eq!(telephony.ended.lock().unwrap().len(), 1);
}
