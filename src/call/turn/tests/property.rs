//! Whatever happens, in whatever order: one reply at a time, a timely end, no talking over people, a true history.
//! (Two replies at once, unused deadlines and a history that was not heard fail inside [`Rehearsal`].)

use proptest::prelude::*;

use super::{Rehearsal, rules};
use crate::call::turn::Event;
use crate::call::turn::rules::{FALSE_ALARM_MS, GRACE_MS};
use crate::call::turn::state::Stage;
use crate::call::understand;
use crate::domain::campaign::OnVoicemail;
use crate::providers::Heard;

#[derive(Debug, Clone)]
enum Happens {
    Time(u64),
    Speech,
    Interim(&'static str),
    Eager(&'static str),
    Resumed,
    End(&'static str),
    Words(&'static str),
    Done,
    Failed,
    MouthStalls(bool),
    MouthReopened,
    Digit(char),
    Verdict(&'static str),
    HungUp,
    Stop,
}

fn words() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "yes",
        "mm-hm",
        "okay",
        "What does it cost?",
        "I own it, we bought it in 2009",
        "wait",
        "are you a robot",
        "hello",
        "call me later",
        "thanks",
    ])
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => (1u64..3_000).prop_map(Happens::Time),
        3 => Just(Happens::Speech),
        3 => words().prop_map(Happens::Interim),
        2 => words().prop_map(Happens::Eager),
        1 => Just(Happens::Resumed),
        4 => words().prop_map(Happens::End),
        6 => prop::sample::select(vec!["Sure. ", "It costs $29.", "99 a month, ", "and that is all there is to say about it. ", "Right? "])
            .prop_map(Happens::Words),
        4 => Just(Happens::Done),
        1 => Just(Happens::Failed),
        1 => any::<bool>().prop_map(Happens::MouthStalls),
        1 => Just(Happens::MouthReopened),
        1 => prop::sample::select(vec!['1', '#']).prop_map(Happens::Digit),
        1 => prop::sample::select(vec!["human", "unknown"]).prop_map(Happens::Verdict),
    ]
}

fn rare() -> impl Strategy<Value = Happens> {
    prop_oneof![
        Just(Happens::HungUp),
        Just(Happens::Stop),
        Just(Happens::Digit('9')),
        Just(Happens::Verdict("machine_start")),
        Just(Happens::Verdict("machine_end_beep")),
        Just(Happens::End("please stop calling me")),
    ]
}

/// Applies one happening; `since` is when the callee began to speak over us without being yielded to.
fn apply(r: &mut Rehearsal, happens: &Happens) {
    let reply = r.thinking.last().map(|(reply, _)| *reply);
    match happens {
        Happens::Time(ms) => r.pass(*ms),
        Happens::Speech => r.hear(Heard::SpeechStarted),
        Happens::Interim(text) => r.hear(Heard::Interim { text: (*text).into() }),
        Happens::Eager(text) => r.hear(Heard::EagerEnd { text: (*text).into() }),
        Happens::Resumed => r.hear(Heard::Resumed),
        Happens::End(text) => r.hear(Heard::EndOfTurn { text: (*text).into(), confidence: None, silence: None }),
        Happens::Words(text) => {
            if let Some(reply) = reply {
                r.event(Event::ReplyText { reply, text: (*text).into() });
            }
        }
        Happens::Done | Happens::Failed => {
            if let Some((reply, _)) = r.thinking.pop() {
                let failed = matches!(happens, Happens::Failed);
                r.event(if failed { Event::ReplyFailed { reply, spent: false } } else { Event::ReplyDone { reply } });
            }
        }
        Happens::MouthStalls(true) => r.mouth_works = false,
        Happens::MouthStalls(false) => r.mouth_goes_on(),
        Happens::MouthReopened => {
            r.said.clear();
            r.event(Event::MouthReopened);
        }
        Happens::Digit(digit) => r.event(Event::Digit(*digit)),
        Happens::Verdict(verdict) => r.event(Event::AnsweredBy((*verdict).into())),
        Happens::HungUp => r.event(Event::PhoneStopped),
        Happens::Stop => r.event(Event::Stop),
    }
}

/// In the talk nobody is spoken over for longer than the grace, or than a backchannel that nothing follows.
fn check_floor(r: &Rehearsal) {
    let callee = &r.talk.callee;
    if r.talk.stage == Stage::Talking && callee.speaking && r.is_playing() {
        let backchannel = !callee.words.is_empty() && understand::is_backchannel(&callee.words);
        let limit = if backchannel { FALSE_ALARM_MS } else { GRACE_MS };
        let since = callee.began_at.max(callee.words_at);
        let speech_began = r.talk.speech.as_ref().and_then(|speech| speech.began_at).unwrap_or(r.now);
        assert!(r.now - since.max(speech_began) <= limit, "spoke over the callee at {}: {callee:?}", r.now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_conversation_is_civil_and_ends(
        story in prop::collection::vec(happens(), 0..80),
        turning in proptest::option::of((rare(), 0usize..80)),
        leave_message in any::<bool>(),
    ) {
        let on_voicemail = if leave_message { OnVoicemail::LeaveMessage } else { OnVoicemail::HangUp };
        let mut r = Rehearsal::new(super::Rules { on_voicemail, ..rules() });
        r.event(Event::Started);
        for (n, happening) in story.iter().enumerate() {
            if let Some((rare, at)) = &turning && *at == n {
                apply(&mut r, rare);
            }
            if r.ended.is_none() {
                apply(&mut r, happening);
                check_floor(&r);
            }
        }
        r.pass(r.talk.rules.max_duration_ms);
        prop_assert!(r.ended.is_some());
        prop_assert!(r.talk.speech.is_none() && r.talk.draft.is_none());
    }
}
