//! What becomes of a lead: when its attempt closed, and when a gate kept it from being called.

use crate::domain::attempt::DialKind;
use crate::domain::dialing::finish::Verdict;
use crate::domain::dialing::sip::Retry;
use crate::domain::dialing::timings::DialTimings;
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Disposition, Outcome, Reason};
use crate::domain::permit::{Denial, Gate};
use crate::domain::time::Timestamp;

/// The lead's next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadStep {
    /// To be called at `at` or later.
    Waiting {
        /// In which queue.
        kind: DialKind,
        /// Not before.
        at: Timestamp,
        /// Why it waits, for a person.
        why: String,
    },
    /// Done.
    Finished {
        /// What came of the lead.
        disposition: Disposition,
        /// Why.
        reason: Option<Reason>,
    },
    /// Never again.
    Suppressed,
    /// A person has to look.
    Parked {
        /// Why, for that person.
        why: String,
    },
}

impl LeadStep {
    /// Where the lead goes.
    #[must_use]
    pub const fn state(&self) -> LeadState {
        match self {
            Self::Waiting { .. } => LeadState::Waiting,
            Self::Finished { .. } => LeadState::Finished,
            Self::Suppressed => LeadState::Suppressed,
            Self::Parked { .. } => LeadState::Parked,
        }
    }

    /// Waits, with a reason.
    #[must_use]
    pub fn waiting(kind: DialKind, at: Timestamp, why: &str) -> Self {
        Self::Waiting { kind, at, why: why.to_owned() }
    }

    /// Waits for a person.
    #[must_use]
    pub fn parked(why: &str) -> Self {
        Self::Parked { why: why.to_owned() }
    }
}

/// What was tried before; every count includes the attempt that just ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadHistory {
    /// Placed calls to this lead, promised callbacks aside.
    pub placed: u32,
    /// The campaign's limit of them.
    pub max_attempts: u32,
    /// Attempts that ended with the same disposition.
    pub like_this: u32,
    /// Attempts that ended for the same reason.
    pub same_reason: u32,
    /// Callbacks promised before this attempt.
    pub callbacks: u32,
    /// The campaign's limit of them.
    pub max_callbacks: u32,
    /// The number was suppressed while the attempt was open.
    pub suppressed: bool,
}

/// Decides after an attempt of `kind` ended. `redial` is the campaign's table: (disposition, tries that ended like this, end)
/// → when to try again, if at all.
#[must_use]
pub fn next_step(
    verdict: &Verdict,
    kind: DialKind,
    history: &LeadHistory,
    ended_at: Timestamp,
    timings: &DialTimings,
    redial: impl Fn(Disposition, u32, Timestamp) -> Option<Timestamp>,
) -> LeadStep {
    if verdict.suppresses() {
        return LeadStep::Suppressed;
    }
    match step(verdict, kind, history, ended_at, timings, redial) {
        LeadStep::Waiting { .. } | LeadStep::Finished { disposition: Disposition::Unreached, .. } if history.suppressed => {
            LeadStep::Suppressed
        }
        step => step,
    }
}

fn step(
    verdict: &Verdict,
    kind: DialKind,
    history: &LeadHistory,
    ended_at: Timestamp,
    timings: &DialTimings,
    redial: impl Fn(Disposition, u32, Timestamp) -> Option<Timestamp>,
) -> LeadStep {
    let outcome = &verdict.outcome;
    if !verdict.is_counted() {
        return LeadStep::waiting(kind, ended_at + timings.queued_limit, "taken back before it rang");
    }
    if let Some(step) = promised(outcome, history) {
        return step;
    }
    match again(verdict, history, ended_at, timings, redial) {
        Some(_) if history.placed >= history.max_attempts => {
            LeadStep::Finished { disposition: Disposition::Unreached, reason: Some(Reason::CapsReached) }
        }
        Some(at) => LeadStep::waiting(DialKind::Retry, at, outcome.disposition.as_str()),
        None => LeadStep::Finished { disposition: outcome.disposition, reason: outcome.reason },
    }
}

