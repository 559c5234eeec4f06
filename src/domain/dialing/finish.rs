//! The outcome of an attempt: what the provider's end and the holder's report say together.

use crate::domain::dialing::row::CallStatus;
use crate::domain::dialing::sip::{self, Retry};
use crate::domain::outcome::{Disposition, Flags, Outcome, Reason};

/// The provider's end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEnd {
    /// A final status.
    pub status: CallStatus,
    /// SIP code, where one was given.
    pub sip_code: Option<u16>,
    /// Who answered, in the provider's words.
    pub answered_by: Option<String>,
    /// The phone rang or was answered.
    pub rang: bool,
}

/// Our side of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HolderSide {
    /// No worker ever held it.
    Never,
    /// A worker still holds it: too early.
    Holding,
    /// Closed, with what the call told (`None`: nothing).
    Closed(Option<Outcome>),
    /// The worker died; its last draft, if it saved one.
    Dead(Option<Outcome>),
    /// A person has the callee, whether the worker that rang them closed or not; what the call had told before.
    HandedOff(Option<Outcome>),
}

/// The folded outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What came of the attempt.
    pub outcome: Outcome,
    /// Whether such an end may be tried again.
    pub retry: Retry,
}

impl Verdict {
    /// The number must not be called by any campaign again.
    #[must_use]
    pub fn suppresses(&self) -> bool {
        self.outcome.flags.opt_out || self.outcome.disposition == Disposition::Dnc
    }

    /// It counts as a call to this person.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.retry != Retry::Uncounted
    }
}

/// Folds the outcome once both sides are over; `None` while one is not. `flags` are those noted while the call ran.
#[must_use]
pub fn finish(end: Option<&CallEnd>, holder: HolderSide, flags: Flags) -> Option<Verdict> {
    let end = end?;
    let (told, held) = match holder {
        HolderSide::Holding => return None,
        HolderSide::Never => (None, false),
        HolderSide::Closed(told) => (told, true),
        HolderSide::Dead(draft) => (draft.or(Some(broken_off())), true),
        HolderSide::HandedOff(told) => (Some(transferred(told)), true),
    };
    Some(with_flags(merge(end, told, held), flags))
}

/// The holder's word stands when it ranks at least as high as the network's.
fn merge(end: &CallEnd, told: Option<Outcome>, held: bool) -> Verdict {
    let network = sip::read(end);
    match told {
        Some(told) if told.flags.opt_out || rank(told.disposition) >= rank(network.disposition) || held_more(end, held) => {
            Verdict { retry: retry_of(&told), outcome: told }
        }
        _ => {
            let outcome = Outcome { disposition: network.disposition, reason: network.reason, flags: Flags::default(), callback: None };
            Verdict { outcome, retry: network.retry }
        }
    }
}

/// A completed call tells the network nothing about what was said in it.
const fn held_more(end: &CallEnd, held: bool) -> bool {
    held && matches!(end.status, CallStatus::Completed)
}

fn retry_of(told: &Outcome) -> Retry {
    if told.reason == Some(Reason::Fax) { Retry::Never } else { Retry::ByTable }
}

/// An opt-out outranks everything the call was about.
fn with_flags(mut verdict: Verdict, noted: Flags) -> Verdict {
    let told = verdict.outcome.flags;
    let flags = Flags {
        opt_out: told.opt_out || noted.opt_out,
        recording_refused: told.recording_refused || noted.recording_refused,
        asked_if_ai: told.asked_if_ai || noted.asked_if_ai,
        human_requested: told.human_requested || noted.human_requested,
    };
    if flags.opt_out {
        verdict.outcome.disposition = Disposition::Dnc;
        verdict.outcome.reason = Some(Reason::OptOut);
        verdict.outcome.callback = None;
        verdict.retry = Retry::Never;
    }
    verdict.outcome.flags = flags;
    verdict
}

fn broken_off() -> Outcome {
    Outcome { disposition: Disposition::Incomplete, reason: Some(Reason::AgentError), flags: Flags::default(), callback: None }
}

