//! Promised callbacks as people look at them: what was promised, when it was dialed, and how well promises are kept.

use std::time::Duration;

use serde::Serialize;
use sqlx::FromRow;

use crate::domain::callback::keep::{Fidelity, Promise, fidelity};
use crate::domain::ids::{AttemptId, CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::time::Timestamp;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// A promise with the call that kept it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct StoredCallback {
    /// The call in which it was promised.
    pub promised_in: AttemptId,
    /// To which lead.
    pub lead_id: LeadId,
    /// The list's own id of the lead.
    pub external_id: Option<String>,
    /// The words as they were said.
    pub words: String,
    /// The IANA zone they were read in.
    pub zone: String,
    /// Promised: not before.
    pub earliest: Timestamp,
    /// Promised: not after, where the words said so.
    pub latest: Option<Timestamp>,
    /// When it was promised.
    pub promised_at: Timestamp,
    /// When it is due now: later than promised once it was missed.
    pub due_at: Timestamp,
    /// How often it moved to another day.
    pub moves: i32,
    /// The attempt that was armed for it.
    pub dialed_in: Option<AttemptId>,
    /// When that attempt's call was placed.
    pub dialed_at: Option<Timestamp>,
    /// Where the lead stands.
    pub lead_state: LeadState,
    /// When its campaign was completed or cancelled.
    #[serde(skip)]
    pub over_at: Option<Timestamp>,
    /// Its time passed, and it will not be kept.
    pub given_up: bool,
    /// How sure the reading of the words was, 0 to 100; `None` where no conversation told.
    pub confidence_percent: Option<i32>,
    /// Whether the callee heard the time before the call was over; `None` where no conversation told.
    pub confirmed_aloud: Option<bool>,
}

/// [`StoredCallback`]s, up to the beginning of a `WHERE`.
macro_rules! stored {
    () => {
        "SELECT c.promised_in, c.lead_id, l.external_id, c.words, c.zone, c.earliest, c.latest, c.promised_at, c.due_at, c.moves,
           c.given_up, c.confidence_percent, c.confirmed_aloud, c.dialed_in, a.placed_at AS dialed_at, l.state AS lead_state,
           o.ended_at AS over_at
         FROM callback c JOIN lead l ON l.id = c.lead_id JOIN campaign o ON o.id = c.campaign_id
           LEFT JOIN attempt a ON a.id = c.dialed_in"
    };
}

impl StoredCallback {
    /// What the rules look at.
    #[must_use]
    pub fn promise(&self) -> Promise {
        promise((self.earliest, self.latest, self.dialed_at, self.lead_state, self.given_up, self.over_at))
    }
}

/// Promised from, until, dialed, where the lead stands, given up, when the campaign was over.
type Row = (Timestamp, Option<Timestamp>, Option<Timestamp>, LeadState, bool, Option<Timestamp>);

fn promise((earliest, latest, dialed_at, lead, given_up, over_at): Row) -> Promise {
    // what was given up was missed; that its lead is finished now does not make it unwanted
    let wanted = given_up || !matches!(lead, LeadState::Suppressed | LeadState::Cancelled | LeadState::Finished);
    Promise { earliest, latest, dialed_at, wanted, over_at }
}

impl Store {
    /// A page of a campaign's promises in the order they were made, after `after`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn callbacks(&self, campaign: CampaignId, after: Option<AttemptId>, limit: u32) -> Result<Vec<StoredCallback>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = concat!(
                stored!(),
                " WHERE c.campaign_id = $1 AND ($2 IS NULL OR c.promised_in > $2) ORDER BY c.promised_in LIMIT $3"
            );
            Ok(sqlx::query_as(sql).bind(campaign).bind(after).bind(i64::from(limit)).fetch_all(conn).await?)
        })
    }

    /// The promise that a lead waits for: the newest one that no call has kept.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_callback(&self, lead: LeadId) -> Result<Option<StoredCallback>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = concat!(
                stored!(),
                " WHERE c.lead_id = $1 AND NOT c.given_up AND a.placed_at IS NULL ORDER BY c.promised_at DESC, c.promised_in DESC LIMIT 1"
            );
            Ok(sqlx::query_as(sql).bind(lead).fetch_optional(conn).await?)
        })
    }

    /// How many of a campaign's people wait for a promised call: who is called or talked to right now is not among them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn promised_people(&self, campaign: CampaignId) -> Result<i64, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT COUNT(DISTINCT c.lead_id) FROM callback c JOIN lead l ON l.id = c.lead_id LEFT JOIN attempt a ON a.id = c.dialed_in
                       WHERE c.campaign_id = $1 AND l.state IN ('new', 'waiting', 'parked') AND NOT c.given_up AND a.placed_at IS NULL";
            Ok(sqlx::query_scalar(sql).bind(campaign).fetch_one(conn).await?)
        })
    }

    /// How well a campaign's promises are kept, as of `now`; dialed within the tolerance counts as kept.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn callback_fidelity(&self, campaign: CampaignId, tolerance: Duration, now: Timestamp) -> Result<Fidelity, StoreError> {
        let rows: Vec<Row> = on_db!(self.db, read, conn => {
            let sql = "SELECT c.earliest, c.latest, a.placed_at, l.state, c.given_up, o.ended_at FROM callback c
                       JOIN lead l ON l.id = c.lead_id JOIN campaign o ON o.id = c.campaign_id
                       LEFT JOIN attempt a ON a.id = c.dialed_in WHERE c.campaign_id = $1";
            Ok::<_, StoreError>(sqlx::query_as(sql).bind(campaign).fetch_all(conn).await?)
        })?;
        let promises: Vec<Promise> = rows.into_iter().map(promise).collect();
        Ok(fidelity(&promises, tolerance, now))
    }
}
