//! Callbacks are folded, not obeyed: whatever order, however often, before or after the POST's own answer, the row ends
//! the same. Rank decides first, the provider's sequence number second.

use crate::domain::attempt::AttemptState;
use crate::domain::dialing::meet::{Meeting, meet};
use crate::domain::dialing::row::{CallStatus, DialRow};
use crate::domain::time::Timestamp;

/// News of one call: a signed callback, or what a poll brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The send number in the callback's signed path.
    pub send_no: u32,
    /// The call it speaks of.
    pub call_sid: String,
    /// How far the call is; `None` when it only tells who answered.
    pub status: Option<CallStatus>,
    /// The provider's number of this message, where there is one.
    pub sequence: Option<i32>,
    /// SIP code of the end.
    pub sip_code: Option<u16>,
    /// Seconds between answer and end.
    pub duration_s: Option<u32>,
    /// Who answered.
    pub answered_by: Option<String>,
}

/// What a callback did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// What the call is to the attempt.
    pub meeting: Meeting,
    /// The row as it has to be written.
    pub row: DialRow,
    /// The provider's end became known: fold the outcome.
    pub finish: bool,
    /// Take this call back: it is not the attempt's.
    pub cancel: bool,
    /// Tell the holder who answered.
    pub answered_by: Option<String>,
}

impl Folded {
    /// Nothing has to be written.
    #[must_use]
    pub fn is_nothing(&self, before: &DialRow) -> bool {
        self.row == *before && !self.cancel
    }
}

/// Folds `news` into the row. `lead_open` as in [`meet`].
#[must_use]
pub fn fold(before: &DialRow, news: &Callback, lead_open: bool, now: Timestamp) -> Folded {
    let meeting = meet(before, news.send_no, &news.call_sid, lead_open);
    let mut row = before.clone();
    match meeting {
        Meeting::Stray => {
            let cancel = !news.status.is_some_and(CallStatus::is_final);
            return Folded { meeting, row, finish: false, cancel, answered_by: None };
        }
        Meeting::Bind | Meeting::Adopt => row.bind(&news.call_sid, now),
        Meeting::Ours => {}
    }
    if row.state.is_open() {
        take_in(&mut row, news, now);
    }
    let finish = row.provider_ended_at.is_some() && before.provider_ended_at.is_none();
    let answered_by = row.answered_by.clone().filter(|_| before.answered_by.is_none());
    Folded { meeting, row, finish, cancel: false, answered_by }
}

fn take_in(row: &mut DialRow, news: &Callback, now: Timestamp) {
    row.sip_code = row.sip_code.or(news.sip_code);
    row.provider_duration_s = row.provider_duration_s.or(news.duration_s);
    row.answered_by = row.answered_by.take().or_else(|| news.answered_by.clone());
    // until it rings a call is what its name made it: that it waits or that dialling begins changes nothing and is not worth a write
    let Some(status) = news.status.filter(|status| status.rank() > CallStatus::Initiated.rank()) else { return };
    let sequence = news.sequence.unwrap_or(row.sequence);
    if row.status.is_none_or(|known| (known.rank(), row.sequence, known) < (status.rank(), sequence, status)) {
        row.status = Some(status);
        row.sequence = sequence.max(row.sequence);
    }
    stamp(row, status, now);
    advance(row, status);
}

/// First knowledge of each step. A step that becomes known after the end cannot be later than the end.
fn stamp(row: &mut DialRow, status: CallStatus, now: Timestamp) {
    let at = row.provider_ended_at.map_or(now, |end| end.min(now));
    match status {
        CallStatus::Ringing => _ = row.ringing_at.get_or_insert(at),
        CallStatus::InProgress | CallStatus::Completed => _ = row.answered_at.get_or_insert(at),
        _ => {}
    }
    if status.is_final() {
        row.provider_ended_at.get_or_insert(now);
    }
}

/// Moves the state forward along the table, never back and never to `ended`: only the outcome ends an attempt.
fn advance(row: &mut DialRow, status: CallStatus) {
    let next = match status {
        CallStatus::Ringing => AttemptState::Ringing,
        CallStatus::InProgress => AttemptState::Talking,
        _ => return,
    };
    if row.state.may_become(next) {
        row.state = next;
    }
}

