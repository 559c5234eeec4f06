//! Whatever comes of a lead's calls, one after the other: no redial before its wait, none past a cap, none after a last word.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::dialing::finish::finish;
use crate::domain::dialing::{CallEnd, CallStatus, HolderSide};
use crate::domain::outcome::{Flags, PromisedCallback};
use crate::domain::redial::{Redial, RedialTable};

const ENDS: [CallStatus; 6] =
    [CallStatus::Completed, CallStatus::Busy, CallStatus::NoAnswer, CallStatus::Failed, CallStatus::Canceled, CallStatus::Gone];
const CODES: [Option<u16>; 14] = [
    None,
    Some(403),
    Some(404),
    Some(408),
    Some(410),
    Some(480),
    Some(484),
    Some(486),
    Some(487),
    Some(600),
    Some(603),
    Some(604),
    Some(607),
    Some(608),
];
/// The network says for good that the number does not exist, or that its owner wants no such calls.
const DEAD: [u16; 3] = [410, 604, 607];
const WHO: [Option<&str>; 4] = [None, Some("human"), Some("machine_end_beep"), Some("fax")];

fn promise(disposition: Disposition, at: Timestamp) -> Option<PromisedCallback> {
    let promised = PromisedCallback { words: "later".into(), earliest: at, latest: None, zone: "Europe/Berlin".into(), agreement: None };
    (disposition == Disposition::Callback).then_some(promised)
}

/// One call: how the network ended it, and what our side told of it.
#[derive(Debug, Clone)]
struct Call {
    end: CallEnd,
    told: Option<Disposition>,
    opted_out: bool,
    took: Duration,
}

impl Call {
    fn verdict(&self, ended: Timestamp) -> Verdict {
        let promise_at = ended + Duration::from_secs(3_600);
        let told = self.told.map(|disposition| Outcome {
            disposition,
            reason: None,
            flags: Flags::default(),
            callback: promise(disposition, promise_at),
        });
        let side = if told.is_some() { HolderSide::Closed(told) } else { HolderSide::Never };
        finish(Some(&self.end), side, Flags { opt_out: self.opted_out, ..Flags::default() }).unwrap()
    }

    fn is_to_a_dead_number(&self) -> bool {
        let by_code = matches!(self.end.status, CallStatus::Busy | CallStatus::NoAnswer | CallStatus::Failed);
        by_code && self.told.is_none() && self.end.sip_code.is_some_and(|code| DEAD.contains(&code))
    }
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let told = proptest::option::weighted(0.3, 0..Disposition::ALL.len());
    let parts = (0..ENDS.len(), 0..CODES.len(), 0..WHO.len(), any::<bool>(), told, proptest::bool::weighted(0.03), 1_u64..900);
    let call = parts.prop_map(|(status, code, who, rang, told, opted_out, took)| Call {
        end: CallEnd { status: ENDS[status], sip_code: CODES[code], answered_by: WHO[who].map(str::to_owned), rang },
        told: told.map(|told| Disposition::ALL[told]),
        opted_out,
        took: Duration::from_secs(took),
    });
    proptest::collection::vec(call, 1..40)
}

fn tables() -> impl Strategy<Value = RedialTable> {
    let line = || (0_u64..200_000, 0_u32..5).prop_map(|(seconds, times)| Redial { after: Duration::from_secs(seconds), times });
    (line(), line(), line(), line(), line()).prop_map(|(busy, no_answer, voicemail, failed, incomplete)| RedialTable {
        day_parts: false,
        busy,
        no_answer,
        voicemail,
        failed,
        incomplete,
    })
}

fn line(table: &RedialTable, disposition: Disposition) -> Redial {
    match disposition {
        Disposition::Busy => table.busy,
        Disposition::NoAnswer => table.no_answer,
        Disposition::Voicemail => table.voicemail,
        Disposition::Failed => table.failed,
        Disposition::Incomplete => table.incomplete,
        other => panic!("{other} is not tried again"),
    }
}

/// A lead as its rows count it.
struct Counted {
    kind: DialKind,
    placed: u32,
    alike: HashMap<Disposition, u32>,
    reasons: HashMap<Reason, u32>,
    callbacks: u32,
}

impl Counted {
    fn fresh() -> Self {
        Self { kind: DialKind::Fresh, placed: 0, alike: HashMap::new(), reasons: HashMap::new(), callbacks: 0 }
    }

