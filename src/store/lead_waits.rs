//! What leads wait for: the rows behind "why is nothing being dialed?".

use serde::Serialize;
use sqlx::FromRow;

use crate::domain::attempt::DialKind;
use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::db::on_db;
use crate::store::permitted::permit_country;
use crate::store::{Change, Store, StoreError};

/// Leads that wait for the same thing.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct LeadWait {
    /// Where they stand.
    pub state: LeadState,
    /// Why they will be called.
    pub next_kind: DialKind,
    /// The gate that keeps them, in words; `None` for those that nothing keeps.
    pub wait_reason: Option<String>,
    /// How many.
    pub leads: i64,
    /// Of those, due now.
    pub due: i64,
    /// When the first of the others is due.
    pub next_at: Option<Timestamp>,
}

/// Leads of one campaign in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct LeadCount {
    /// Which campaign.
    pub campaign: CampaignId,
    /// Which state.
    pub state: LeadState,
    /// How many.
    pub leads: i64,
}

/// Leads that wait for a call, or are parked for consent, and those of them that nobody has a consent basis for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct ConsentCount {
    /// Without a basis.
    pub lacking: i64,
    /// All of them.
    pub leads: i64,
}

impl Store {
    /// How many of a campaign's waiting leads have no consent basis.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn consent_count(&self, campaign: CampaignId) -> Result<ConsentCount, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT COUNT(CASE WHEN consent_basis IS NULL OR TRIM(consent_basis) = '' THEN 1 END) AS lacking, COUNT(*) AS leads
                 FROM lead WHERE campaign_id = $1 AND state IN ('new', 'waiting')";
            Ok(sqlx::query_as(sql).bind(campaign).fetch_one(conn).await?)
        })
    }

    /// How many of a campaign's leads are parked by the gate `consent`, and how many of them still have no consent basis.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn parked_for_consent(&self, campaign: CampaignId) -> Result<ConsentCount, StoreError> {
        on_db!(self.db, read, conn => {
            // what parks a lead begins with its gate
            let sql = "SELECT COUNT(CASE WHEN consent_basis IS NULL OR TRIM(consent_basis) = '' THEN 1 END) AS lacking, COUNT(*) AS leads
                 FROM lead WHERE campaign_id = $1 AND state = 'parked' AND substr(wait_reason, 1, 9) = 'consent: '";
            Ok(sqlx::query_as(sql).bind(campaign).fetch_one(conn).await?)
        })
    }

    /// How the numbers of a campaign's waiting and parked leads begin: four digits, which tell the country, how many leads, and how
    /// many of them are parked.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lead_openings(&self, campaign: CampaignId) -> Result<Vec<(String, i64, i64)>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT substr(phone_number, 2, 4), COUNT(*), COUNT(CASE WHEN state = 'parked' THEN 1 END) FROM lead
                 WHERE campaign_id = $1 AND state IN ('new', 'waiting', 'parked') GROUP BY substr(phone_number, 2, 4)";
            Ok(sqlx::query_as(sql).bind(campaign).fetch_all(conn).await?)
        })
    }

    /// The number of a lead that is not done: of one that is on the phone, else of one that waits.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn first_open_number(&self, campaign: CampaignId) -> Result<Option<PhoneNumber>, StoreError> {
        on_db!(self.db, read, conn => {
            // one look at the index for each state
            let sql = "SELECT COALESCE((SELECT phone_number FROM lead WHERE campaign_id = $1 AND state = 'active' LIMIT 1),
                 (SELECT phone_number FROM lead WHERE campaign_id = $1 AND state = 'new' LIMIT 1),
                 (SELECT phone_number FROM lead WHERE campaign_id = $1 AND state = 'waiting' LIMIT 1))";
            Ok(sqlx::query_scalar(sql).bind(campaign).fetch_one(conn).await?)
        })
    }

    /// What the unfinished leads of a campaign wait for, most leads first, at most `limit` kinds.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lead_waits(&self, campaign: CampaignId, now: Timestamp, limit: u32) -> Result<Vec<LeadWait>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT state, next_kind, wait_reason, COUNT(*) AS leads,
                   COUNT(CASE WHEN state IN ('new', 'waiting') AND next_attempt_at <= $2 THEN 1 END) AS due,
                   MIN(CASE WHEN state IN ('new', 'waiting') AND next_attempt_at > $2 THEN next_attempt_at END) AS next_at
                 FROM lead WHERE campaign_id = $1 AND state IN ('new', 'waiting', 'active', 'parked')
                 GROUP BY state, next_kind, wait_reason ORDER BY COUNT(*) DESC, state, next_kind, wait_reason LIMIT $3",
            )
            .bind(campaign).bind(now).bind(i64::from(limit)).fetch_all(conn).await?)
        })
    }

    /// Campaigns that have numbers of this one on a list that is still called, and how many; most first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn shared_numbers(&self, campaign: CampaignId, limit: u32) -> Result<Vec<(String, i64)>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT c.name, COUNT(*) FROM lead own
                   JOIN lead other ON other.phone_number = own.phone_number AND other.campaign_id <> own.campaign_id
                   JOIN campaign c ON c.id = other.campaign_id
                 WHERE own.campaign_id = $1 AND other.state IN ('new', 'waiting', 'active')
                   AND c.state NOT IN ('completed', 'cancelled')
                 GROUP BY c.name ORDER BY COUNT(*) DESC, c.name LIMIT $2",
            )
            .bind(campaign).bind(i64::from(limit)).fetch_all(conn).await?)
        })
    }

    /// The first campaign by name that has this number on a list that is still called.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn campaign_that_calls(&self, number: &PhoneNumber) -> Result<Option<String>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT c.name FROM lead l JOIN campaign c ON c.id = l.campaign_id
                 WHERE l.phone_number = $1 AND l.state IN ('new', 'waiting', 'active') AND c.state NOT IN ('completed', 'cancelled')
                 ORDER BY c.name LIMIT 1";
            Ok(sqlx::query_scalar(sql).bind(number).fetch_optional(conn).await?)
        })
    }

    /// Leads of every campaign by state.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lead_counts(&self) -> Result<Vec<LeadCount>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT campaign_id AS campaign, state, COUNT(*) AS leads FROM lead GROUP BY campaign_id, state";
            Ok(sqlx::query_as(sql).fetch_all(conn).await?)
        })
    }

    /// Makes a lead that no call is open to due now, ahead of retries and fresh leads. Never one that opted out. Its country is tried
    /// again, if the provider did not permit it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn call_lead_next(&self, id: LeadId, actor: &str, now: Timestamp) -> Result<Change<LeadState>, StoreError> {
        on_db!(self.db, write, tx => {
            let which = "SELECT campaign_id, phone_number FROM lead
                WHERE id = $1 AND state IN ('new', 'waiting', 'finished', 'parked') AND NOT opt_out";
            permit_country((&mut *tx).into(), id, which).await?;
            let rows = sqlx::query(
                "UPDATE lead SET state = 'waiting', next_kind = 'callback', next_attempt_at = $2, wait_reason = NULL, updated_at = $2
                 WHERE id = $1 AND state IN ('new', 'waiting', 'finished', 'parked') AND NOT opt_out",
            )
            .bind(id).bind(now).execute(&mut *tx).await?.rows_affected();
            // whoever asks for a call now does not mean the time that was promised earlier
            let due = "UPDATE callback SET due_at = $2, due_until = NULL WHERE lead_id = $1 AND NOT given_up";
            sqlx::query(due).bind(id).bind(now).execute(&mut *tx).await?;
            let found: Option<(LeadState, CampaignId, PhoneNumber)> =
                sqlx::query_as("SELECT state, campaign_id, phone_number FROM lead WHERE id = $1").bind(id).fetch_optional(&mut *tx).await?;
            let change = Change::of(rows, found.as_ref().map(|(state, ..)| *state));
            if let (true, Some((_, campaign, number))) = (change.is_changed(), found) {
                let (subject, detail) = (format!("campaign/{campaign}"), format!("lead {id}, {number}"));
                audit::append(tx.into(), NewAudit { actor, action: "lead.call_next", subject: &subject, detail: &detail }, now).await?;
            }
            Ok(change)
        })
    }
}
