//! What a call leaves on its lead: where the lead goes, how often it was called, why the last call ended, and a promise.

use crate::domain::attempt::DialKind;
use crate::domain::dialing::LeadStep;
use crate::domain::outcome::{Disposition, Outcome, Reason};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::db::Conn;
use crate::store::dial::lead::LeadRow;
use crate::store::dial::sql::{execute, whole};

const SETTLE: &str = "UPDATE lead SET state = $2, next_kind = COALESCE($3, next_kind), next_attempt_at = COALESCE($4, next_attempt_at),
        wait_reason = $5, disposition = COALESCE($6, disposition),
        reason = CASE WHEN $2 = 'finished' THEN $7 ELSE COALESCE($7, reason) END, updated_at = $8,
        opt_out = (opt_out OR $9), callbacks = callbacks + $10,
        placed = (SELECT COUNT(*) FROM attempt WHERE lead_id = $1 AND placed_at IS NOT NULL)
    WHERE id = $1";
/// The lead was cancelled or suppressed meanwhile: it stays so, and remembers the call all the same.
const NOTE: &str = "UPDATE lead SET opt_out = (opt_out OR $2), callbacks = callbacks + $4,
        placed = (SELECT COUNT(*) FROM attempt WHERE lead_id = $1 AND placed_at IS NOT NULL),
        reason = CASE WHEN state = 'finished' THEN reason ELSE COALESCE($3, reason) END
    WHERE id = $1";
const PROMISE: &str = "UPDATE lead SET callback_words = $2, callback_at = $3, callback_until = $4, callback_zone = $5 WHERE id = $1";

/// What changes on a lead that moves; `None` stays as it is.
pub(super) struct Move<'a> {
    pub kind: Option<DialKind>,
    pub at: Option<Timestamp>,
    pub why: Option<&'a str>,
    pub disposition: Option<Disposition>,
    /// Of a finished lead: why it is finished. Of any other: why its last call ended.
    pub reason: Option<Reason>,
}

impl<'a> Move<'a> {
    pub fn of(next: &'a LeadStep, outcome: &Outcome) -> Self {
        let stays = Self { kind: None, at: None, why: None, disposition: None, reason: outcome.reason };
        match next {
            LeadStep::Waiting { kind, at, why } => Self { kind: Some(*kind), at: Some(*at), why: Some(why), ..stays },
            LeadStep::Finished { disposition, reason } => Self { disposition: Some(*disposition), reason: *reason, ..stays },
            LeadStep::Suppressed => Self { disposition: Some(Disposition::Dnc), ..stays },
            LeadStep::Parked { why } => Self { why: Some(why), ..stays },
        }
    }
}

/// Moves a locked lead after a call whose row is written already.
pub(super) async fn settle(
    mut conn: Conn<'_>,
    lead: &LeadRow,
    next: &LeadStep,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    // a promised call that was taken back before it rang waits again, and nobody promised anything
    let promised = outcome.callback.is_some() && matches!(next, LeadStep::Waiting { kind: DialKind::Callback, .. });
    let promised = whole(u32::from(promised));
    let (to, opt_out) = (next.state(), outcome.flags.opt_out);
    if lead.state.may_become(to) {
        let Move { kind, at, why, disposition, reason } = Move::of(next, outcome);
        execute!(conn, SETTLE, lead.id, to, kind, at, why, disposition, reason, now, opt_out, promised);
    } else {
        execute!(conn, NOTE, lead.id, opt_out, outcome.reason, promised);
    }
    if let Some(callback) = outcome.callback.as_ref() {
        execute!(conn, PROMISE, lead.id, &callback.words, callback.earliest, callback.latest, &callback.zone);
    }
    Ok(())
}
