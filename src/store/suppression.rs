//! Numbers that must not be called, everywhere or in one campaign. Adding one takes its waiting leads off every list at once.

use std::fmt;

use serde::Serialize;
use sqlx::FromRow;

use crate::domain;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::outcome::Reason;
use crate::domain::phone::PhoneNumber;
use crate::domain::spelling::spelled_otherwise;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::codec::words;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::dial::withdraw::withdraw_suppressed;
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

impl Scope {
    /// The one campaign that is meant.
    const fn campaign(self) -> Option<CampaignId> {
        match self {
            Self::Global => None,
            Self::Campaign(id) => Some(id),
        }
    }
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
    /// It was suppressed there already by a weaker source, which this one replaces.
    pub is_stronger: bool,
    /// Leads that were waiting and will not be called.
    pub leads: u64,
}

/// Suppresses a number inside a transaction of the caller, and with it its other spelling, if leads have that one or will have it.
/// Leads with an open attempt are left to that attempt.
pub(crate) async fn add(mut conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<Suppressed, StoreError> {
    let mut done = add_spelled(conn.reborrow(), new, now).await?;
    if let Some(other) = spelled_otherwise(new.phone_number)
        && (other.is_read || is_listed(conn.reborrow(), &other.number).await?)
    {
        done.leads += add_spelled(conn, NewSuppression { phone_number: &other.number, ..new }, now).await?.leads;
    }
    Ok(done)
}

/// Whether a lead has the number in this spelling.
async fn is_listed(conn: Conn<'_>, number: &PhoneNumber) -> Result<bool, StoreError> {
    const ASK: &str = "SELECT phone_number FROM lead WHERE phone_number = $1 LIMIT 1";
    on_conn!(conn, conn => {
        let found: Option<String> = sqlx::query_scalar(ASK).bind(number).fetch_optional(conn).await?;
        Ok(found.is_some())
    })
}

async fn add_spelled(mut conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<Suppressed, StoreError> {
    let is_new = insert(conn.reborrow(), new, now).await?;
    let is_stronger = !is_new && strengthen(conn.reborrow(), new, now).await?;
    let leads = take_off_lists(conn, new, now).await?;
    Ok(Suppressed { is_new, is_stronger, leads })
}

async fn insert(conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO suppression (phone_number, scope, source, attempt_id, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (phone_number, scope) DO NOTHING";
    on_conn!(conn, conn => {
        let row = sqlx::query(INSERT).bind(new.phone_number).bind(new.scope.to_string()).bind(new.source);
        Ok(row.bind(new.attempt).bind(now).execute(conn).await?.rows_affected() == 1)
    })
}

/// An entry keeps its strongest source: a person's own word before anybody else's, and anybody's before the provider's.
async fn strengthen(conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<bool, StoreError> {
    const STRENGTHEN: &str = "UPDATE suppression SET source = $3, attempt_id = $4, created_at = $5
         WHERE phone_number = $1 AND scope = $2
           AND ((source <> 'opt_out' AND $3 = 'opt_out') OR (source = 'quarantine' AND $3 <> 'quarantine'))";
    on_conn!(conn, conn => {
        let row = sqlx::query(STRENGTHEN).bind(new.phone_number).bind(new.scope.to_string()).bind(new.source);
        Ok(row.bind(new.attempt).bind(now).execute(conn).await?.rows_affected() == 1)
    })
}

async fn take_off_lists(mut conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<u64, StoreError> {
    if new.source == SuppressionSource::Quarantine {
        return fail_leads(conn, new, now).await;
    }
    if new.source == SuppressionSource::OptOut {
        note_opt_out(conn.reborrow(), new, now).await?;
    }
    const TAKE_OFF: &str = "UPDATE lead SET state = 'suppressed', disposition = 'dnc', reason = COALESCE($2, reason),
           opt_out = (opt_out OR $3), wait_reason = NULL, updated_at = $4
         WHERE phone_number = $1 AND state IN ('new', 'waiting') AND ($5 IS NULL OR campaign_id = $5)";
    let campaign = new.scope.campaign();
    let opted_out = new.source == SuppressionSource::OptOut;
    on_conn!(conn, conn => {
        let query = sqlx::query(TAKE_OFF).bind(new.phone_number).bind(opted_out.then_some(Reason::OptOut));
        Ok(query.bind(opted_out).bind(now).bind(campaign).execute(conn).await?.rows_affected())
    })
}

/// Leads that are off their lists already, by a do-not-call list for example: now the person has said so too.
async fn note_opt_out(conn: Conn<'_>, new: NewSuppression<'_>, now: Timestamp) -> Result<(), StoreError> {
    const NOTE: &str = "UPDATE lead SET opt_out = TRUE, reason = $2, updated_at = $3
         WHERE phone_number = $1 AND state = 'suppressed' AND NOT opt_out AND ($4 IS NULL OR campaign_id = $4)";
    on_conn!(conn, conn => {
        let query = sqlx::query(NOTE).bind(new.phone_number).bind(Reason::OptOut).bind(now).bind(new.scope.campaign());
        query.execute(conn).await?;
        Ok(())
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

/// One reason why a number must not be called.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Suppression {
    /// `global`, a campaign's id, or `list:` and a list's name.
    pub scope: String,
    /// Who said so.
    pub source: SuppressionSource,
    /// In which call.
    pub attempt_id: Option<AttemptId>,
    /// Since when.
    pub created_at: Timestamp,
}

/// What suppressing a number by request did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OptedOut {
    /// False when it was suppressed there already.
    pub is_new: bool,
    /// It was suppressed there already by a weaker source, which this one replaces.
    pub is_stronger: bool,
    /// Leads that were waiting and will not be called.
    pub leads: u64,
    /// Calls that were about to be sent and will not be.
    pub withdrawn: u64,
}

impl Store {
    /// Suppresses a number from the outside: in one transaction it is taken off every list, what was about to be sent to it is
    /// taken back, and it is written down who asked for it.
    ///
    /// # Errors
    /// The database cannot be written; try until it is.
    pub async fn opt_out(
        &self,
        new: NewSuppression<'_>,
        actor: &str,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<OptedOut, StoreError> {
        const ARMED: &str = "SELECT id FROM attempt WHERE state = 'ready' AND to_number IN ($1, $3) AND ($2 IS NULL OR campaign_id = $2)";
        let (campaign, other) = (new.scope.campaign(), spelled_otherwise(new.phone_number).map(|other| other.number));
        let (subject, detail) = (format!("number/{}", new.phone_number), format!("{} by {}", new.scope, new.source));
        on_db!(self.db, write, tx => {
            let armed = sqlx::query_scalar(ARMED).bind(new.phone_number).bind(campaign).bind(&other);
            let armed: Vec<AttemptId> = armed.fetch_all(&mut *tx).await?;
            let withdrawn = withdraw_suppressed((&mut *tx).into(), &armed, timings, now).await?;
            let Suppressed { is_new, is_stronger, leads } = add((&mut *tx).into(), new, now).await?;
            audit::append(tx.into(), NewAudit { actor, action: "dnc.add", subject: &subject, detail: &detail }, now).await?;
            Ok(OptedOut { is_new, is_stronger, leads, withdrawn })
        })
    }

    /// Takes a number off the suppression list in both its spellings, except off do-not-call lists; how many entries went.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn unsuppress(
        &self,
        number: &PhoneNumber,
        scope: Option<Scope>,
        actor: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        const REMOVE: &str = "DELETE FROM suppression WHERE phone_number IN ($1, $3) AND source <> 'list' AND ($2 IS NULL OR scope = $2)";
        let other = spelled_otherwise(number).map(|other| other.number);
        let (scope, subject) = (scope.map(|scope| scope.to_string()), format!("number/{number}"));
        on_db!(self.db, write, tx => {
            let removed = sqlx::query(REMOVE).bind(number).bind(scope).bind(&other).execute(&mut *tx).await?.rows_affected();
            if removed > 0 {
                audit::append(tx.into(), NewAudit { actor, action: "dnc.remove", subject: &subject, detail: reason }, now).await?;
            }
            Ok(removed)
        })
    }

    /// Every reason why a number must not be called in either of its spellings, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn suppressions_of(&self, number: &PhoneNumber) -> Result<Vec<Suppression>, StoreError> {
        const ASK: &str =
            "SELECT scope, source, attempt_id, created_at FROM suppression WHERE phone_number IN ($1, $2) ORDER BY created_at, scope";
        let other = spelled_otherwise(number).map(|other| other.number);
        on_db!(self.db, read, conn => Ok(sqlx::query_as(ASK).bind(number).bind(&other).fetch_all(conn).await?))
    }

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
    const ASK: &str = "SELECT s.source, s.scope <> $2, (SELECT a.reason FROM attempt a WHERE a.id = s.attempt_id)
         FROM suppression s WHERE s.phone_number = $1 AND (s.scope IN ('global', $2) OR s.source = 'list')
         ORDER BY CASE WHEN s.source = 'quarantine' THEN 1 ELSE 0 END LIMIT 1";
    let row: Option<(SuppressionSource, bool, Option<Reason>)> = on_conn!(conn, conn => {
        sqlx::query_as(ASK).bind(phone_number).bind(campaign.to_string()).fetch_optional(conn).await?
    });
    Ok(row.map(|(source, everywhere, reason)| domain::suppression::Suppressed { source, everywhere, reason }))
}
