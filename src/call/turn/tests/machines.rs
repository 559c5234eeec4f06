//! Who answers and is no person: voicemail, fax, menu, screening assistant. One story per test.

use super::{Rehearsal, line, rules};
use crate::call::turn::{Ending, Event};
use crate::domain::campaign::OnVoicemail;
use crate::providers::Heard;

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
