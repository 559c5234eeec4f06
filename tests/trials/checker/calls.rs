//! I1, I2 and I4: calls, attempts and outcomes.

use std::collections::BTreeMap;

use super::rows::{Attempt, Rows};
use super::truth::{Call, Truth};

/// Two clocks may differ by so much (the provider's log and the database).
const CLOCKS_MS: i64 = 50;

/// I1: no attempt has two calls.
pub fn one_per_attempt(truth: &Truth) -> Vec<String> {
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for attempt in truth.calls.iter().filter_map(|call| call.attempt.as_deref()) {
        *calls.entry(attempt).or_default() += 1;
    }
    calls
        .into_iter()
        .filter(|(_, calls)| *calls > 1)
        .map(|(attempt, calls)| format!("attempt {attempt} was called {calls} times"))
        .collect()
}

/// I2: no number has two calls at the same time.
pub fn one_at_a_time(truth: &Truth) -> Vec<String> {
    let overlaps = |(earlier, later): (&Call, &Call)| {
        let over = earlier.ended_ms.is_some_and(|end| end <= later.created_ms);
        (!over).then(|| format!("{} to {} was made while {} was not over", later.sid, later.to, earlier.sid))
    };
    pairs(truth, |call| Some(call.to.clone())).into_iter().filter_map(overlaps).collect()
}

/// I2: the next call to a lead waits as long as its campaign says.
pub fn not_too_soon(truth: &Truth, rows: &Rows) -> Vec<String> {
    let too_soon = |(earlier, later): (&Call, &Call)| {
        let rules = rows.rules_of(&rows.attempt_behind(later)?.campaign)?;
        let gap = later.created_ms - earlier.ended_ms?;
        let soon = earlier.rang && gap + CLOCKS_MS < rules.redial_after_ms;
        soon.then(|| format!("{} came {gap} ms after {}, {} ms were agreed", later.sid, earlier.sid, rules.redial_after_ms))
    };
    pairs(truth, |call| lead_of(call, rows)).into_iter().filter_map(too_soon).collect()
}

/// Outcomes after which a lead is not called again while a trial lasts.
const LAST: [&str; 4] = ["dnc", "voicemail", "qualified", "transferred"];

/// I2: whoever said all there was to say is not rung once more.
pub fn not_after_the_last(truth: &Truth, rows: &Rows) -> Vec<String> {
    let once_more = |(earlier, later): (&Call, &Call)| {
        let said = rows.attempt_behind(earlier)?.disposition.as_deref().filter(|said| LAST.contains(said))?;
        later.rang.then(|| format!("{} rang once more after {}, which had ended as `{said}`", later.sid, earlier.sid))
    };
    pairs(truth, |call| lead_of(call, rows)).into_iter().filter_map(once_more).collect()
}

fn lead_of(call: &Call, rows: &Rows) -> Option<uuid::Uuid> {
    rows.attempt_behind(call).map(|attempt| attempt.lead_id)
}

/// Neighbouring calls of the same key.
fn pairs<K: Ord>(truth: &Truth, key: impl Fn(&Call) -> Option<K>) -> Vec<(&Call, &Call)> {
    let mut by_key: BTreeMap<K, Vec<&Call>> = BTreeMap::new();
    for call in &truth.calls {
        if let Some(key) = key(call) {
            by_key.entry(key).or_default().push(call);
        }
    }
    by_key.into_values().flat_map(|calls| calls.windows(2).map(|two| (two[0], two[1])).collect::<Vec<_>>()).collect()
}

/// I4: each call is one attempt's and that attempt has an outcome; no attempt has a call that never was.
pub fn one_attempt_and_outcome(truth: &Truth, rows: &Rows) -> Vec<String> {
    let mut complaints = Vec::new();
    for call in &truth.calls {
        let attempts: Vec<&Attempt> = rows.attempts.iter().filter(|attempt| attempt.call_sid.as_ref() == Some(&call.sid)).collect();
        match attempts[..] {
            [] => complaints.push(format!("{} to {} belongs to no attempt", call.sid, call.to)),
            [_] if call.attempt.is_none() => complaints.push(format!("{} was placed for no attempt", call.sid)),
            [one] if call.attempt.as_ref().is_some_and(|placed_for| *placed_for != one.id.to_string()) => {
                complaints.push(format!("{} was placed for another attempt than {}", call.sid, one.id));
            }
            [one] if one.disposition.is_none() && one.state == "ended" => {
                complaints.push(format!("attempt {} ended without an outcome", one.id));
            }
            [one] if one.disposition.is_none() => complaints.push(format!("attempt {} has a call and no outcome", one.id)),
            [_] => {}
            _ => complaints.push(format!("{} belongs to {} attempts", call.sid, attempts.len())),
        }
    }
    let made = |sid: &String| truth.calls.iter().any(|call| call.sid == *sid);
    let invented = rows.attempts.iter().filter(|attempt| attempt.call_sid.as_ref().is_some_and(|sid| !made(sid)));
    complaints.extend(invented.map(|attempt| format!("attempt {} has a call that was never made", attempt.id)));
    complaints.extend(rows.attempts.iter().filter_map(told_without_a_call));
    complaints
}

/// Without a call there is nothing to tell but that the provider took none.
fn told_without_a_call(attempt: &Attempt) -> Option<String> {
    let said = attempt.disposition.as_deref().filter(|said| attempt.call_sid.is_none() && *said != "failed")?;
    Some(format!("attempt {} says `{said}` and never had a call", attempt.id))
}

/// I4: nobody is talked with who did not answer.
pub fn held_were_answered(truth: &Truth, rows: &Rows) -> Vec<String> {
    let held = |call: &&Call| !call.answered && rows.attempt_of(&call.sid).is_some_and(|attempt| attempt.held);
    truth.calls.iter().filter(held).map(|call| format!("{} was held, and nobody had answered it", call.sid)).collect()
}

/// I4: where nobody of ours talked, the outcome is the network's.
pub fn outcomes_are_true(truth: &Truth, rows: &Rows) -> Vec<String> {
    let false_outcome = |call: &Call| {
        let attempt = rows.attempt_of(&call.sid).filter(|attempt| !attempt.held)?;
        let (status, disposition) = (call.status.as_deref()?, attempt.disposition.as_deref()?);
        let fits: &[&str] = match status {
            "busy" => &["busy"],
            "no-answer" => &["no_answer"],
            "failed" => &["failed"],
            // taken back: before it rang it was no try, afterwards nobody answered
            "canceled" => &["failed", "no_answer"],
            "completed" => &["incomplete", "voicemail", "dnc"],
            _ => return None,
        };
        (!fits.contains(&disposition)).then(|| format!("{} ended `{status}`, attempt {} says `{disposition}`", call.sid, attempt.id))
    };
    truth.calls.iter().filter_map(false_outcome).collect()
}
