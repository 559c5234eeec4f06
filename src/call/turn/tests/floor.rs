//! Who has the floor: the greeting, barge-ins, backchannels, noise. One story per test.

use super::{Rehearsal, line, rules};
use crate::call::turn::Event;
use crate::providers::Heard;

#[test]
fn a_turn_is_answered_and_history_keeps_both_sides() {
    let mut r = Rehearsal::talking();
    r.callee("Yes, I do.");
    assert_eq!(r.thinking[0].1, "Yes, I do.");
    assert_eq!(r.analysing, 1);
    r.answer("Great. What do you pay for electricity?");
    assert!(r.is_playing());
    r.pass(6_000);
    assert_eq!(r.lines()[1..], ["callee: Yes, I do.", "agent: Great. What do you pay for electricity?"]);
}

#[test]
fn a_hello_does_not_cut_the_greeting_and_is_not_answered() {
    let mut r = Rehearsal::new(rules());
    r.event(Event::Started);
    r.pass(300);
    r.callee("Hello?");
    r.pass(r.greeting_ms());
    assert!(r.thinking.is_empty());
    assert_eq!(r.log, [line(&r, |l| &l.greeting)]);
}

#[test]
fn a_real_question_during_the_greeting_is_answered_after_it() {
    let mut r = Rehearsal::new(rules());
    r.event(Event::Started);
    r.callee("Where did you get my number?");
    assert!(r.thinking.is_empty());
    r.pass(r.greeting_ms());
    assert_eq!(r.thinking[0].1, "Where did you get my number?");
}

#[test]
fn a_yes_at_the_very_end_of_the_greeting_answers_its_question() {
    let mut r = Rehearsal::new(rules());
    r.event(Event::Started);
    r.pass(r.greeting_ms() - 1_000);
    r.callee("No");
    r.pass(1_000);
    assert_eq!(r.thinking.len(), 1);
}

#[test]
fn a_barge_in_clears_in_the_same_step_and_cuts_history() {
    let mut r = Rehearsal::talking();
    r.callee("Tell me more");
    r.answer("We install solar panels on the roofs of family homes all over the state.");
    r.pass(2_000);
    r.hear(Heard::SpeechStarted);
    assert!(r.is_playing(), "a sound alone does not interrupt at once");
    r.hear(Heard::Interim { text: "but what".into() });
    assert!(!r.is_playing());
    assert_eq!(r.last_line(), "agent: We install solar panels on the");
    r.hear(Heard::EndOfTurn { text: "But what does it cost?".into(), confidence: None, silence: None });
    assert_eq!(r.thinking[0].1, "But what does it cost?");
}

#[test]
fn late_audio_of_an_old_reply_is_dropped() {
    let mut r = Rehearsal::talking();
    r.callee("Tell me more");
    r.mouth_works = false;
    let old = r.thinking[0].0;
    r.answer("A long story begins. ");
    r.callee("Wait");
    r.event(Event::Audio { reply: old, audio: super::spell("A long story begins.") });
    r.event(Event::ReplyText { reply: old, text: "More of it. ".into() });
    assert!(!r.is_playing());
}

#[test]
fn backchannels_do_not_interrupt_and_do_answer_a_question() {
    let mut r = Rehearsal::talking();
    r.callee("Tell me more");
    r.answer("We install solar panels on the roofs of family homes all over the state. Is that clear?");
    r.pass(1_000);
    r.callee("mm-hm, yeah");
    assert!(r.is_playing());
    assert!(!r.log.contains(&"clear".to_owned()));
    r.pass(6_000);
    r.callee("Yeah");
    assert_eq!(r.thinking[0].1, "Yeah");
}

#[test]
fn noise_pauses_the_speech_and_silence_resumes_it() {
    let mut r = Rehearsal::talking();
    r.callee("Tell me more");
    r.answer("We install solar panels on the roofs of family homes all over the state.");
    r.pass(1_500);
    r.hear(Heard::SpeechStarted);
    r.pass(300);
    assert!(!r.is_playing(), "the callee has the floor");
    r.pass(1_800);
    assert!(r.is_playing(), "nothing was said: the same speech goes on");
    r.pass(6_000);
    assert_eq!(r.last_line(), "agent: We install solar panels on the roofs of family homes all over the state.");
}

#[test]
fn hold_music_with_words_ends_by_the_clock() {
    let mut r = Rehearsal::talking();
    for n in 0..40 {
        r.hear(Heard::Interim { text: format!("la la number {n}") });
        r.pass(1_000);
    }
    assert!(r.talk.found().turns > 0, "the turn was ended");
}