/// A promised callback is kept as long as the campaign allows more of them.
fn promised(outcome: &Outcome, history: &LeadHistory) -> Option<LeadStep> {
    let callback = outcome.callback.as_ref().filter(|_| outcome.disposition == Disposition::Callback)?;
    (history.callbacks < history.max_callbacks).then(|| LeadStep::waiting(DialKind::Callback, callback.earliest, "callback promised"))
}

fn again(
    verdict: &Verdict,
    history: &LeadHistory,
    ended_at: Timestamp,
    timings: &DialTimings,
    redial: impl Fn(Disposition, u32, Timestamp) -> Option<Timestamp>,
) -> Option<Timestamp> {
    let outcome = &verdict.outcome;
    match verdict.retry {
        Retry::ByTable => redial(outcome.disposition, history.like_this, ended_at),
        Retry::OnceMore if history.same_reason > 1 => None,
        Retry::OnceMore if outcome.reason == Some(Reason::Declined) => Some(ended_at + timings.after_declined),
        Retry::OnceMore => redial(outcome.disposition, history.like_this, ended_at),
        Retry::Never | Retry::Uncounted => None,
    }
}

/// Decides when a gate is closed: the lead waits for its opening, or for a person, or never again.
#[must_use]
pub fn after_denial(denial: &Denial, kind: DialKind, now: Timestamp, timings: &DialTimings) -> LeadStep {
    let why = denial.why();
    match (denial.gate, denial.opens_at) {
        (Gate::Suppression, _) => LeadStep::Suppressed,
        (Gate::Quarantine, _) => LeadStep::Finished { disposition: Disposition::Failed, reason: quarantine_reason(denial) },
        (_, Some(at)) => LeadStep::Waiting { kind, at: at.max(now), why },
        (Gate::AttemptCap, None) => LeadStep::Finished { disposition: Disposition::Unreached, reason: Some(Reason::CapsReached) },
        // The dispatcher does not look at a campaign that stands still, so this costs nothing until it runs again.
        (Gate::Campaign | Gate::Lead, None) => LeadStep::Waiting { kind, at: now, why },
        // Reserved money comes back when calls end.
        (Gate::Budget, None) => LeadStep::Waiting { kind, at: now + timings.silent_after, why },
        _ => LeadStep::Parked { why },
    }
}

/// The provider's word is the gate's value; a refusal without one says that the number does not work.
fn quarantine_reason(denial: &Denial) -> Option<Reason> {
    Some(denial.value.parse().unwrap_or(Reason::InvalidNumber))
}

