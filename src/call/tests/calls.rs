//! One call per test, from the stream to the report.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::senses::{Call, PhoneHabits, broken, call, call_by, call_with};
use crate::agents::definition::TRANSFERRING;
use crate::call::journal::{CallSignal, EventKind, TurnTimings};
use crate::call::phone::FromPhone;
use crate::call::transcript;
use crate::call::turn::Rules;
use crate::call::turn::tests::{demo, rules, rules_of};
use crate::domain::campaign::OnVoicemail;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::transfer::TransferResult;
use crate::mind::ledger::{Purpose, Service, UsageSource};
use crate::providers::Heard;

const LONG: &str = "We install solar panels on the roofs of family homes all over the state and have done so since the year 2011.";

#[tokio::test(start_paused = true)]
async fn a_whole_call_from_greeting_to_qualified() {
    let call = call(&[Some("Great. Would you like a free consultation?"), Some("Wonderful, an adviser will be in touch. Goodbye.")]);
    call.mind.understood.lock().unwrap().extend([json!({"owns_home": "yes"}), json!({"interested": "yes"})]);
    call.greeted().await;
    call.says("Yes, I do.").await;
    sleep(Duration::from_secs(5)).await;
    call.says("Sure, why not.").await;
    let (report, notes, telephony) = call.report().await;
    let outcome = report.outcome.unwrap();
    assert_eq!((outcome.disposition, outcome.reason), (Disposition::Qualified, Some(Reason::Completed)));
    assert_eq!(report.slots, json!({"owns_home": "yes", "interested": "yes"}));
    assert_eq!(*telephony.ended.lock().unwrap(), ["CA1"]);
    assert_eq!(notes.of(EventKind::Callee), ["Yes, I do.", "Sure, why not."]);
    assert_eq!(
        notes.of(EventKind::Agent)[1..],
        ["Great. Would you like a free consultation?", "Wonderful, an adviser will be in touch. Goodbye."]
    );
    assert_eq!(notes.of(EventKind::Ended), ["completed"]);

    let timings: Vec<TurnTimings> = notes.of(EventKind::Timings).iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(timings.len(), 2);
    let first = timings[0];
    assert!(first.reply_ms().unwrap() <= 200, "{first:?}");
    assert!(
        first.end_of_turn < first.first_token && first.first_token <= first.first_sentence && first.first_frame < first.heard,
        "{first:?}"
    );

    assert_eq!(first.speech_end, first.end_of_turn.map(|at| at - 100), "what the ears told of the silence");

    let replies = notes.entries(Service::Llm).iter().filter(|entry| entry.purpose == Purpose::Reply).count();
    assert_eq!((replies, notes.entries(Service::Llm).len()), (2, 4));
    let spoken: u64 = notes.entries(Service::Tts).iter().map(|entry| entry.units).sum();
    assert_eq!(spoken, notes.of(EventKind::Agent)[1..].iter().map(|line| line.len() as u64 - 1).sum::<u64>(), "two sentences each");
    assert_eq!(notes.entries(Service::Stt)[0].units, 400, "twenty frames of 20 ms");
    assert!(notes.entries(Service::Stt)[0].total_ms.is_some_and(|ms| ms >= 400), "from the opening of the stream to its end");

    let events = notes.events.lock().unwrap();
    assert!(events.windows(2).all(|two| two[0].seq + 1 == two[1].seq));
    let text = transcript::readable(&events);
    assert!(text.contains("Callee: Yes, I do.") && text.contains("(replied after "), "{text}");
}

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
async fn the_first_audio_leaves_at_once() {
    let call = call(&[]);
    sleep(Duration::from_millis(40)).await;
    assert!(!call.notes.of(EventKind::FirstAudio).is_empty());
    call.phone.send(FromPhone::Stopped).await.unwrap();
    call.report().await;
}

#[tokio::test(start_paused = true)]
async fn a_barge_in_cuts_the_reply_and_the_history() {
    let call = call(&[Some(LONG), Some("It is 12,000 dollars. Goodbye.")]);
    call.greeted().await;
    call.says("Tell me more").await;
    sleep(Duration::from_millis(2_500)).await;
    call.says("But what does it cost?").await;
    let heard = call.heard();
    let (_, notes, _) = call.report().await;
    let cut = &notes.of(EventKind::Agent)[1];
    assert!(LONG.starts_with(cut.as_str()) && cut.len() < LONG.len() / 2, "{cut:?}");
    assert!(heard.contains(cut.as_str()), "{heard:?} has {cut:?}");
    assert_eq!(notes.of(EventKind::BargeIn).len(), 1);
    assert_eq!(notes.of(EventKind::Agent)[2], "It is 12,000 dollars. Goodbye.");
}

#[tokio::test(start_paused = true)]
async fn a_reply_cut_while_the_model_still_writes_is_stopped_and_estimated() {
    let call = call(&[
        Some(
            "First of all thank you. And then there is so much more to tell about all the roofs and all the panels that were ever put there by us and by others",
        ),
        Some("Goodbye."),
    ]);
    call.greeted().await;
    call.says("Tell me more").await;
    sleep(Duration::from_millis(250)).await;
    call.says("No wait").await;
    let cancelled = call.mind.cancelled.clone();
    let (_, notes, _) = call.report().await;
    assert_eq!(*cancelled.lock().unwrap(), 1);
    let replies: Vec<_> = notes.entries(Service::Llm).into_iter().filter(|entry| entry.purpose == Purpose::Reply).collect();
    let first = &replies[0];
    assert_eq!((first.finish.as_deref(), first.usage_source), (Some("cut"), UsageSource::Estimated));
    assert!(first.usage.tokens_out > 0);
}

