//! What a callee wants beside the talk, and every way a talk ends. One story per test.

use serde_json::json;

use super::{Rehearsal, line, rules};
use crate::call::turn::{Ending, Event};
use crate::mind::analysis::{Analysis, Intent};
use crate::providers::Heard;

fn understood(intent: Intent) -> Analysis {
    Analysis { intent, callback_words: None, sentiment: 0, slots: [("owns_home".to_owned(), json!("yes"))].into() }
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
fn an_opt_out_cut_off_by_the_hang_up_still_counts() {
    let mut r = Rehearsal::talking();
    r.hear(Heard::Interim { text: "Stop calling me".into() });
    r.event(Event::PhoneStopped);
    assert_eq!((r.opt_outs, r.ended, r.talk.found().flags.opt_out), (1, Some(Ending::OptOut), true));
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
fn a_stop_says_goodbye() {
    let mut r = Rehearsal::talking();
    r.event(Event::Stop);
    assert_eq!(r.ended, None);
    r.pass(10_000);
    assert_eq!((r.last_line(), r.ended), (line(&r, |l| &l.goodbye), Some(Ending::Stopped)));
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