#[cfg(test)]
mod any_history;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::outcome::{Flags, PromisedCallback};

    const END: Timestamp = Timestamp::from_millis(1_000_000);

    fn history() -> LeadHistory {
        LeadHistory { placed: 1, max_attempts: 5, like_this: 1, same_reason: 1, callbacks: 0, max_callbacks: 2, suppressed: false }
    }

    fn verdict(disposition: Disposition, reason: Option<Reason>, retry: Retry) -> Verdict {
        Verdict { outcome: Outcome { disposition, reason, flags: Flags::default(), callback: None }, retry }
    }

    /// A table that redials `busy` twice, an hour later.
    fn table(disposition: Disposition, tries: u32, ended: Timestamp) -> Option<Timestamp> {
        (disposition == Disposition::Busy && tries < 3).then(|| ended + Duration::from_secs(3_600))
    }

    fn step(verdict: &Verdict, history: &LeadHistory) -> LeadStep {
        next_step(verdict, DialKind::Fresh, history, END, &DialTimings::default(), table)
    }

    #[test]
    fn the_table_redials_until_it_is_used_up() {
        let busy = verdict(Disposition::Busy, None, Retry::ByTable);
        assert_eq!(step(&busy, &history()), LeadStep::waiting(DialKind::Retry, END + Duration::from_secs(3_600), "busy"));
        let third = LeadHistory { like_this: 3, ..history() };
        assert_eq!(step(&busy, &third), LeadStep::Finished { disposition: Disposition::Busy, reason: None });
    }

    #[test]
    fn the_cap_ends_what_the_table_would_go_on_with() {
        let capped = LeadHistory { placed: 5, ..history() };
        let last = step(&verdict(Disposition::Busy, None, Retry::ByTable), &capped);
        assert_eq!(last, LeadStep::Finished { disposition: Disposition::Unreached, reason: Some(Reason::CapsReached) });
    }

    #[test]
    fn a_promise_is_kept_until_there_were_too_many() {
        let mut promise = verdict(Disposition::Callback, None, Retry::ByTable);
        let earliest = Timestamp::from_millis(9_000_000);
        promise.outcome.callback =
            Some(PromisedCallback { words: "at nine".into(), earliest, latest: None, zone: "Europe/Berlin".into(), agreement: None });
        assert_eq!(step(&promise, &history()), LeadStep::waiting(DialKind::Callback, earliest, "callback promised"));
        let enough = LeadHistory { callbacks: 2, ..history() };
        assert_eq!(step(&promise, &enough), LeadStep::Finished { disposition: Disposition::Callback, reason: None });
    }

    #[test]
    fn who_declined_is_tried_once_more_after_a_long_time() {
        let declined = verdict(Disposition::NoAnswer, Some(Reason::Declined), Retry::OnceMore);
        assert!(matches!(step(&declined, &history()), LeadStep::Waiting { at, .. } if at.since(END) >= Duration::from_secs(86_400)));
        let again = LeadHistory { same_reason: 2, ..history() };
        assert!(matches!(step(&declined, &again), LeadStep::Finished { .. }));
    }

    #[test]
    fn an_opt_out_and_an_unwanted_call_suppress() {
        assert_eq!(step(&verdict(Disposition::Dnc, None, Retry::Never), &history()), LeadStep::Suppressed);
        let mut opted = verdict(Disposition::Qualified, None, Retry::ByTable);
        opted.outcome.flags.opt_out = true;
        assert_eq!(step(&opted, &history()), LeadStep::Suppressed);
    }

    #[test]
    fn a_call_taken_back_in_the_queue_returns_the_lead_uncounted() {
        let taken_back = verdict(Disposition::Failed, None, Retry::Uncounted);
        assert!(matches!(step(&taken_back, &history()), LeadStep::Waiting { kind: DialKind::Fresh, .. }));
    }

    #[test]
    fn a_number_suppressed_meanwhile_is_not_tried_again() {
        let suppressed = LeadHistory { suppressed: true, ..history() };
        for retry in [Retry::ByTable, Retry::Uncounted] {
            assert_eq!(step(&verdict(Disposition::Busy, None, retry), &suppressed), LeadStep::Suppressed);
        }
        let done = LeadStep::Finished { disposition: Disposition::Qualified, reason: None };
        assert_eq!(step(&verdict(Disposition::Qualified, None, Retry::ByTable), &suppressed), done, "what was said stands");
    }

    #[test]
    fn every_closed_gate_moves_the_lead_out_of_the_way() {
        let denial = |gate, opens_at| Denial { gate, rule: "r".to_owned(), value: "x".to_owned(), opens_at };
        let after = |denial: &Denial| after_denial(denial, DialKind::Fresh, END, &DialTimings::default());
        let opens = Timestamp::from_millis(5_000_000);
        assert!(matches!(after(&denial(Gate::Hours, Some(opens))), LeadStep::Waiting { at, .. } if at == opens));
        assert_eq!(after(&denial(Gate::Suppression, None)), LeadStep::Suppressed);
        let failed = LeadStep::Finished { disposition: Disposition::Failed, reason: Some(Reason::InvalidNumber) };
        assert_eq!(after(&denial(Gate::Quarantine, None)), failed);
        for gate in [Gate::Consent, Gate::Country, Gate::NumberRange, Gate::Hours, Gate::DayCap, Gate::CallerCap] {
            assert!(matches!(after(&denial(gate, None)), LeadStep::Parked { .. }), "{gate}");
        }
        assert!(matches!(after(&denial(Gate::Zone, None)), LeadStep::Parked { .. }));
        assert!(matches!(after(&denial(Gate::AttemptCap, None)), LeadStep::Finished { disposition: Disposition::Unreached, .. }));
        assert!(matches!(after(&denial(Gate::Budget, None)), LeadStep::Waiting { at, .. } if at > END));
        assert!(matches!(after(&denial(Gate::Campaign, None)), LeadStep::Waiting { at, .. } if at == END));
    }
}
