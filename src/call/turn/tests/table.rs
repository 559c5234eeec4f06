//! One story per test.

use serde_json::json;

use super::{Rehearsal, rules};
use crate::agents::definition::Lines;
use crate::call::turn::rules::LineName;
use crate::call::turn::{Ending, Event};
use crate::domain::campaign::OnVoicemail;
use crate::mind::analysis::{Analysis, Intent};
use crate::providers::Heard;

fn line(rehearsal: &Rehearsal, of: fn(&Lines) -> &String) -> String {
    format!("agent: {}", of(rehearsal.talk.rules.script.lines()))
}

fn understood(intent: Intent) -> Analysis {
    Analysis { intent, callback_words: None, sentiment: 0, slots: [("owns_home".to_owned(), json!("yes"))].into() }
}

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
fn a_draft_is_heard_only_after_the_end_of_the_turn_and_leaves_no_trace_when_dropped() {
    let mut r = Rehearsal::talking();
    r.hear(Heard::SpeechStarted);
    r.hear(Heard::EagerEnd { text: "What does it cost".into() });
    r.answer("It costs 12,000 dollars.");
    assert!(!r.is_playing(), "the turn may go on");
    assert_eq!(r.lines().len(), 1);
    r.hear(Heard::Resumed);
    r.hear(Heard::EagerEnd { text: "What does it cost in all".into() });
    assert_eq!(r.thinking.len(), 1);
    r.answer("In all 12,000 dollars.");
    r.pass(100);
    r.hear(Heard::EndOfTurn { text: "What does it cost, in all?".into(), confidence: None, silence: None });
    assert!(r.is_playing() && r.thinking.is_empty(), "the draft is the reply");
    r.pass(3_000);
    assert_eq!(r.lines()[1..], ["callee: What does it cost, in all?", "agent: In all 12,000 dollars."]);
}

#[test]
fn at_most_three_drafts_a_turn() {
    let mut r = Rehearsal::talking();
    let mut drafts = 0;
    for n in 0..6 {
        r.hear(Heard::EagerEnd { text: format!("I have {n} questions") });
        drafts += r.thinking.len();
        r.hear(Heard::Resumed);
    }
    assert_eq!(drafts, 3);
}

#[test]
fn a_late_reply_is_covered_by_a_filler_never_twice_in_a_row() {
    let mut r = Rehearsal::talking();
    r.callee("What does it cost?");
    r.pass(1_300);
    assert!(r.is_playing(), "the filler");
    r.answer("It costs 12,000 dollars.");
    r.pass(3_000);
    assert_eq!(r.last_line(), "agent: One moment. It costs 12,000 dollars.");
    r.callee("And the warranty?");
    r.pass(1_300);
    assert!(!r.is_playing());
}

#[test]
fn a_reply_that_never_comes_ends_in_an_apology() {
    let mut r = Rehearsal::talking();
    r.callee("What does it cost?");
    r.pass(30_000);
    assert_eq!(r.ended, Some(Ending::AgentError));
    assert!(r.last_line().starts_with("agent: One moment. I'm sorry"), "{}", r.last_line());
    assert!(r.thinking.is_empty());
}

#[test]
fn opt_outs_win_everywhere() {
    for (say, during_greeting) in [("Please stop calling me", false), ("stop", false), ("stop", true), ("don't call me again", true)] {
        let mut r = Rehearsal::talking();
        if during_greeting {
            r = Rehearsal::new(rules());
            r.event(Event::Started);
            r.pass(1_000);
        }
        r.callee(say);
        assert_eq!(r.opt_outs, 1, "{say}");
        assert!(r.thinking.is_empty());
        r.pass(20_000);
        assert_eq!((r.last_line(), r.ended), (line(&r, |l| &l.opt_out_confirmed), Some(Ending::OptOut)), "{say}");
        assert!(r.talk.found().flags.opt_out);
    }
}