#[cfg(test)]
mod orders;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn news(status: CallStatus, sequence: i32) -> Callback {
        let over = status.is_final();
        Callback {
            send_no: 1,
            call_sid: "CA1".to_owned(),
            status: Some(status),
            sequence: Some(sequence),
            sip_code: over.then_some(200),
            duration_s: over.then_some(7),
            answered_by: None,
        }
    }

    fn all_four() -> Vec<Callback> {
        [CallStatus::Initiated, CallStatus::Ringing, CallStatus::InProgress, CallStatus::Completed]
            .into_iter()
            .zip(0..)
            .map(|(s, n)| news(s, n))
            .collect()
    }

    /// The 201 is one more message that only names the call.
    fn answer() -> Callback {
        Callback { status: None, sequence: None, ..news(CallStatus::Queued, 0) }
    }

    fn play(start: &DialRow, messages: &[Callback]) -> DialRow {
        messages.iter().fold(start.clone(), |row, message| {
            let after = fold(&row, message, true, NOW).row;
            // Several steps of the table may lie between two messages; each must exist.
            assert!(row.state == after.state || reachable(row.state, after.state), "{} to {}", row.state, after.state);
            after
        })
    }

    fn reachable(from: AttemptState, to: AttemptState) -> bool {
        from.may_become(to) || (from.may_become(AttemptState::Placed) && AttemptState::Placed.may_become(to))
    }

    fn sending() -> DialRow {
        DialRow { state: AttemptState::Sending, ..DialRow::ready() }
    }

    proptest! {
        #[test]
        fn any_order_any_repeats_and_the_answer_anywhere_end_the_same(
            order in Just((0..10_usize).collect::<Vec<_>>()).prop_shuffle(),
            repeats in prop::collection::vec(0..5_usize, 5),
            start in prop::sample::select(vec![AttemptState::Sending, AttemptState::Unknown, AttemptState::Refused, AttemptState::Absent]),
        ) {
            let mut five = all_four();
            five.push(answer());
            let all: Vec<Callback> = five.iter().cloned().chain(repeats.iter().map(|i| five[*i].clone())).collect();
            let shuffled: Vec<Callback> = order.iter().map(|i| all[*i].clone()).collect();
            let row = DialRow { state: start, ..DialRow::ready() };
            prop_assert_eq!(play(&row, &shuffled), play(&row, &five));
        }

        #[test]
        fn the_end_is_told_once(order in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle()) {
            let twice: Vec<Callback> = all_four().into_iter().chain(all_four()).collect();
            let (mut row, mut ends) = (sending(), 0);
            for i in order {
                let folded = fold(&row, &twice[i], true, NOW);
                ends += u32::from(folded.finish);
                row = folded.row;
            }
            prop_assert_eq!(ends, 1);
        }
    }

    #[test]
    fn the_five_messages_leave_a_talking_row_with_its_end() {
        let row = play(&sending(), &[&all_four()[..], &[answer()]].concat());
        assert_eq!((row.state, row.status, row.sequence), (AttemptState::Talking, Some(CallStatus::Completed), 3));
        assert_eq!((row.provider_ended_at, row.provider_duration_s, row.call_sid.as_deref()), (Some(NOW), Some(7), Some("CA1")));
    }

    #[test]
    fn that_a_bound_call_waits_or_begins_to_dial_changes_nothing() {
        let bound = fold(&sending(), &answer(), true, NOW).row;
        for status in [CallStatus::Queued, CallStatus::Initiated] {
            assert!(fold(&bound, &news(status, 0), true, NOW).is_nothing(&bound));
            assert_eq!(fold(&sending(), &news(status, 0), true, NOW).row, bound, "it binds as the answer does");
        }
    }

    #[test]
    fn a_stray_call_is_cancelled_unless_it_is_over_already() {
        let mut row = sending();
        row.bind("CA0", NOW);
        let folded = fold(&row, &news(CallStatus::Initiated, 0), true, NOW);
        assert!(folded.cancel && folded.meeting == Meeting::Stray && folded.row == row);
        assert!(!fold(&row, &news(CallStatus::Completed, 3), true, NOW).cancel);
    }

    #[test]
    fn an_older_send_that_rings_while_a_newer_is_under_way_is_cancelled() {
        let row = DialRow { send_no: 2, ..sending() };
        assert!(fold(&row, &news(CallStatus::Ringing, 1), true, NOW).cancel);
    }

    #[test]
    fn a_closed_attempt_keeps_its_row() {
        let row = DialRow { state: AttemptState::Ended, call_sid: Some("CA1".to_owned()), ..DialRow::ready() };
        assert!(fold(&row, &news(CallStatus::Ringing, 1), true, NOW).is_nothing(&row));
    }

    #[test]
    fn a_transferred_call_does_not_fall_back_to_talking() {
        let row = DialRow { state: AttemptState::HandedOff, call_sid: Some("CA1".to_owned()), ..DialRow::ready() };
        assert_eq!(fold(&row, &news(CallStatus::InProgress, 2), true, NOW).row.state, AttemptState::HandedOff);
    }

    #[test]
    fn the_holder_hears_once_who_answered() {
        let verdict = Callback { answered_by: Some("human".to_owned()), ..answer() };
        let first = fold(&sending(), &verdict, true, NOW);
        assert_eq!(first.answered_by.as_deref(), Some("human"));
        assert_eq!(fold(&first.row, &verdict, true, NOW).answered_by, None);
    }
}
