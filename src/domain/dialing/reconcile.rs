//! Nobody knows whether the provider took the POST. Looks at its list of calls settle it: found, absent, or still unsure.
//!
//! Waiting is counted on the reconciler's own boot-time clock and starts again when it restarts, so that a step of the
//! wall clock can only make it wait longer. Creation times are compared with the database's clock.

use std::time::Duration;

use crate::domain::dialing::timings::DialTimings;

/// The send in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsureRow {
    /// When the claim was written, database milliseconds.
    pub intent_db: i64,
    /// The send deadline, database milliseconds.
    pub deadline_db: i64,
    /// Calls of other attempts to the same number: bound to them or named by their signed callbacks.
    pub taken: Vec<String>,
    /// Calls that signed callbacks named for this very attempt.
    pub named: Vec<String>,
}

/// A call in the provider's list from our number to the lead's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCall {
    /// The provider's id.
    pub call_sid: String,
    /// When the provider created it, Unix milliseconds; unknown for fresh ones.
    pub created_at_ms: Option<i64>,
    /// Placed through the REST API (`direction` = `outbound-api`), as ours are.
    pub outbound_api: bool,
}

/// One look at the list: all pages or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// The list could not be read to its end.
    Down,
    /// Every call from our number to the lead's.
    Listed(Vec<ListedCall>),
}

/// What one reconciler process remembers of one unsure send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    since: Duration,
    empties: u32,
    last_empty: Option<Duration>,
    alarmed: bool,
}

impl Watch {
    /// First seen now (the reconciler's boot-time clock).
    #[must_use]
    pub const fn begin(now: Duration) -> Self {
        Self { since: now, empties: 0, last_empty: None, alarmed: false }
    }

    fn saw_nothing(&mut self, now: Duration, gap: Duration) {
        if self.last_empty.is_none_or(|last| now.saturating_sub(last) >= gap) {
            self.empties += 1;
            self.last_empty = Some(now);
        }
    }

    fn is_overdue(&mut self, now: Duration, after: Duration) -> bool {
        let first = !self.alarmed && now.saturating_sub(self.since) >= after;
        self.alarmed |= first;
        first
    }
}

/// What a look decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconciled {
    /// The call exists: bind it.
    Bind {
        /// The attempt's call.
        call_sid: String,
        /// More calls that fit: alarm.
        others: Vec<String>,
        /// Those of them that carry our own signature: cancel.
        cancel: Vec<String>,
    },
    /// Look again later; `alarm` once when it takes too long.
    Wait {
        /// A person should know.
        alarm: bool,
    },
    /// The provider has no such call.
    Absent,
}

/// Decides one look at an unsure send.
#[must_use]
pub fn reconcile(row: &UnsureRow, look: &Look, watch: &mut Watch, now: Duration, timings: &DialTimings) -> Reconciled {
    let Look::Listed(calls) = look else {
        return Reconciled::Wait { alarm: watch.is_overdue(now, timings.unsure_alarm) };
    };
    if let Some(found) = pick(row, calls, timings) {
        return found;
    }
    watch.saw_nothing(now, timings.look_gap);
    let waited = now.saturating_sub(watch.since) >= timings.quiet;
    if waited && watch.empties >= timings.empty_looks {
        return Reconciled::Absent;
    }
    Reconciled::Wait { alarm: watch.is_overdue(now, timings.unsure_alarm) }
}

/// The last look before a number that was held after `absent` is given back: `Bind`, `Absent` (give it back) or `Wait`.
#[must_use]
pub fn last_look(row: &UnsureRow, look: &Look, timings: &DialTimings) -> Reconciled {
    match look {
        Look::Down => Reconciled::Wait { alarm: false },
        Look::Listed(calls) => pick(row, calls, timings).unwrap_or(Reconciled::Absent),
    }
}

fn pick(row: &UnsureRow, calls: &[ListedCall], timings: &DialTimings) -> Option<Reconciled> {
    let mut fitting: Vec<&ListedCall> = calls.iter().filter(|call| fits(row, call, timings)).collect();
    // A call that our own signed callback named is ours for certain; among the rest the oldest was first.
    fitting.sort_by_key(|call| (!row.named.contains(&call.call_sid), call.created_at_ms.unwrap_or(i64::MAX)));
    let (first, rest) = fitting.split_first()?;
    let others: Vec<String> = rest.iter().map(|call| call.call_sid.clone()).collect();
    let cancel = others.iter().filter(|sid| row.named.contains(sid)).cloned().collect();
    Some(Reconciled::Bind { call_sid: first.call_sid.clone(), others, cancel })
}

