//! Leads whose time has come: promised callbacks first, then retries, then fresh ones.

use sqlx::FromRow;

use crate::domain::attempt::DialKind;
use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::sql::fetch_all;
use crate::store::{Store, StoreError};

/// A lead that may be armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct DueLead {
    /// Which lead.
    pub lead: LeadId,
    /// Why it is called now.
    pub kind: DialKind,
    /// Since when it is due.
    pub due_at: Timestamp,
}

/// Each pair is one range of the index `lead_due`, so a closed or finished lead costs nothing.
const QUEUES: [(DialKind, LeadState); 4] = [
    (DialKind::Callback, LeadState::Waiting),
    (DialKind::Retry, LeadState::Waiting),
    (DialKind::Fresh, LeadState::Waiting),
    (DialKind::Fresh, LeadState::New),
];

impl Store {
    /// The first `limit` leads of a campaign that are due at `now`, in the order callback, retry, fresh, each by time; only
    /// of the given kinds (a draining campaign asks for callbacks alone).
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn due_leads(
        &self,
        campaign: CampaignId,
        kinds: &[DialKind],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueLead>, StoreError> {
        on_db!(self.db, read, conn => due(conn.into(), campaign, kinds, now, limit).await)
    }
}

impl Store {
    /// Leads of a campaign that still want something: any that waits or is being called, or, while it drains, promised
    /// callbacks and open calls alone.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn leads_left(&self, campaign: CampaignId, draining: bool) -> Result<i64, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT COUNT(*) FROM lead WHERE campaign_id = $1
                       AND (state = 'active' OR (state IN ('new', 'waiting') AND (NOT $2 OR next_kind = 'callback')))";
            Ok(sqlx::query_scalar(sql).bind(campaign).bind(draining).fetch_one(conn).await?)
        })
    }
}

async fn due(mut conn: Conn<'_>, campaign: CampaignId, kinds: &[DialKind], now: Timestamp, limit: u32) -> Result<Vec<DueLead>, StoreError> {
    let mut leads: Vec<DueLead> = Vec::new();
    for (kind, state) in QUEUES.into_iter().filter(|(kind, _)| kinds.contains(kind)) {
        let left = i64::from(limit) - i64::try_from(leads.len()).unwrap_or(i64::MAX);
        if left <= 0 {
            break;
        }
        leads.extend(fetch_all!(
            conn,
            DueLead,
            "SELECT id AS lead, next_kind AS kind, next_attempt_at AS due_at FROM lead
             WHERE campaign_id = $1 AND state = $2 AND next_kind = $3 AND next_attempt_at <= $4
             ORDER BY next_attempt_at LIMIT $5",
            campaign,
            state,
            kind,
            now,
            left
        ));
    }
    Ok(leads)
}