    fn count(&mut self, verdict: &Verdict) {
        if !verdict.is_counted() {
            return;
        }
        self.placed += u32::from(self.kind != DialKind::Callback);
        *self.alike.entry(verdict.outcome.disposition).or_default() += 1;
        if let Some(reason) = verdict.outcome.reason {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    fn history(&self, verdict: &Verdict, (max_attempts, max_callbacks): (u32, u32), suppressed: bool) -> LeadHistory {
        let like_this = self.alike.get(&verdict.outcome.disposition).copied().unwrap_or(0);
        let same_reason = verdict.outcome.reason.and_then(|reason| self.reasons.get(&reason).copied()).unwrap_or(0);
        LeadHistory { placed: self.placed, max_attempts, like_this, same_reason, callbacks: self.callbacks, max_callbacks, suppressed }
    }
}

/// What has to be true of one step of a lead that will be called again.
fn may_wait(call: &Call, verdict: &Verdict, lead: &Counted, caps: (u32, u32), table: &RedialTable, (kind, wait): (DialKind, Duration)) {
    let timings = DialTimings::default();
    assert!(!verdict.suppresses() && !call.is_to_a_dead_number() && verdict.retry != Retry::Never, "after a last word: {verdict:?}");
    if !verdict.is_counted() {
        return assert!(kind == lead.kind && wait >= timings.queued_limit, "{kind} in {wait:?} after a call that was taken back");
    }
    if kind == DialKind::Callback {
        return assert!(lead.callbacks < caps.1 && verdict.outcome.callback.is_some(), "one callback too many");
    }
    assert!(lead.placed < caps.0, "{} calls were placed and {} are allowed", lead.placed, caps.0);
    if verdict.outcome.reason == Some(Reason::Declined) && verdict.retry == Retry::OnceMore {
        return assert!(wait >= timings.after_declined, "{wait:?} after somebody declined");
    }
    let own = line(table, verdict.outcome.disposition);
    assert!(wait >= own.after, "{wait:?} instead of {:?}", own.after);
    assert!(lead.alike[&verdict.outcome.disposition] <= own.times, "more redials than the table has");
}

proptest! {
    #[test]
    fn a_lead_is_called_until_it_rests_and_never_too_soon_or_too_often(
        calls in calls(),
        table in tables(),
        caps in (1_u32..8, 0_u32..4),
    ) {
        let (mut lead, mut now) = (Counted::fresh(), Timestamp::from_millis(1_000_000));
        for call in &calls {
            let ended = now + call.took;
            let verdict = call.verdict(ended);
            lead.count(&verdict);
            let redial = |disposition, tries, ended| table.next(disposition, tries, ended);
            let step = next_step(&verdict, lead.kind, &lead.history(&verdict, caps, false), ended, &DialTimings::default(), redial);
            let LeadStep::Waiting { kind, at, .. } = step else { break };
            may_wait(call, &verdict, &lead, caps, &table, (kind, at.since(ended)));
            lead.callbacks += u32::from(kind == DialKind::Callback && verdict.is_counted());
            (lead.kind, now) = (kind, at);
        }
        prop_assert!(lead.placed <= caps.0 && lead.callbacks <= caps.1, "{} calls, {} callbacks", lead.placed, lead.callbacks);
    }

    #[test]
    fn a_number_that_was_suppressed_meanwhile_waits_for_nothing(calls in calls(), table in tables(), caps in (1_u32..8, 0_u32..4)) {
        let ended = Timestamp::from_millis(1_000_000);
        for call in &calls {
            let (mut lead, verdict) = (Counted::fresh(), call.verdict(ended));
            lead.count(&verdict);
            let redial = |disposition, tries, ended| table.next(disposition, tries, ended);
            let step = next_step(&verdict, lead.kind, &lead.history(&verdict, caps, true), ended, &DialTimings::default(), redial);
            prop_assert!(!matches!(step, LeadStep::Waiting { .. }), "{step:?}");
        }
    }

    #[test]
    fn a_closed_gate_never_opens_before_it_said(gate in 0..Gate::ALL.len(), opens in proptest::option::of(0_i64..9_000_000), now in 0_i64..9_000_000) {
        let (gate, now) = (Gate::ALL[gate], Timestamp::from_millis(now));
        let opens_at = opens.map(Timestamp::from_millis);
        let denial = Denial { gate, rule: "r".to_owned(), value: "v".to_owned(), opens_at };
        match after_denial(&denial, DialKind::Callback, now, &DialTimings::default()) {
            LeadStep::Waiting { kind, at, .. } => {
                prop_assert!(!matches!(gate, Gate::Suppression | Gate::Quarantine), "{gate} waits");
                prop_assert!(kind == DialKind::Callback && at >= now && opens_at.is_none_or(|opens| at >= opens), "{at}");
            }
            step => prop_assert!(opens.is_none() || matches!(gate, Gate::Suppression | Gate::Quarantine), "{gate} opens, and {step:?}"),
        }
    }
}