/// That a person took over is what came of the call; what was noted of the callee before stays noted.
fn transferred(told: Option<Outcome>) -> Outcome {
    let flags = told.map_or_else(Flags::default, |told| told.flags);
    let flags = Flags { human_requested: true, ..flags };
    Outcome { disposition: Disposition::Transferred, reason: None, flags, callback: None }
}

/// opt_out > transferred > callback > qualified > not_qualified > incomplete > transport.
const fn rank(disposition: Disposition) -> u8 {
    match disposition {
        Disposition::Dnc => 6,
        Disposition::Transferred => 5,
        Disposition::Callback => 4,
        Disposition::Qualified => 3,
        Disposition::NotQualified => 2,
        Disposition::Incomplete => 1,
        Disposition::NoAnswer | Disposition::Voicemail | Disposition::Busy | Disposition::Failed | Disposition::Unreached => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed() -> CallEnd {
        CallEnd { status: CallStatus::Completed, sip_code: Some(200), answered_by: Some("human".to_owned()), rang: true }
    }

    fn told(disposition: Disposition) -> Outcome {
        Outcome { disposition, reason: None, flags: Flags::default(), callback: None }
    }

    fn disposition(end: &CallEnd, holder: HolderSide) -> Disposition {
        finish(Some(end), holder, Flags::default()).unwrap().outcome.disposition
    }

    #[test]
    fn both_sides_have_to_be_over() {
        assert_eq!(finish(None, HolderSide::Never, Flags::default()), None);
        assert_eq!(finish(Some(&completed()), HolderSide::Holding, Flags::default()), None);
    }

    #[test]
    fn what_the_call_told_outranks_the_network() {
        for told_disposition in Disposition::ALL {
            assert_eq!(disposition(&completed(), HolderSide::Closed(Some(told(*told_disposition)))), *told_disposition);
        }
    }

    #[test]
    fn without_a_report_the_network_speaks() {
        let busy = CallEnd { status: CallStatus::Busy, sip_code: Some(486), answered_by: None, rang: false };
        assert_eq!(disposition(&busy, HolderSide::Never), Disposition::Busy);
        assert_eq!(disposition(&completed(), HolderSide::Closed(None)), Disposition::Incomplete);
        let unwanted = CallEnd { status: CallStatus::Failed, sip_code: Some(607), ..busy };
        assert!(finish(Some(&unwanted), HolderSide::Never, Flags::default()).unwrap().suppresses());
    }

    #[test]
    fn a_dead_holder_leaves_its_draft_or_an_incomplete_call() {
        let gone = disposition(&completed(), HolderSide::Dead(None));
        assert_eq!(gone, Disposition::Incomplete);
        assert_eq!(disposition(&completed(), HolderSide::Dead(Some(told(Disposition::Qualified)))), Disposition::Qualified);
    }

    #[test]
    fn who_was_handed_to_a_person_is_transferred_whatever_the_call_told_before() {
        let asked = Outcome { reason: Some(Reason::HumanRequested), ..told(Disposition::NotQualified) };
        for before in [None, Some(asked), Some(told(Disposition::Qualified))] {
            let outcome = finish(Some(&completed()), HolderSide::HandedOff(before), Flags::default()).unwrap().outcome;
            assert_eq!((outcome.disposition, outcome.reason, outcome.flags.human_requested), (Disposition::Transferred, None, true));
        }
        let never_again = Outcome { flags: Flags { opt_out: true, ..Flags::default() }, ..told(Disposition::Dnc) };
        assert_eq!(disposition(&completed(), HolderSide::HandedOff(Some(never_again))), Disposition::Dnc);
        assert_eq!(finish(None, HolderSide::HandedOff(None), Flags::default()), None, "they still talk");
    }

    #[test]
    fn an_opt_out_noted_during_the_call_outranks_everything() {
        let noted = Flags { opt_out: true, ..Flags::default() };
        for told_disposition in Disposition::ALL {
            let verdict = finish(Some(&completed()), HolderSide::Closed(Some(told(*told_disposition))), noted).unwrap();
            assert_eq!((verdict.outcome.disposition, verdict.outcome.reason), (Disposition::Dnc, Some(Reason::OptOut)));
            assert!(verdict.suppresses());
        }
    }
}
