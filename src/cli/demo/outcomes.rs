//! What came of a lead, in the words of the report.

use crate::domain::attempt::DialKind;
use crate::domain::lead::LeadState;
use crate::domain::outcome::Disposition;
use crate::store::lead::Lead;

const CALLBACK: &str = "waiting: callback";
const ANOTHER_TRY: &str = "waiting: another try";

/// An outcome in a few more words.
#[must_use]
pub fn meaning(outcome: &str) -> &'static str {
    match outcome.parse::<Disposition>() {
        Ok(Disposition::Qualified) => "owns a home and wants the consultation: the agent's own rule",
        Ok(Disposition::NotQualified) => "talked, and it does not fit",
        Ok(Disposition::NoAnswer) => "rang, nobody picked up",
        Ok(Disposition::Voicemail) => "a machine or a fax",
        Ok(Disposition::Busy) => "the line was busy",
        Ok(Disposition::Failed) => "the number or the network does not work",
        Ok(Disposition::Incomplete) => "broke off before it was decided",
        Ok(Disposition::Dnc) => "asked not to be called again: never will be",
        Ok(Disposition::Unreached) => "not reached in as many tries as are allowed",
        Ok(Disposition::Transferred) => "handed to a person",
        Ok(Disposition::Callback) => "asked to be called at another time",
        Err(_) if outcome == CALLBACK => "asked to be called at another time, see below",
        Err(_) if outcome == ANOTHER_TRY => "will be tried again on another day",
        Err(_) => match outcome.parse::<LeadState>() {
            Ok(LeadState::New) => "not called yet",
            Ok(LeadState::Active) => "in a call, or about to be, when it was stopped",
            Ok(LeadState::Parked) => "a person has to look",
            Ok(_) | Err(_) => "",
        },
    }
}

/// The disposition, or for a lead that waits for another day, for what.
#[must_use]
pub fn outcome(lead: &Lead) -> String {
    match (lead.disposition, lead.state) {
        (Some(disposition), _) => disposition.to_string(),
        (None, LeadState::Waiting) if lead.next_kind == DialKind::Callback => CALLBACK.to_owned(),
        (None, LeadState::Waiting) => ANOTHER_TRY.to_owned(),
        (None, state) => state.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_meaning() {
        let dispositions = Disposition::ALL.iter().map(|disposition| disposition.as_str());
        assert!(dispositions.chain([CALLBACK, ANOTHER_TRY]).all(|outcome| !meaning(outcome).is_empty()));
    }
}
