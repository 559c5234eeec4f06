//! What is said aloud about another call, and what is promised with it.

use super::{Rehearsal, rules};
use crate::call::turn::rules::Rules;
use crate::call::turn::{Ending, Event};
use crate::domain::callback::{NO_MORE, resolve};
use crate::domain::outcome::Agreement;
use crate::mind::analysis::{Analysis, Intent};

const MOVED: &str = "agent: I am not allowed to call at that hour, so I will call you tomorrow, Tuesday, November 24, at 9 AM. \
    Thank you for your time. Goodbye.";

/// Nothing more may be promised to this lead.
fn at_the_cap() -> Rehearsal {
    Rehearsal::talking_by(Rules { callbacks_left: 0, ..rules() })
}

fn asks_for_a_call(words: Option<&str>) -> Event {
    let callback_words = words.map(str::to_owned);
    Event::Analysed { turn: 0, analysis: Analysis { intent: Intent::Callback, callback_words, sentiment: 0, slots: [].into() } }
}

fn ends_without_a_promise(mut r: Rehearsal) {
    r.pass(20_000);
    assert_eq!(r.ended, Some(Ending::Callback));
    assert!(r.last_line().starts_with(&format!("agent: {NO_MORE}")), "{}", r.last_line());
    assert!(r.talk.found().callback.is_none() && r.talk.found().callback_refused);
}

#[test]
fn a_time_that_had_to_move_is_said_to_have_moved() {
    let mut r = Rehearsal::talking();
    r.callee("Can you call me tomorrow at seven in the morning?");
    r.pass(20_000);
    assert_eq!((r.ended, r.last_line().as_str()), (Some(Ending::Callback), MOVED));
    assert_eq!(r.talk.found().callback.as_ref().unwrap().earliest.to_string(), "2026-11-24T14:00:00Z");
}

#[test]
fn a_moved_time_the_model_found_is_told_after_the_reply_that_plays() {
    let mut r = Rehearsal::talking();
    r.callee("Seven in the morning suits me");
    r.answer("Let me see what I can do for you.");
    r.event(asks_for_a_call(Some("tomorrow at seven in the morning")));
    r.pass(30_000);
    assert_eq!((r.ended, r.last_line().as_str()), (Some(Ending::Callback), MOVED));
}

#[test]
fn who_names_a_time_that_is_over_is_told_so_and_asked_once() {
    let mut r = Rehearsal::talking();
    r.callee("Call me yesterday at five");
    r.pass(10_000);
    assert_eq!((r.ended, r.last_line().as_str()), (None, "agent: That time has passed. When would be a good time to call you?"));
    r.callee("Tomorrow at five then");
    r.pass(20_000);
    assert_eq!(r.ended, Some(Ending::Callback));
    assert_eq!(r.talk.found().callback.as_ref().unwrap().earliest.to_string(), "2026-11-24T22:00:00Z");

    let mut twice = Rehearsal::talking();
    twice.callee("Call me yesterday at five");
    twice.pass(10_000);
    twice.callee("Last Tuesday at five");
    assert_eq!(twice.thinking.len(), 1, "the model answers");
}

#[test]
fn past_the_cap_nothing_is_promised_aloud() {
    for words in ["Can you call me tomorrow after five?", "I'm driving", "Call me back on 415 555 0100"] {
        let mut r = at_the_cap();
        r.callee(words);
        assert!(r.thinking.is_empty(), "{words}");
        ends_without_a_promise(r);
    }
}

#[test]
fn past_the_cap_nothing_the_model_found_is_promised() {
    for words in [Some("tomorrow at five"), None] {
        let mut silent = at_the_cap();
        silent.callee("Not right now");
        silent.event(asks_for_a_call(words));
        ends_without_a_promise(silent);
        let mut replying = at_the_cap();
        replying.callee("Not right now");
        replying.answer("When would it suit you?");
        replying.event(asks_for_a_call(words));
        ends_without_a_promise(replying);
    }
}

#[test]
fn who_hangs_up_past_the_cap_was_promised_nothing() {
    let mut r = at_the_cap();
    r.callee("I do");
    r.hear(crate::providers::Heard::Interim { text: "call me tomorrow at five".into() });
    r.event(Event::PhoneStopped);
    assert!(r.talk.found().callback.is_none() && r.talk.found().callback_refused);
}

fn agreement(r: &Rehearsal) -> Agreement {
    r.talk.found().callback.as_ref().unwrap().agreement.unwrap()
}

#[test]
fn a_promise_tells_how_sure_its_reading_is() {
    for words in ["Can you call me tomorrow after five?", "I'm driving"] {
        let mut r = Rehearsal::talking();
        r.callee(words);
        let sure = resolve(words, r.talk.rules.began, &r.talk.rules.hours).confidence_percent();
        assert_eq!(agreement(&r), Agreement { confidence_percent: sure, confirmed_aloud: false }, "{words}");
        assert!(sure > 0);
    }
}

#[test]
fn a_time_that_was_heard_is_confirmed_aloud() {
    for words in ["Can you call me tomorrow after five?", "Can you call me tomorrow at seven in the morning?"] {
        let mut r = Rehearsal::talking();
        r.callee(words);
        r.pass(30_000);
        assert_eq!(r.ended, Some(Ending::Callback));
        assert!(agreement(&r).confirmed_aloud, "{words}");
    }
}

#[test]
fn who_hangs_up_before_the_time_was_said_has_not_heard_it() {
    let mut r = Rehearsal::talking();
    r.callee("Can you call me tomorrow after five?");
    r.pass(600);
    r.event(Event::PhoneStopped);
    assert!(!agreement(&r).confirmed_aloud, "{}", r.last_line());

    let mut unanswered = Rehearsal::talking();
    unanswered.hear(crate::providers::Heard::Interim { text: "call me tomorrow at five".into() });
    unanswered.event(Event::PhoneStopped);
    assert!(!agreement(&unanswered).confirmed_aloud);
}
