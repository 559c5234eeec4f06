//! The end of an attempt in one transaction: outcome folded, lead moved, number free, opt-out kept for every campaign.

use jiff::tz::TimeZone;

use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignSettings;
use crate::domain::day_part;
use crate::domain::dialing::sip::Retry;
use crate::domain::dialing::{self, CallEnd, DialTimings, HolderSide, LeadStep, Verdict, next_step};
use crate::domain::ids::{AttemptId, CampaignId, LeadId};
use crate::domain::outcome::{Disposition, Flags, Outcome, Reason};
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::called::Called;
use crate::store::dial::ending::Ending;
use crate::store::dial::lead::LeadRow;
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{execute, fetch_values};
use crate::store::dial::{number, promise, settle, suppress};
use crate::store::suppression::SuppressionSource;
use crate::store::{Store, StoreError};

/// What became of a finishing job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// The outcome is written.
    Done(Box<FinishedCall>),
    /// One side is not over yet, or there is more to bill than was looked at: the job looks again.
    NotYet,
    /// Somebody else was faster, or the attempt does not exist: acknowledge.
    Already,
}

/// A finished attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedCall {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Of which lead.
    pub lead: LeadId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// What came of it.
    pub outcome: Outcome,
    /// What becomes of the lead.
    pub next: LeadStep,
    /// Somebody of ours talked: summary and score are worth making.
    pub conversed: bool,
}

impl Store {
    /// Folds the outcome of an attempt once the provider's end is known and its holder closed or died. Safe to repeat, and with
    /// an [`Ending`] that has become old: it is not yet over when more has to be billed than was known then.
    ///
    /// # Errors
    /// The database cannot be written, or the stored draft cannot be read.
    pub async fn finish(
        &self,
        ending: &Ending,
        settings: &CampaignSettings,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<Finished, StoreError> {
        let row = &ending.row;
        if !row.state.is_open() {
            return Ok(Finished::Already);
        }
        let Some(verdict) = dialing::finish(row.end().as_ref(), row.holder()?, row.flags()) else { return Ok(Finished::NotYet) };
        if let Some(call) = self.finish_at_once(ending, verdict, settings, timings, now).await? {
            return Ok(Finished::Done(Box::new(call)));
        }
        on_db!(self.db, write, tx => finish(tx.into(), ending, settings, timings, now).await)
    }

    /// Conversations that ended since `since` and for which no deferred work was planned: whoever finished them died
    /// before planning it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn unplanned_conversations(&self, since: Timestamp, limit: u32) -> Result<Vec<AttemptId>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT id FROM attempt WHERE state = 'ended' AND state_at >= $1 AND held_by IS NOT NULL
                       AND draft_outcome IS NOT NULL
                       AND NOT EXISTS (SELECT 1 FROM deferred_task t WHERE t.attempt_id = attempt.id) ORDER BY state_at LIMIT $2";
            Ok(fetch_values!(conn, AttemptId, sql, since, i64::from(limit)))
        })
    }
}

