//! What came of a conversation, decided from what was found and how it ended. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::call::turn::{Ending, Found};
use crate::domain::outcome::{Disposition, Outcome, Reason};

/// What is known at the end: the answers of this call, and of those that the last one found out (`answered`) what was not said anew. Nobody
/// is held to these who declines now, is somebody else, or leaves without a word on the matter; who asks for another call keeps them.
#[must_use]
pub fn known(found: &Found, ending: Ending, answered: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let mut known = found.slots.clone();
    let another = found.wrong_person || matches!(ending, Ending::WrongNumber | Ending::WrongPerson);
    if on_the_matter(found, ending) && !another && !found.declined {
        for (name, value) in answered {
            known.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    known
}

/// Whether they spoke of what the call was for.
fn on_the_matter(found: &Found, ending: Ending) -> bool {
    let talked = match ending {
        Ending::Callback | Ending::Completed => true,
        // in one turn it was their only word
        Ending::Goodbye => found.turns > 1,
        _ => false,
    };
    found.turns > 0 && (talked || !found.slots.is_empty() || found.callback.is_some())
}

/// The outcome; `None` when the stream ended before anybody said or heard anything, so that only the provider can tell.
#[must_use]
pub fn decide(found: &Found, ending: Ending, qualified: bool, anything_heard: bool) -> Option<Outcome> {
    let nothing = ending == Ending::HungUp && found.turns == 0 && !anything_heard && !found.flags.opt_out;
    if nothing {
        return None;
    }
    let (disposition, reason) = disposition(found, ending, qualified);
    Some(Outcome { disposition, reason, flags: found.flags, callback: found.callback.clone() })
}

fn disposition(found: &Found, ending: Ending, qualified: bool) -> (Disposition, Option<Reason>) {
    if found.flags.opt_out {
        return (Disposition::Dnc, Some(Reason::OptOut));
    }
    if let Some(reason) = machine(ending) {
        return (Disposition::Voicemail, reason);
    }
    if found.callback.is_some() || found.callback_refused {
        return (Disposition::Callback, None);
    }
    if qualified {
        return (Disposition::Qualified, Some(Reason::Completed));
    }
    undecided(found, ending)
}

fn machine(ending: Ending) -> Option<Option<Reason>> {
    match ending {
        Ending::Voicemail => Some(None),
        Ending::MailboxFull => Some(Some(Reason::MailboxFull)),
        Ending::CallScreened => Some(Some(Reason::CallScreened)),
        Ending::Ivr => Some(Some(Reason::Ivr)),
        Ending::Fax => Some(Some(Reason::Fax)),
        _ => None,
    }
}

/// Not qualified, or broken off before it was decided.
fn undecided(found: &Found, ending: Ending) -> (Disposition, Option<Reason>) {
    match ending {
        Ending::WrongNumber => (Disposition::NotQualified, Some(Reason::WrongNumber)),
        _ if found.wrong_person => (Disposition::Incomplete, Some(Reason::WrongPerson)),
        _ if found.flags.human_requested => (Disposition::NotQualified, Some(Reason::HumanRequested)),
        _ if found.declined => (Disposition::NotQualified, Some(Reason::Declined)),
        Ending::Goodbye | Ending::Completed if found.turns > 0 => (Disposition::NotQualified, Some(Reason::Completed)),
        Ending::Silence => (Disposition::Incomplete, Some(Reason::Silence)),
        Ending::MaxDuration | Ending::MaxTurns => (Disposition::Incomplete, Some(Reason::MaxDuration)),
        Ending::AgentError => (Disposition::Incomplete, Some(Reason::AgentError)),
        Ending::BudgetStop => (Disposition::Incomplete, Some(Reason::BudgetStop)),
        Ending::HungUp => (Disposition::Incomplete, Some(Reason::HungUp)),
        _ => (Disposition::Incomplete, None),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::{decide, known};
    use crate::call::turn::{Ending, Found};
    use crate::domain::outcome::{Disposition, Flags, PromisedCallback, Reason};

    fn found(turns: u32) -> Found {
        Found { turns, ..Found::default() }
    }

    #[test]
    fn one_disposition_per_story() {
        let opted_out = Found { flags: Flags { opt_out: true, ..Flags::default() }, ..found(2) };
        let declined = Found { declined: true, ..found(2) };
        let refused = Found { callback_refused: true, ..found(2) };
        let cases = [
            (refused, Ending::Callback, false, Disposition::Callback, None),
            (opted_out, Ending::HungUp, true, Disposition::Dnc, Some(Reason::OptOut)),
            (found(3), Ending::Completed, true, Disposition::Qualified, Some(Reason::Completed)),
            (found(3), Ending::Completed, false, Disposition::NotQualified, Some(Reason::Completed)),
            (declined, Ending::HungUp, false, Disposition::NotQualified, Some(Reason::Declined)),
            (found(1), Ending::HungUp, false, Disposition::Incomplete, Some(Reason::HungUp)),
            (found(0), Ending::Voicemail, false, Disposition::Voicemail, None),
            (found(0), Ending::Fax, false, Disposition::Voicemail, Some(Reason::Fax)),
            (found(0), Ending::Silence, false, Disposition::Incomplete, Some(Reason::Silence)),
            (found(1), Ending::WrongNumber, false, Disposition::NotQualified, Some(Reason::WrongNumber)),
        ];
        for (found, ending, qualified, disposition, reason) in cases {
            let outcome = decide(&found, ending, qualified, true).unwrap();
            assert_eq!((outcome.disposition, outcome.reason), (disposition, reason), "{ending}");
        }
    }

    #[test]
    fn a_stream_in_which_nothing_happened_tells_nothing() {
        assert_eq!(decide(&found(0), Ending::HungUp, false, false), None);
    }
    #[test]
    fn what_was_answered_last_time_counts_until_it_is_said_anew_or_taken_back() {
        let slots = |pairs: &[(&str, &str)]| -> BTreeMap<String, Value> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
        };
        let answered = slots(&[("owns_home", "yes"), ("interested", "no")]);
        let now = Found { slots: slots(&[("interested", "yes")]), ..found(1) };
        let both = slots(&[("interested", "yes"), ("owns_home", "yes")]);
        assert_eq!(known(&now, Ending::HungUp, &answered), both);
        let earliest = "2026-11-24T22:00:00Z".parse().unwrap();
        let promise =
            PromisedCallback { words: "at five".to_owned(), earliest, latest: None, zone: "America/New_York".to_owned(), agreement: None };
        let again = Found { callback: Some(promise), ..found(1) };
        for (found, ending) in [(&found(1), Ending::Completed), (&found(2), Ending::Goodbye), (&again, Ending::HungUp)] {
            assert_eq!(known(found, ending, &answered), answered, "{ending}");
        }
        let declined = Found { declined: true, ..now.clone() };
        let another = Found { wrong_person: true, ..found(1) };
        for (found, ending) in [
            (&declined, Ending::Goodbye),
            (&another, Ending::Completed),
            (&now, Ending::WrongNumber),
            (&found(1), Ending::HungUp),
            (&found(1), Ending::Goodbye),
            (&found(0), Ending::Completed),
        ] {
            assert_eq!(known(found, ending, &answered), found.slots, "{ending}");
        }
    }
}