#[tokio::test(start_paused = true)]
async fn an_opt_out_by_words_or_by_nine_is_confirmed_and_kept() {
    for by_key in [false, true] {
        let call = call(&[]);
        call.greeted().await;
        if by_key {
            call.phone.send(FromPhone::Digit('9')).await.unwrap();
        } else {
            call.says("Please take me off your list").await;
        }
        let (report, notes, telephony) = call.report().await;
        let outcome = report.outcome.unwrap();
        assert_eq!((outcome.disposition, outcome.reason, outcome.flags.opt_out), (Disposition::Dnc, Some(Reason::OptOut), true));
        assert_eq!(*notes.opt_outs.lock().unwrap(), 1);
        assert!(notes.of(EventKind::Agent)[1].contains("won't get any more calls"));
        assert_eq!(telephony.ended.lock().unwrap().len(), 1);
        assert!(notes.entries(Service::Llm).is_empty(), "no model was asked");
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_gets_the_message_after_its_beep() {
    let call = call(&[]);
    sleep(Duration::from_secs(2)).await;
    call.says("Hi, you've reached Bob. Please leave a message after the tone.").await;
    sleep(Duration::from_secs(1)).await;
    call.signals.send(CallSignal::AnsweredBy("machine_end_beep".into())).await.unwrap();
    let (report, notes, _) = call.report().await;
    assert_eq!(report.outcome.unwrap().disposition, Disposition::Voicemail);
    assert!(notes.of(EventKind::Agent).last().unwrap().starts_with("Hi, this is Ava, an AI assistant calling for Brightfield Solar about"));
    assert_eq!(notes.of(EventKind::Answerer), ["voicemail", "machine_end_beep"]);
}

#[tokio::test(start_paused = true)]
async fn a_machine_is_hung_up_on_when_the_campaign_says_so() {
    let call = call_with(&[], &PhoneHabits::QUICK, OnVoicemail::HangUp);
    sleep(Duration::from_secs(1)).await;
    call.signals.send(CallSignal::AnsweredBy("machine_start".into())).await.unwrap();
    let (report, _, telephony) = call.report().await;
    assert_eq!(report.outcome.unwrap().disposition, Disposition::Voicemail);
    assert_eq!(telephony.ended.lock().unwrap().len(), 1);
}

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

#[tokio::test(start_paused = true)]
async fn silence_is_asked_about_once_and_then_ends() {
    let call = call(&[]);
    let (report, notes, _) = call.report().await;
    assert_eq!(report.outcome.unwrap().reason, Some(Reason::Silence));
    assert_eq!(notes.of(EventKind::Agent)[1..], ["Are you still there?", "Thank you for your time. Goodbye."]);
}

#[tokio::test(start_paused = true)]
async fn a_hang_up_in_the_middle_of_a_sentence_keeps_what_was_said_and_understood() {
    let call = call(&[Some(LONG)]);
    call.mind.understood.lock().unwrap().push_back(json!({"owns_home": "yes", "intent": "refusal"}));
    call.greeted().await;
    call.says("I own it but I am not interested").await;
    sleep(Duration::from_millis(300)).await;
    call.ears.tell(Heard::Interim { text: "so good".into() }).await;
    sleep(Duration::from_millis(20)).await;
    call.phone.send(FromPhone::Stopped).await.unwrap();
    let (report, notes, telephony) = call.report().await;
    let outcome = report.outcome.unwrap();
    assert_eq!((outcome.disposition, outcome.reason), (Disposition::NotQualified, Some(Reason::Declined)));
    assert_eq!(report.slots, json!({"owns_home": "yes"}), "the analysis came after the end");
    assert_eq!(notes.of(EventKind::Callee)[1], "so good");
    assert!(telephony.ended.lock().unwrap().is_empty(), "the callee ended it");
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
async fn a_stop_ends_politely_by_signal_and_by_token() {
    for by_token in [false, true] {
        let call = call(&[]);
        call.greeted().await;
        if by_token {
            call.stop.cancel();
        } else {
            call.signals.send(CallSignal::Stop).await.unwrap();
        }
        let (report, notes, telephony) = call.report().await;
        assert_eq!(report.outcome.unwrap().disposition, Disposition::Incomplete);
        assert_eq!(notes.of(EventKind::Agent)[1], "Thank you for your time. Goodbye.");
        assert_eq!(telephony.ended.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_is_confirmed_on_the_callees_clock() {
    let call = call(&[]);
    call.greeted().await;
    call.says("Can you call me tomorrow after five?").await;
    let (report, notes, _) = call.report().await;
    let outcome = report.outcome.unwrap();
    assert_eq!(outcome.disposition, Disposition::Callback);
    assert_eq!(outcome.callback.unwrap().earliest.to_string(), "2026-11-24T22:00:00Z", "five in New York");
    let confirmed = notes.of(EventKind::Agent)[1].clone();
    assert!(confirmed.starts_with("Sure, I'll call you tomorrow"), "{confirmed}");
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