#[test]
fn pressing_nine_opts_out_even_in_the_greeting() {
    let mut r = Rehearsal::new(rules());
    r.event(Event::Started);
    r.pass(1_000);
    r.event(Event::Digit('9'));
    assert_eq!((r.opt_outs, r.log[0].as_str()), (1, "clear"));
    r.pass(10_000);
    assert_eq!(r.ended, Some(Ending::OptOut));
}

#[test]
fn a_question_whether_it_is_a_machine_gets_the_agents_line() {
    let mut r = Rehearsal::talking();
    r.callee("Wait, are you a robot?");
    assert!(r.thinking.is_empty() && r.talk.found().flags.asked_if_ai);
    r.pass(4_000);
    assert_eq!(r.last_line(), line(&r, |l| &l.i_am_an_ai));
}

#[test]
fn call_me_tomorrow_is_confirmed_and_ends_as_a_callback() {
    let mut r = Rehearsal::talking();
    r.callee("Can you call me tomorrow after five?");
    assert!(r.thinking.is_empty());
    r.pass(10_000);
    assert_eq!(r.ended, Some(Ending::Callback));
    assert!(r.last_line().starts_with("agent: Sure, I'll call you"), "{}", r.last_line());
    let promise = r.talk.found().callback.clone().unwrap();
    assert!(promise.earliest > r.talk.rules.began);
}

#[test]
fn silence_is_asked_about_once_and_then_ends() {
    let mut r = Rehearsal::talking();
    r.pass(9_000);
    assert!(r.is_playing() || r.last_line() == line(&r, |l| &l.are_you_there));
    r.pass(20_000);
    assert_eq!(r.ended, Some(Ending::Silence));
    assert_eq!(r.lines().iter().filter(|said| **said == line(&r, |l| &l.are_you_there)).count(), 1);
}

#[test]
fn a_goodbye_of_either_side_ends_the_call() {
    let mut r = Rehearsal::talking();
    r.callee("Thanks, bye!");
    r.pass(8_000);
    assert_eq!(r.ended, Some(Ending::Goodbye));
    let mut r = Rehearsal::talking();
    r.callee("That is all I wanted to know");
    r.answer("Then have a nice day. Goodbye.");
    r.pass(8_000);
    assert_eq!(r.ended, Some(Ending::Completed));
}

#[test]
fn a_machine_gets_the_message_after_the_beep() {
    let mut r = Rehearsal::new(rules());
    r.event(Event::Started);
    r.pass(2_000);
    r.hear(Heard::Interim { text: "Hi, this is Bob. Please leave a message after the tone".into() });
    assert!(!r.is_playing(), "the greeting stops");
    r.pass(500);
    r.event(Event::AnsweredBy("machine_end_beep".into()));
    assert!(!r.log.is_empty() || r.is_playing());
    r.pass(30_000);
    assert_eq!((r.last_line(), r.ended), (line(&r, |l| &l.voicemail), Some(Ending::Voicemail)));
}

#[test]
fn a_machine_is_hung_up_on_when_the_campaign_says_so_and_faxes_always() {
    let hang_up = || Rehearsal::new(super::Rules { on_voicemail: OnVoicemail::HangUp, ..rules() });
    let cases = [("machine_start", Ending::Voicemail), ("machine_end_other", Ending::Voicemail), ("fax", Ending::Fax)];
    for (verdict, ending) in cases {
        let mut r = hang_up();
        r.event(Event::Started);
        r.event(Event::AnsweredBy(verdict.into()));
        assert_eq!(r.ended, Some(ending), "{verdict}");
    }
    let mut r = hang_up();
    r.event(Event::Started);
    r.event(Event::AnsweredBy("human".into()));
    assert_eq!(r.ended, None);
}

