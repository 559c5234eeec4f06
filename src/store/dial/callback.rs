//! News of a call: folded into the attempt, whoever brought it and however often. There is no list of messages that have come:
//! what comes twice is folded twice, and changes nothing.

use crate::call::journal::CallSignal;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::claim::not_dialling;
use crate::domain::dialing::{Callback, DialTimings, Folded, Meeting, fold};
use crate::domain::ids::{AttemptId, CampaignId, LeadId, WorkerId};
use crate::domain::lead::LeadState;
use crate::domain::permit::{Denial, Gate};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::lead::{self, LeadRow};
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{PROVIDER, execute, fetch_value, whole};
use crate::store::dial::withdraw::withdraw_one;
use crate::store::dial::{number, signal};
use crate::store::{Store, StoreError};

/// What has to be done after news of a call were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Of which lead.
    pub lead: LeadId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Whom it calls.
    pub number: PhoneNumber,
    /// The state the attempt came to, when it changed.
    pub came_to: Option<AttemptState>,
    /// The provider ended the call: ring the job that folds the outcome.
    pub finish: bool,
    /// That job was enqueued with the news.
    pub rung: bool,
    /// Take this call back at the provider: it is not the attempt's.
    pub cancel: Option<String>,
    /// A signal was written: tell the worker that holds the call.
    pub signal: bool,
    /// A person should know.
    pub trouble: Option<Trouble>,
}

/// What must not happen and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A second call for one attempt.
    StrayCall,
    /// A call that was thought not to exist is live.
    Adopted,
    /// A call that belongs to another attempt was named for this one.
    ForeignCall,
}

