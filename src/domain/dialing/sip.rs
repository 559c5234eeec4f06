//! What the network says about a call that brought no conversation: provider status and SIP code → disposition.
//!
//! SIP codes: RFC 3261 section 21, 607 from RFC 8197, 608 from RFC 8688.

use crate::domain::dialing::finish::CallEnd;
use crate::domain::dialing::row::CallStatus;
use crate::domain::outcome::{Disposition, Reason};

/// Whether such an end may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// As the campaign's redial table says.
    ByTable,
    /// One more try, whatever the table says, as long as this reason has not come up before.
    OnceMore,
    /// Never.
    Never,
    /// It was no try at all: the phone did not ring.
    Uncounted,
}

/// The transport's view of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transport {
    /// What came of it.
    pub disposition: Disposition,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether to try again.
    pub retry: Retry,
}

const fn transport(disposition: Disposition, reason: Option<Reason>, retry: Retry) -> Transport {
    Transport { disposition, reason, retry }
}

/// Reads the provider's end.
#[must_use]
pub fn read(end: &CallEnd) -> Transport {
    match end.status {
        CallStatus::Completed => answered(end),
        CallStatus::Canceled if !end.rang => transport(Disposition::Failed, None, Retry::Uncounted),
        CallStatus::Canceled => transport(Disposition::NoAnswer, None, Retry::ByTable),
        CallStatus::Gone => transport(Disposition::Failed, Some(Reason::ProviderAbsent), Retry::ByTable),
        status => end.sip_code.and_then(by_code).unwrap_or_else(|| by_status(status)),
    }
}

/// Answered, but nobody of ours held a conversation: a machine, a fax, or a fault of ours.
fn answered(end: &CallEnd) -> Transport {
    match end.answered_by.as_deref() {
        Some("fax") => transport(Disposition::Failed, Some(Reason::Fax), Retry::Never),
        Some(machine) if machine.starts_with("machine") => transport(Disposition::Voicemail, None, Retry::ByTable),
        _ => transport(Disposition::Incomplete, Some(Reason::AgentError), Retry::ByTable),
    }
}

fn by_status(status: CallStatus) -> Transport {
    match status {
        CallStatus::Busy => transport(Disposition::Busy, None, Retry::ByTable),
        CallStatus::NoAnswer => transport(Disposition::NoAnswer, None, Retry::ByTable),
        _ => transport(Disposition::Failed, None, Retry::ByTable),
    }
}

fn by_code(code: u16) -> Option<Transport> {
    Some(match code {
        486 | 600 => transport(Disposition::Busy, None, Retry::ByTable),
        408 | 480 | 487 => transport(Disposition::NoAnswer, None, Retry::ByTable),
        410 | 604 => transport(Disposition::Failed, Some(Reason::InvalidNumber), Retry::Never),
        404 | 484 => transport(Disposition::Failed, Some(Reason::InvalidNumber), Retry::OnceMore),
        603 => transport(Disposition::NoAnswer, Some(Reason::Declined), Retry::OnceMore),
        607 => transport(Disposition::Dnc, Some(Reason::Blocked), Retry::Never),
        608 => transport(Disposition::Failed, Some(Reason::SpamLabelled), Retry::ByTable),
        403 => transport(Disposition::Failed, Some(Reason::Blocked), Retry::ByTable),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(status: CallStatus, sip_code: Option<u16>) -> Transport {
        read(&CallEnd { status, sip_code, answered_by: None, rang: true })
    }

    #[test]
    fn codes_say_more_than_the_status() {
        use Disposition::{Busy, Dnc, Failed, NoAnswer};
        let table = [
            (CallStatus::Busy, 486, Busy, None, Retry::ByTable),
            (CallStatus::Busy, 603, NoAnswer, Some(Reason::Declined), Retry::OnceMore),
            (CallStatus::Failed, 480, NoAnswer, None, Retry::ByTable),
            (CallStatus::Failed, 404, Failed, Some(Reason::InvalidNumber), Retry::OnceMore),
            (CallStatus::Failed, 604, Failed, Some(Reason::InvalidNumber), Retry::Never),
            (CallStatus::Failed, 607, Dnc, Some(Reason::Blocked), Retry::Never),
            (CallStatus::Failed, 608, Failed, Some(Reason::SpamLabelled), Retry::ByTable),
            (CallStatus::Failed, 503, Failed, None, Retry::ByTable),
            (CallStatus::NoAnswer, 500, NoAnswer, None, Retry::ByTable),
        ];
        for (status, code, disposition, reason, retry) in table {
            assert_eq!(end(status, Some(code)), transport(disposition, reason, retry), "{status} {code}");
        }
    }

    #[test]
    fn without_a_code_the_status_speaks() {
        assert_eq!(end(CallStatus::Busy, None).disposition, Disposition::Busy);
        assert_eq!(end(CallStatus::NoAnswer, None).disposition, Disposition::NoAnswer);
        assert_eq!(end(CallStatus::Failed, None).disposition, Disposition::Failed);
        assert_eq!(end(CallStatus::Gone, None).reason, Some(Reason::ProviderAbsent));
    }

    #[test]
    fn a_call_taken_back_before_it_rang_was_no_try() {
        let quiet = CallEnd { status: CallStatus::Canceled, sip_code: None, answered_by: None, rang: false };
        assert_eq!(read(&quiet).retry, Retry::Uncounted);
        assert_eq!(read(&CallEnd { rang: true, ..quiet }).disposition, Disposition::NoAnswer);
    }

    #[test]
    fn an_answer_without_conversation_is_a_machine_or_our_fault() {
        let by = |who: Option<&str>| {
            read(&CallEnd { status: CallStatus::Completed, sip_code: Some(200), answered_by: who.map(str::to_owned), rang: true })
        };
        assert_eq!(by(Some("machine_end_beep")).disposition, Disposition::Voicemail);
        assert_eq!(by(Some("fax")).reason, Some(Reason::Fax));
        assert_eq!(by(Some("human")), transport(Disposition::Incomplete, Some(Reason::AgentError), Retry::ByTable));
    }
}