#[test]
fn a_menu_ends_and_a_screening_assistant_hears_who_calls() {
    let mut r = Rehearsal::new(rules());
    r.event(Event::Started);
    r.callee("Thank you for calling. For sales, press 1.");
    assert_eq!(r.ended, Some(Ending::Ivr));
    let mut r = Rehearsal::new(rules());
    r.event(Event::Started);
    r.callee("Please state your name and why you are calling.");
    r.pass(30_000);
    assert_eq!((r.last_line(), r.ended), (line(&r, |l| &l.voicemail), Some(Ending::CallScreened)));
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

#[test]
fn a_hang_up_keeps_what_was_heard() {
    let mut r = Rehearsal::talking();
    r.callee("Tell me more");
    r.answer("We install solar panels on the roofs of family homes all over the state.");
    r.pass(1_500);
    r.event(Event::PhoneStopped);
    assert_eq!(r.ended, Some(Ending::HungUp));
    assert_eq!(r.last_line(), "agent: We install solar panels");
}

#[test]
fn an_opt_out_cut_off_by_the_hang_up_still_counts() {
    let mut r = Rehearsal::talking();
    r.hear(Heard::Interim { text: "Stop calling me".into() });
    r.event(Event::PhoneStopped);
    assert_eq!((r.opt_outs, r.ended, r.talk.found().flags.opt_out), (1, Some(Ending::OptOut), true));
}

#[test]
fn a_stop_says_goodbye() {
    let mut r = Rehearsal::talking();
    r.event(Event::Stop);
    assert_eq!(r.ended, None);
    r.pass(10_000);
    assert_eq!((r.last_line(), r.ended), (line(&r, |l| &l.goodbye), Some(Ending::Stopped)));
}

#[test]
fn what_the_model_understood_counts() {
    let mut r = Rehearsal::talking();
    r.callee("I do");
    r.event(Event::Analysed { turn: 0, analysis: understood(Intent::Refusal) });
    assert!(r.talk.found().declined);
    assert_eq!(r.talk.found().slots["owns_home"], "yes");
    r.event(Event::Analysed { turn: 0, analysis: understood(Intent::OptOut) });
    r.pass(10_000);
    assert_eq!(r.ended, Some(Ending::OptOut));
    r.event(Event::Analysed {
        turn: 0,
        analysis: Analysis { slots: [("city".to_owned(), json!("Rome"))].into(), ..understood(Intent::Answer) },
    });
    assert_eq!(r.talk.found().slots["city"], "Rome", "late slots still count");
}

#[test]
fn a_mouth_that_stalls_is_connected_anew_and_then_given_up() {
    let mut r = Rehearsal::talking();
    r.mouth_works = false;
    r.callee("What does it cost?");
    r.answer("It costs 12,000 dollars.");
    r.pass(40_000);
    assert_eq!(r.ended, Some(Ending::AgentError));
    assert_eq!(r.last_line(), format!("agent: {}", r.talk.rules.words(LineName::Apology)));
}

#[test]
fn a_new_mouth_says_what_the_old_one_owed() {
    let mut r = Rehearsal::talking();
    r.mouth_works = false;
    r.callee("What does it cost?");
    r.answer("It costs 12,000 dollars.");
    r.pass(1_000);
    r.mouth_works = true;
    r.said.clear();
    r.event(Event::MouthReopened);
    r.pass(4_000);
    assert_eq!(r.last_line(), "agent: It costs 12,000 dollars.");
}

#[test]
fn turns_and_time_are_limited() {
    let mut r = Rehearsal::talking();
    for _ in 0..25 {
        if r.ended.is_none() {
            r.callee("And another thing");
            if !r.thinking.is_empty() {
                r.answer("I see.");
            }
            r.pass(800);
        }
    }
    r.pass(10_000);
    assert_eq!(r.ended, Some(Ending::MaxTurns));
    let mut r = Rehearsal::talking();
    while r.ended.is_none() {
        r.callee("And another thing");
        if !r.thinking.is_empty() {
            r.answer("I see.");
        }
        r.pass(12_000);
    }
    assert_eq!(r.ended, Some(Ending::MaxDuration));
    assert!(r.now <= 195_000);
}