impl Store {
    /// Keeps a verified callback. `None` when there is no such attempt. Arriving again changes nothing.
    ///
    /// # Errors
    /// The database cannot be written; answer with an error so that the provider tries again.
    pub async fn provider_callback(
        &self,
        attempt: AttemptId,
        news: &Callback,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<Option<Told>, StoreError> {
        if let Some(told) = self.callback_at_once(attempt, news, now).await? {
            return Ok(Some(told));
        }
        on_db!(self.db, write, tx => {
            take(tx.into(), attempt, news, Evidence::Signed, timings, now).await
        })
    }

    /// Keeps what a poll or a look at the provider's list brought; otherwise as [`Store::provider_callback`].
    ///
    /// # Errors
    /// The database cannot be written; ask again later.
    pub async fn provider_news(
        &self,
        attempt: AttemptId,
        news: &Callback,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<Option<Told>, StoreError> {
        on_db!(self.db, write, tx => take(tx.into(), attempt, news, Evidence::Listed, timings, now).await)
    }
}

/// How sure it is that a call belongs to the attempt it is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It carries our own signature or is the answer to our own POST.
    Signed,
    /// It fits in the provider's list.
    Listed,
}

/// Folds news into the attempt, inside the caller's transaction.
pub(super) async fn take(
    mut conn: Conn<'_>,
    attempt: AttemptId,
    news: &Callback,
    evidence: Evidence,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<Option<Told>, StoreError> {
    let Some(row) = AttemptRow::lock(conn.reborrow(), attempt).await? else { return Ok(None) };
    take_into(conn, &row, news, evidence, None, timings, now).await.map(Some)
}

/// As [`take`], for a row that is locked already, and for a worker that holds the call from now on, if it is the attempt's.
pub(super) async fn take_into(
    mut conn: Conn<'_>,
    row: &AttemptRow,
    news: &Callback,
    evidence: Evidence,
    holder: Option<WorkerId>,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<Told, StoreError> {
    let nothing = nothing_to_do(row);
    if !note_seen(conn.reborrow(), row, news, evidence, now).await? {
        return Ok(Told { trouble: Some(Trouble::ForeignCall), ..nothing });
    }
    let lead_open = row.state != AttemptState::Absent || make_room(conn.reborrow(), row, timings, now).await?;
    let folded = fold(&row.dial(), news, lead_open, now);
    if folded.meeting == Meeting::Stray {
        let cancel = folded.cancel.then(|| news.call_sid.clone());
        return Ok(Told { cancel, trouble: Some(Trouble::StrayCall), ..nothing });
    }
    let signal = write(conn, row, &folded, holder, now).await?;
    let trouble = (folded.meeting == Meeting::Adopt).then_some(Trouble::Adopted);
    let came_to = (folded.row.state != row.state).then_some(folded.row.state);
    Ok(Told { finish: folded.finish, signal, trouble, came_to, ..nothing })
}

impl Told {
    /// News that ask for nothing.
    pub(super) const fn nothing(attempt: AttemptId, lead: LeadId, campaign: CampaignId, number: PhoneNumber) -> Self {
        Self { attempt, lead, campaign, number, came_to: None, finish: false, rung: false, cancel: None, signal: false, trouble: None }
    }
}

pub(super) fn nothing_to_do(row: &AttemptRow) -> Told {
    Told::nothing(row.id, row.lead_id, row.campaign_id, row.to_number.clone())
}

/// A bound call of which a signed message with more than its name was folded is noted as this attempt's already: only those have a
/// sequence.
fn is_noted(row: &AttemptRow, news: &Callback) -> bool {
    row.call_sid.as_deref() == Some(&news.call_sid) && row.provider_sequence >= 0
}

/// Remembers that the call was named for this attempt; false when it belongs to another one.
async fn note_seen(mut conn: Conn<'_>, row: &AttemptRow, news: &Callback, evidence: Evidence, now: Timestamp) -> Result<bool, StoreError> {
    if is_noted(row, news) {
        return Ok(true);
    }
    let rows = execute!(
        conn,
        "INSERT INTO seen_call (provider, call_sid, attempt_id, send_no, signed, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (provider, call_sid) DO UPDATE SET signed = seen_call.signed OR excluded.signed
         WHERE seen_call.attempt_id = excluded.attempt_id",
        PROVIDER,
        news.call_sid.as_str(),
        row.id,
        whole(news.send_no),
        evidence == Evidence::Signed,
        now
    );
    Ok(rows == 1)
}

/// May an absent attempt come back? Not when its lead is closed for good, nor when a newer attempt was already sent; one
/// that is only armed is given back first.
async fn make_room(mut conn: Conn<'_>, row: &AttemptRow, timings: &DialTimings, now: Timestamp) -> Result<bool, StoreError> {
    if is_closed_for_good(conn.reborrow(), row).await? {
        return Ok(false);
    }
    match number::holder(conn.reborrow(), &row.to_number).await? {
        Some(holder) if holder.attempt_id != row.id => {
            let denial = Denial { gate: Gate::Lead, value: "an earlier call to this number rings after all".to_owned(), ..not_dialling() };
            withdraw_one(conn, holder.attempt_id, &denial, timings, now).await
        }
        _ => Ok(true),
    }
}

/// Read without a lock: the lead is locked after the attempt that may have to give way.
async fn is_closed_for_good(mut conn: Conn<'_>, row: &AttemptRow) -> Result<bool, StoreError> {
    let state = fetch_value!(conn, LeadState, "SELECT state FROM lead WHERE id = $1", row.lead_id);
    Ok(matches!(state, LeadState::Suppressed | LeadState::Cancelled))
}

/// Writes the fold and what hangs on it; true when the holder was sent a signal.
async fn write(
    mut conn: Conn<'_>,
    row: &AttemptRow,
    folded: &Folded,
    holder: Option<WorkerId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if holder.is_none() && folded.is_nothing(&row.dial()) {
        return Ok(false); // told before: the POST's answer after the first callback, a callback that came twice
    }
    if !row.write(conn.reborrow(), &folded.row, holder, now).await? {
        // whoever believes to hold a call has to be in its row
        return if holder.is_some() { Err(StoreError::Moved(row.id)) } else { Ok(false) };
    }
    if row.state == AttemptState::Absent {
        reopen(conn.reborrow(), row, now).await?;
    }
    if matches!(folded.meeting, Meeting::Bind | Meeting::Adopt) {
        lead::recount(conn.reborrow(), row.lead_id).await?;
    }
    let Some(answered_by) = &folded.answered_by else { return Ok(false) };
    signal::push(conn, row.id, &CallSignal::AnsweredBy(answered_by.clone()), now).await?;
    Ok(true)
}

/// An absent attempt is open again: it has its number, its lead is active.
async fn reopen(mut conn: Conn<'_>, row: &AttemptRow, now: Timestamp) -> Result<(), StoreError> {
    number::retake(conn.reborrow(), &row.to_number, row.id).await?;
    execute!(conn, "UPDATE attempt SET ended_at = NULL WHERE id = $1", row.id);
    if let Some(lead) = LeadRow::lock(conn.reborrow(), row.lead_id).await? {
        lead::activate(conn, &lead, 0, now).await?;
    }
    Ok(())
}
