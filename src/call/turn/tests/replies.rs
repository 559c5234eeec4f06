//! Replies that are drafted before the end of a turn, come late, never come, or meet a mouth that stalls. One story per test.

use super::Rehearsal;
use crate::call::turn::rules::LineName;
use crate::call::turn::{Ending, Event};
use crate::providers::Heard;

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