fn fits(row: &UnsureRow, call: &ListedCall, timings: &DialTimings) -> bool {
    let from = row.intent_db - millis(timings.look_before);
    let until = row.deadline_db + millis(timings.quiet);
    let in_time = call.created_at_ms.is_none_or(|at| (from..=until).contains(&at));
    call.outbound_api && in_time && !row.taken.contains(&call.call_sid)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTENT: i64 = 1_000_000;

    fn row() -> UnsureRow {
        UnsureRow { intent_db: INTENT, deadline_db: INTENT + 10_000, taken: vec!["CAother".to_owned()], named: Vec::new() }
    }

    fn call(sid: &str, created_at_ms: Option<i64>) -> ListedCall {
        ListedCall { call_sid: sid.to_owned(), created_at_ms, outbound_api: true }
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn look(watch: &mut Watch, at: u64, look: &Look) -> Reconciled {
        reconcile(&row(), look, watch, secs(at), &DialTimings::default())
    }

    #[test]
    fn nothing_is_absent_before_the_quiet_time_and_three_looks_apart() {
        let (mut watch, empty) = (Watch::begin(secs(100)), Look::Listed(Vec::new()));
        for at in [100, 130, 160, 190, 279] {
            assert_eq!(look(&mut watch, at, &empty), Reconciled::Wait { alarm: false }, "at {at}");
        }
        assert_eq!(look(&mut watch, 280, &empty), Reconciled::Absent);
    }

    #[test]
    fn looks_in_quick_succession_count_once() {
        let (mut watch, empty) = (Watch::begin(secs(0)), Look::Listed(Vec::new()));
        for at in 200..=229 {
            assert_eq!(look(&mut watch, at, &empty), Reconciled::Wait { alarm: false });
        }
        assert_eq!(look(&mut watch, 230, &empty), Reconciled::Wait { alarm: false });
        assert_eq!(look(&mut watch, 260, &empty), Reconciled::Absent);
    }

    #[test]
    fn a_list_that_is_down_never_leads_to_absent_and_alarms_once() {
        let mut watch = Watch::begin(secs(0));
        assert_eq!(look(&mut watch, 1_799, &Look::Down), Reconciled::Wait { alarm: false });
        assert_eq!(look(&mut watch, 1_800, &Look::Down), Reconciled::Wait { alarm: true });
        assert_eq!(look(&mut watch, 9_000, &Look::Down), Reconciled::Wait { alarm: false });
    }

    #[test]
    fn the_window_the_direction_and_other_attempts_calls_are_respected() {
        let inbound = ListedCall { outbound_api: false, ..call("CAin", Some(INTENT)) };
        let outside =
            [call("CAold", Some(INTENT - 120_001)), call("CAnew", Some(INTENT + 190_001)), call("CAother", Some(INTENT)), inbound];
        let mut watch = Watch::begin(secs(0));
        assert_eq!(look(&mut watch, 0, &Look::Listed(outside.to_vec())), Reconciled::Wait { alarm: false });
        let edge = Look::Listed(vec![call("CAedge", Some(INTENT + 190_000))]);
        assert!(matches!(look(&mut watch, 0, &edge), Reconciled::Bind { call_sid, .. } if call_sid == "CAedge"));
        let fresh = Look::Listed(vec![call("CAfresh", None)]);
        assert!(matches!(look(&mut watch, 0, &fresh), Reconciled::Bind { call_sid, .. } if call_sid == "CAfresh"));
    }

    #[test]
    fn of_two_calls_the_first_stays_and_only_a_signed_one_is_cancelled() {
        let calls = Look::Listed(vec![call("CA2", Some(INTENT + 5)), call("CA1", Some(INTENT + 1)), call("CA3", None)]);
        let (mut watch, timings) = (Watch::begin(secs(0)), DialTimings::default());
        let unsigned = reconcile(&row(), &calls, &mut watch, secs(0), &timings);
        assert_eq!(unsigned, Reconciled::Bind { call_sid: "CA1".into(), others: vec!["CA2".into(), "CA3".into()], cancel: vec![] });
        let named = UnsureRow { named: vec!["CA2".into(), "CA3".into()], ..row() };
        let signed = reconcile(&named, &calls, &mut watch, secs(0), &timings);
        assert_eq!(
            signed,
            Reconciled::Bind { call_sid: "CA2".into(), others: vec!["CA3".into(), "CA1".into()], cancel: vec!["CA3".into()] }
        );
    }

    #[test]
    fn the_last_look_binds_gives_back_or_keeps_holding() {
        let timings = DialTimings::default();
        assert_eq!(last_look(&row(), &Look::Down, &timings), Reconciled::Wait { alarm: false });
        assert_eq!(last_look(&row(), &Look::Listed(vec![]), &timings), Reconciled::Absent);
        let late = Look::Listed(vec![call("CA1", None)]);
        assert!(matches!(last_look(&row(), &late, &timings), Reconciled::Bind { .. }));
    }
}
