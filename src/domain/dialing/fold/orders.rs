//! Every order of a call's messages, with repeats and delays: the row ends the same.

use super::*;

const VERDICT: &str = "machine_end_beep";

/// Message `n` as it was said; `None` as status is the POST's answer, which only names the call.
fn message(status: Option<CallStatus>, sequence: i32) -> Callback {
    let over = status.is_some_and(CallStatus::is_final);
    Callback {
        send_no: 1,
        call_sid: "CA1".to_owned(),
        status,
        sequence: status.map(|_| sequence),
        sip_code: over.then_some(486),
        duration_s: over.then_some(7),
        answered_by: None,
    }
}

/// The answer, what the provider reports in order, and for answered calls who answered.
fn call(end: CallStatus) -> Vec<Callback> {
    let answered = end == CallStatus::Completed;
    let steps = [Some(CallStatus::Initiated), Some(CallStatus::Ringing), answered.then_some(CallStatus::InProgress), Some(end)];
    let told = steps.into_iter().flatten().zip(0..).map(|(status, sequence)| message(Some(status), sequence));
    let verdict = answered.then(|| Callback { answered_by: Some(VERDICT.to_owned()), ..message(None, 0) });
    [message(None, 0)].into_iter().chain(told).chain(verdict).collect()
}

/// Every order of `0..count` (Heap's way).
fn orders(count: usize) -> Vec<Vec<usize>> {
    fn swap_on(left: usize, order: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if left <= 1 {
            return all.push(order.clone());
        }
        for at in 0..left {
            swap_on(left - 1, order, all);
            order.swap(if left.is_multiple_of(2) { at } else { 0 }, left - 1);
        }
    }
    let mut all = Vec::new();
    swap_on(count, &mut (0..count).collect(), &mut all);
    all
}

/// The order with the messages of `repeated` told again: each a few places after its first time.
fn with_repeats(order: &[usize], repeated: usize) -> Vec<usize> {
    let mut told = order.to_vec();
    for (place, said) in order.iter().enumerate().filter(|(_, said)| repeated & (1 << **said) != 0) {
        told.insert((place + 1 + (place * 7 + said * 3 + repeated) % 4).min(told.len()), *said);
    }
    told
}

/// From milliseconds to hours between two messages.
fn delay(place: usize, seed: usize) -> i64 {
    [1, 40, 700, 9_000, 61_000, 900_000, 7_200_000][(place * 5 + seed) % 7]
}

fn play(start: AttemptState, messages: &[Callback], order: &[usize], seed: usize) -> (DialRow, u32) {
    let (mut row, mut now, mut ends) = (DialRow { state: start, ..DialRow::ready() }, 0, 0);
    for (place, said) in order.iter().enumerate() {
        now += delay(place, seed);
        let folded = fold(&row, &messages[*said], true, Timestamp::from_millis(now));
        assert!(!folded.cancel, "{order:?}");
        ends += u32::from(folded.finish);
        row = folded.row;
    }
    (row, ends)
}

/// When things were heard differs with the order; what was heard does not.
fn timeless(row: &DialRow) -> DialRow {
    let heard = |at: Option<Timestamp>| at.map(|_| Timestamp::from_millis(0));
    DialRow {
        placed_at: heard(row.placed_at),
        ringing_at: heard(row.ringing_at),
        answered_at: heard(row.answered_at),
        provider_ended_at: heard(row.provider_ended_at),
        ..row.clone()
    }
}

#[test]
fn every_order_repeat_and_delay_ends_the_same() {
    use AttemptState::{Absent, Refused, Sending, Unknown};
    let mut played = 0;
    for end in [CallStatus::Completed, CallStatus::Busy, CallStatus::NoAnswer, CallStatus::Failed, CallStatus::Canceled] {
        let messages = call(end);
        let in_order: Vec<usize> = (0..messages.len()).collect();
        for start in [Sending, Unknown, Refused, Absent] {
            let (expected, ends) = play(start, &messages, &in_order, 0);
            assert_eq!((ends, expected.status, expected.sequence), (1, Some(end), if end == CallStatus::Completed { 3 } else { 2 }));
            for order in orders(messages.len()) {
                for repeated in 0..1 << messages.len() {
                    let told = with_repeats(&order, repeated);
                    let (row, ends) = play(start, &messages, &told, played);
                    assert_eq!((timeless(&row), ends), (timeless(&expected), 1), "{end} from {start}, told as {told:?}");
                    let over = row.provider_ended_at;
                    assert!(row.ringing_at <= over && row.answered_at <= over, "{told:?}: {row:?}");
                    played += 1;
                }
            }
        }
    }
    println!("{played} sequences");
    assert!(played >= 100_000, "{played}");
}
