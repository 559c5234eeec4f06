//! The answer gate: a call shows up for an attempt (answer, callback, stream, list). Is it this attempt's one call?

use crate::domain::attempt::AttemptState;
use crate::domain::dialing::row::DialRow;

/// What a call is to the attempt it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// The call that is already bound.
    Ours,
    /// The send that is on its way: bind it.
    Bind,
    /// It rang although the attempt was thought refused, not yet sent again, or absent: it is the attempt's call after all.
    Adopt,
    /// Another call than the attempt's: cancel it, hang it up, raise an alarm.
    Stray,
}

/// Decides what the call `call_sid`, placed as `send_no`, is to the row. `lead_open` is false when the lead was suppressed
/// or cancelled meanwhile, or when a newer attempt at it has already been sent: then nobody may be talked to through this one.
#[must_use]
pub fn meet(row: &DialRow, send_no: u32, call_sid: &str, lead_open: bool) -> Meeting {
    use AttemptState::{Absent, Ended, HandedOff, Placed, Ready, Refused, Ringing, Sending, Talking, Unknown, Withdrawn};
    match (&row.call_sid, row.state) {
        (Some(bound), _) if bound == call_sid => Meeting::Ours,
        (Some(_), _) => Meeting::Stray,
        (None, Sending | Unknown) if send_no >= row.send_no => Meeting::Bind,
        (None, Sending | Unknown) => Meeting::Stray,
        (None, Ready | Refused) => Meeting::Adopt,
        (None, Absent) if lead_open => Meeting::Adopt,
        (None, Absent | Ended | Withdrawn | Placed | Ringing | Talking | HandedOff) => Meeting::Stray,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: AttemptState, send_no: u32, bound: Option<&str>) -> DialRow {
        DialRow { state, send_no, call_sid: bound.map(str::to_owned), ..DialRow::ready() }
    }

    #[test]
    fn the_bound_call_is_ours_and_no_other() {
        for state in AttemptState::ALL {
            assert_eq!(meet(&row(*state, 1, Some("CA1")), 1, "CA1", true), Meeting::Ours);
            assert_eq!(meet(&row(*state, 1, Some("CA1")), 1, "CA2", true), Meeting::Stray);
        }
    }

    #[test]
    fn a_call_nobody_expected_is_adopted_until_a_newer_send_has_begun() {
        use AttemptState::{Absent, Ended, Ready, Refused, Sending, Unknown, Withdrawn};
        let table = [
            (Sending, 2, Meeting::Bind),
            (Unknown, 2, Meeting::Bind),
            (Sending, 1, Meeting::Stray),
            (Unknown, 1, Meeting::Stray),
            (Ready, 1, Meeting::Adopt),
            (Refused, 1, Meeting::Adopt),
            (Refused, 2, Meeting::Adopt),
            (Absent, 2, Meeting::Adopt),
            (Withdrawn, 1, Meeting::Stray),
            (Ended, 1, Meeting::Stray),
        ];
        for (state, send_no, meeting) in table {
            assert_eq!(meet(&row(state, 2, None), send_no, "CA1", true), meeting, "{state} send {send_no}");
        }
    }

    #[test]
    fn nobody_is_talked_to_through_an_absent_call_once_the_lead_has_moved_on() {
        assert_eq!(meet(&row(AttemptState::Absent, 1, None), 1, "CA1", false), Meeting::Stray);
    }

    #[test]
    fn whatever_is_bound_or_adopted_follows_the_table_of_states() {
        for state in AttemptState::ALL {
            for send_no in 1..=2 {
                if matches!(meet(&row(*state, 2, None), send_no, "CA1", true), Meeting::Bind | Meeting::Adopt) {
                    assert!(state.may_become(AttemptState::Placed), "{state}");
                }
            }
        }
    }
}