async fn finish(
    mut conn: Conn<'_>,
    ending: &Ending,
    settings: &CampaignSettings,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<Finished, StoreError> {
    let Some(row) = AttemptRow::lock(conn.reborrow(), ending.row.id).await?.filter(|row| row.state.is_open()) else {
        return Ok(Finished::Already);
    };
    // an attempt that has ended is not billed any more
    if row.charge() != ending.row.charge() {
        return Ok(Finished::NotYet);
    }
    let Some(verdict) = dialing::finish(row.end().as_ref(), row.holder()?, row.flags()) else { return Ok(Finished::NotYet) };
    let Some(called) = Called::lock(conn.reborrow(), &row, &verdict.outcome).await? else { return Ok(Finished::Already) };
    let next = next_of(conn.reborrow(), &row, &called, &verdict, (settings, timings), now).await?;
    close(conn.reborrow(), &row, &verdict, now).await?;
    settle::settle(conn.reborrow(), &called.lead, &next, &verdict.outcome, now).await?;
    promise::note(conn.reborrow(), &row, &verdict.outcome, &next, now).await?;
    if verdict.suppresses() {
        let source = if verdict.outcome.flags.opt_out { SuppressionSource::OptOut } else { SuppressionSource::Carrier };
        suppress::suppress(conn.reborrow(), &row.to_number, source, row.id, now).await?;
    }
    if is_dead_number(&verdict, &next) {
        suppress::suppress(conn.reborrow(), &row.to_number, SuppressionSource::Quarantine, row.id, now).await?;
    }
    number::release(conn, &row.to_number, row.id).await?;
    Ok(Finished::Done(Box::new(finished(&row, verdict, next))))
}

pub(super) fn finished(row: &AttemptRow, verdict: Verdict, next: LeadStep) -> FinishedCall {
    let conversed = row.held_by.is_some() && row.draft_outcome.is_some();
    let (attempt, lead, campaign, outcome) = (row.id, row.lead_id, row.campaign_id, verdict.outcome);
    FinishedCall { attempt, lead, campaign, outcome, next, conversed }
}

/// The network said for good that there is no such number: no other campaign tries it either.
fn is_dead_number(verdict: &Verdict, next: &LeadStep) -> bool {
    let is_over = matches!(next, LeadStep::Finished { .. }) && verdict.retry != Retry::ByTable;
    is_over && verdict.outcome.reason == Some(Reason::InvalidNumber)
}

/// What is written of an outcome, from parameters or columns.
macro_rules! closed {
    ($attempt:literal, $disposition:literal, $reason:literal, $flags:tt, $ended_at:literal, $duration_s:literal, $placed_at:literal, $now:literal) => {
        concat!(
            "state = 'ended', reserved_nano_usd = 0, stream_token = NULL, disposition = ",
            $disposition,
            ", reason = ",
            $reason,
            $crate::store::dial::finish::closed!(flags $flags),
            ", ended_at = ",
            $ended_at,
            ", duration_s = ",
            $duration_s,
            ", placed_at = ",
            $placed_at,
            ", state_at = ",
            $now,
            ", cost_nano_usd = (SELECT CAST(COALESCE(SUM(ledger.cost_nano_usd), 0) AS BIGINT) FROM ledger WHERE ledger.attempt_id = ",
            $attempt,
            ")"
        )
    };
    (flags ($opt_out:literal, $recording_refused:literal, $asked_if_ai:literal, $human_requested:literal)) => {
        concat!(
            ", opt_out = ", $opt_out, ", recording_refused = ", $recording_refused, ", asked_if_ai = ", $asked_if_ai,
            ", human_requested = ", $human_requested
        )
    };
}
pub(super) use closed;

/// The times of an end.
pub(super) struct Closing {
    pub ended_at: Timestamp,
    pub duration_s: Option<i32>,
    /// A call that never rang is taken out of the count of placed calls.
    pub placed_at: Option<Timestamp>,
}

impl Closing {
    pub fn of(row: &AttemptRow, verdict: &Verdict, now: Timestamp) -> Self {
        debug_assert!(row.state.may_become(AttemptState::Ended), "{} to ended", row.state);
        let ended_at = row.provider_ended_at.unwrap_or(now);
        let talked = row.answered_at.map(|at| i32::try_from(ended_at.since(at).as_secs()).unwrap_or(i32::MAX));
        let placed_at = row.placed_at.filter(|_| verdict.is_counted());
        Self { ended_at, duration_s: row.provider_duration_s.or(talked), placed_at }
    }
}

/// Writes the outcome.
async fn close(mut conn: Conn<'_>, row: &AttemptRow, verdict: &Verdict, now: Timestamp) -> Result<(), StoreError> {
    let (outcome, flags) = (&verdict.outcome, verdict.outcome.flags);
    let Closing { ended_at, duration_s, placed_at } = Closing::of(row, verdict, now);
    execute!(
        conn,
        concat!(
            "UPDATE attempt SET ",
            closed!("$1", "$3", "$4", ("$5", "$6", "$7", "$8"), "$9", "$10", "$11", "$12"),
            " WHERE id = $1 AND state = $2"
        ),
        row.id,
        row.state,
        outcome.disposition,
        outcome.reason,
        flags.opt_out,
        flags.recording_refused,
        flags.asked_if_ai,
        flags.human_requested,
        ended_at,
        duration_s,
        placed_at,
        now
    );
    Ok(())
}

/// Where the lead goes.
pub(super) async fn next_of(
    mut conn: Conn<'_>,
    row: &AttemptRow,
    called: &Called,
    verdict: &Verdict,
    (settings, timings): (&CampaignSettings, &DialTimings),
    now: Timestamp,
) -> Result<LeadStep, StoreError> {
    let by_day_part = settings.redial.day_parts && verdict.outcome.disposition == Disposition::NoAnswer;
    let unanswered = if by_day_part { unanswered(conn.reborrow(), row, called, verdict).await? } else { Vec::new() };
    let redial = |disposition, tries, ended| {
        let at = settings.redial.next(disposition, tries, ended)?;
        Some(if disposition == Disposition::NoAnswer { other_part(&called.lead, &unanswered, ended, at, settings) } else { at })
    };
    let history = called.history(row, verdict, settings);
    Ok(next_step(verdict, row.kind, &history, row.provider_ended_at.unwrap_or(now), timings, redial))
}

/// When nobody answered so far, this call included.
async fn unanswered(mut conn: Conn<'_>, row: &AttemptRow, called: &Called, verdict: &Verdict) -> Result<Vec<Timestamp>, StoreError> {
    let sql = "SELECT placed_at FROM attempt WHERE lead_id = $1 AND disposition = 'no_answer' AND placed_at IS NOT NULL AND id <> $2
               ORDER BY placed_at";
    let mut times = if called.before() { fetch_values!(conn, Timestamp, sql, row.lead_id, row.id) } else { Vec::new() };
    times.extend(row.placed_at.filter(|_| verdict.is_counted()));
    Ok(times)
}

/// Another part of the callee's day, where the campaign's table asks for it and the zone is known. The law's hours are the
/// permit's to ask.
fn other_part(lead: &LeadRow, unanswered: &[Timestamp], ended: Timestamp, at: Timestamp, settings: &CampaignSettings) -> Timestamp {
    let zones: Vec<String> = serde_json::from_str(&lead.zones).unwrap_or_default();
    match zones.first().and_then(|name| TimeZone::get(name).ok()) {
        Some(zone) if settings.redial.day_parts => day_part::elsewhere(unanswered, ended, at, &zone, &settings.window),
        _ => at,
    }
}

impl AttemptRow {
    /// The provider's end, once known.
    pub(super) fn end(&self) -> Option<CallEnd> {
        self.provider_ended_at?;
        let rang = self.ringing_at.is_some() || self.answered_at.is_some();
        let sip_code = self.sip_code.and_then(|code| u16::try_from(code).ok());
        Some(CallEnd { status: self.provider_status?, sip_code, answered_by: self.answered_by.clone(), rang })
    }

    /// Our side.
    pub(super) fn holder(&self) -> Result<HolderSide, StoreError> {
        let draft = self.draft_outcome.as_deref().map(serde_json::from_str).transpose();
        let draft = draft.map_err(|source| StoreError::Unreadable { what: format!("attempt.draft_outcome of {}", self.id), source })?;
        Ok(match (self.held_by, self.closed_at) {
            _ if self.state == AttemptState::HandedOff => HolderSide::HandedOff(draft),
            (None, _) => HolderSide::Never,
            (Some(_), None) => HolderSide::Holding,
            (Some(_), Some(_)) if self.holder_died => HolderSide::Dead(draft),
            (Some(_), Some(_)) => HolderSide::Closed(draft),
        })
    }

    /// What was noted while the call ran.
    pub(super) const fn flags(&self) -> Flags {
        Flags {
            opt_out: self.opt_out,
            recording_refused: self.recording_refused,
            asked_if_ai: self.asked_if_ai,
            human_requested: self.human_requested,
        }
    }
}
