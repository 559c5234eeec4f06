//! Numbers that must not be called, everywhere or in one campaign. Adding one takes its waiting leads off every list at once.

use std::fmt;

use serde::Serialize;

use crate::domain;
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::outcome::Reason;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::codec::words;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::{Store, StoreError};

pub use crate::domain::suppression::SuppressionSource;

/// Where a number must not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nowhere.
    Global,
    /// Not in this campaign.
    Campaign(CampaignId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Campaign(id) => id.fmt(f),
        }
    }
}

words!(SuppressionSource);

/// A number to suppress.
#[derive(Debug, Clone, Copy)]
pub struct NewSuppression<'a> {
    /// Which.
    pub phone_number: &'a PhoneNumber,
    /// Where.
    pub scope: Scope,
    /// Who said so.
    pub source: SuppressionSource,
    /// In which call.
    pub attempt: Option<AttemptId>,
}

/// What suppressing a number did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Suppressed {
    /// False when it was suppressed there already.
    pub is_new: bool,
    /// Leads that were waiting and will not be called.
    pub leads: u64,
}

/// Suppresses a number inside a transaction of the caller. Leads with an open attempt are left to that attempt.
pub(crate) async fn add(mut conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<Suppressed, StoreError> {
    let is_new = insert(conn.reborrow(), new, now).await?;
    let leads = take_off_lists(conn, new, now).await?;
    Ok(Suppressed { is_new, leads })
}

async fn insert(conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO suppression (phone_number, scope, source, attempt_id, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (phone_number, scope) DO NOTHING";
    on_conn!(conn, conn => {
        let row = sqlx::query(INSERT).bind(new.phone_number).bind(new.scope.to_string()).bind(new.source);
        Ok(row.bind(new.attempt).bind(now).execute(conn).await?.rows_affected() == 1)
    })
}

async fn take_off_lists(conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<u64, StoreError> {
    if new.source == SuppressionSource::Quarantine {
        return fail_leads(conn, new, now).await;
    }
    const TAKE_OFF: &str = "UPDATE lead SET state = 'suppressed', disposition = 'dnc', reason = COALESCE($2, reason),
           opt_out = (opt_out OR $3), wait_reason = NULL, updated_at = $4
         WHERE phone_number = $1 AND state IN ('new', 'waiting') AND ($5 IS NULL OR campaign_id = $5)";
    let campaign = if let Scope::Campaign(id) = new.scope { Some(id) } else { None };
    let opted_out = new.source == SuppressionSource::OptOut;
    on_conn!(conn, conn => {
        let query = sqlx::query(TAKE_OFF).bind(new.phone_number).bind(opted_out.then_some(Reason::OptOut));
        Ok(query.bind(opted_out).bind(now).bind(campaign).execute(conn).await?.rows_affected())
    })
}

/// Nobody asked not to be called: the number does not work, and the leads that have it end with what the provider said.
async fn fail_leads(conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<u64, StoreError> {
    const FAIL: &str = "UPDATE lead SET state = 'finished', disposition = 'failed', wait_reason = NULL, updated_at = $3,
           reason = COALESCE((SELECT a.reason FROM attempt a WHERE a.id = $2), 'invalid_number')
         WHERE phone_number = $1 AND state IN ('new', 'waiting')";
    on_conn!(conn, conn => {
        Ok(sqlx::query(FAIL).bind(new.phone_number).bind(new.attempt).bind(now).execute(conn).await?.rows_affected())
    })
}

impl Store {
    /// Suppresses a number.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn suppress(&self, new: NewSuppression<'_>, now: Timestamp) -> Result<Suppressed, StoreError> {
        on_db!(self.db, write, tx => add(tx.into(), new, now).await)
    }

    /// Whether a number must not be called in a campaign.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_suppressed(&self, phone_number: &PhoneNumber, campaign: CampaignId) -> Result<bool, StoreError> {
        on_db!(self.db, read, conn => Ok(suppressed(conn.into(), phone_number, campaign).await?.is_some()))
    }
}

/// Why a number must not be called in a campaign, asked inside a transaction of the caller; a person's word goes before the
/// provider's.
pub(crate) async fn suppressed(
    conn: Conn<'_>,
    phone_number: &PhoneNumber,
    campaign: CampaignId,
) -> Result<Option<domain::suppression::Suppressed>, StoreError> {
    const ASK: &str = "SELECT s.source, s.scope = 'global', (SELECT a.reason FROM attempt a WHERE a.id = s.attempt_id)
         FROM suppression s WHERE s.phone_number = $1 AND s.scope IN ('global', $2)
         ORDER BY CASE WHEN s.source = 'quarantine' THEN 1 ELSE 0 END LIMIT 1";
    let row: Option<(SuppressionSource, bool, Option<Reason>)> = on_conn!(conn, conn => {
        sqlx::query_as(ASK).bind(phone_number).bind(campaign.to_string()).fetch_optional(conn).await?
    });
    Ok(row.map(|(source, everywhere, reason)| domain::suppression::Suppressed { source, everywhere, reason }))
}
