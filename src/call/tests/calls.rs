//! One call per test, from the stream to the report.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::held::{Call, LONG, PhoneHabits, call, call_with};
use crate::call::journal::{CallSignal, EventKind, TurnTimings};
use crate::call::phone::FromPhone;
use crate::call::transcript;
use crate::domain::campaign::OnVoicemail;
use crate::domain::outcome::{Disposition, Reason};
use crate::mind::ledger::{Purpose, Service, UsageSource};
use crate::providers::Heard;

/// Somebody who owns a home and is interested.
async fn both_questions_answered() -> Call {
    let call = call(&[Some("Great. Would you like a free consultation?"), Some("Wonderful, an adviser will be in touch. Goodbye.")]);
    call.mind.understood.lock().unwrap().extend([json!({"owns_home": "yes"}), json!({"interested": "yes"})]);
    call.greeted().await;
    call.says("Yes, I do.").await;
    sleep(Duration::from_secs(5)).await;
    call.says("Sure, why not.").await;
    call
}

#[tokio::test(start_paused = true)]
async fn a_whole_call_from_greeting_to_qualified() {
    let call = both_questions_answered().await;
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

#[tokio::test(start_paused = true)]
async fn silence_is_asked_about_once_and_then_ends() {
    let call = call(&[]);
    let (report, notes, _) = call.report().await;
    assert_eq!(report.outcome.unwrap().reason, Some(Reason::Silence));
    assert_eq!(notes.of(EventKind::Agent)[1..], ["Are you still there?", "Thank you for your time. Goodbye."]);
}

#[tokio::test(start_paused = true)]
async fn what_was_understood_is_told_while_the_call_runs() {
    let call = both_questions_answered().await;
    let (report, notes, _) = call.report().await;
    let drafts = notes.drafts.lock().unwrap();
    let failed = drafts[0].outcome.as_ref().unwrap();
    assert_eq!((failed.disposition, failed.reason), (Disposition::Incomplete, Some(Reason::AgentError)), "if its worker died there");
    assert_eq!(drafts[0].slots, json!({"owns_home": "yes"}));
    assert_eq!(drafts.last().unwrap().slots, report.slots);
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
