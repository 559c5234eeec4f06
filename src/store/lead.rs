//! Leads: reading, listing, exporting, and the few changes an operator may make. Arming and closing belong to the dial.

use futures_util::stream::{self, Stream, TryStreamExt};
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::FromRow;

use crate::domain::attempt::DialKind;
use crate::domain::count::counted;
use crate::domain::ids::{CampaignId, ImportId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::domain::spelling::spelled_otherwise;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::change::Change;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
use crate::store::permitted::permit_country;
use crate::store::{Store, StoreError};

/// A promise that no call has kept and whose time has not passed at `$2`. The dial's own look at promises is in `dial/promise.rs`.
macro_rules! open_promise {
    () => {
        "NOT callback.given_up AND COALESCE(callback.due_until, callback.due_at) >= $2
         AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.id = callback.dialed_in AND a.placed_at IS NOT NULL)"
    };
}

/// Whom a list has under these numbers. Beside conditions that may be absent no plan for all of them finds a number by its key.
pub(super) const OF_NUMBERS: EngineSql = engine_sql!(
    "SELECT lead.* FROM " (of_numbers lead "$1") "
       AND ($2 IS NULL OR campaign_id = $2) AND ($3 IS NULL OR state = $3) AND ($4 IS NULL OR disposition = $4)
       AND ($5 IS NULL OR external_id = $5) AND ($6 IS NULL OR id > $6)
     ORDER BY id LIMIT $7"
);

/// Rows per page of an export.
const PAGE: u32 = 1_000;

/// A lead as it stands.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Lead {
    /// Its id; grows in the order of the list.
    pub id: LeadId,
    /// Whose list it is on.
    pub campaign_id: CampaignId,
    /// The import that brought it.
    pub import_id: Option<ImportId>,
    /// The operator's own key.
    pub external_id: Option<String>,
    /// Whom to call.
    pub phone_number: PhoneNumber,
    /// IANA zones the callee may be in; empty when unknown.
    pub zones: JsonText<Vec<String>>,
    /// What the list says about the person, for the agent.
    pub variables: JsonText<Map<String, Value>>,
    /// Why we may call.
    pub consent_basis: Option<String>,
    /// When consent was given.
    pub consent_at: Option<Timestamp>,
    /// Where the record of it is kept.
    pub consent_ref: Option<String>,
    /// Who goes first among the fresh leads.
    pub priority: Priority,
    /// Where it stands.
    pub state: LeadState,
    /// Why it will be called next.
    pub next_kind: DialKind,
    /// Not before.
    pub next_attempt_at: Timestamp,
    /// The gate that keeps it waiting.
    pub wait_reason: Option<String>,
    /// What came of the last attempt.
    pub disposition: Option<Disposition>,
    /// Why.
    pub reason: Option<Reason>,
    /// Asked not to be called again.
    pub opt_out: bool,
    /// The words of a promised callback.
    pub callback_words: Option<String>,
    /// Not before.
    pub callback_at: Option<Timestamp>,
    /// Not after.
    pub callback_until: Option<Timestamp>,
    /// The zone the words were read in.
    pub callback_zone: Option<String>,
    /// Attempts armed so far.
    pub attempts: i32,
    /// Of those, calls that were placed.
    pub placed: i32,
    /// Callbacks promised so far.
    pub callbacks: i32,
    /// When it was imported.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One line of an export: the lead and what its calls took.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct LeadResult {
    /// The lead.
    #[sqlx(flatten)]
    pub lead: Lead,
    /// Seconds on the phone, over all attempts.
    pub duration_s: i64,
    /// What its calls cost, by the ledger.
    pub cost: NanoUsd,
    /// When a call to it was last placed.
    pub last_attempt_at: Option<Timestamp>,
    /// The note on its latest conversation that has one, as it was answered: JSON.
    pub summary: Option<String>,
    /// The score of its latest conversation that has one, as it was answered: JSON.
    pub score: Option<String>,
}

/// Which leads to list; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct LeadFilter {
    /// Of one campaign.
    pub campaign: Option<CampaignId>,
    /// In one state.
    pub state: Option<LeadState>,
    /// With one disposition.
    pub disposition: Option<Disposition>,
    /// With this number, in either spelling.
    pub phone_number: Option<PhoneNumber>,
    /// With exactly this key.
    pub external_id: Option<String>,
}

impl Store {
    /// The lead of this id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lead(&self, id: LeadId) -> Result<Option<Lead>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM lead WHERE id = $1").bind(id).fetch_optional(conn).await?)
        })
    }

    /// A page of leads in the order of the list, after `after`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn leads(&self, filter: &LeadFilter, after: Option<LeadId>, limit: u32) -> Result<Vec<Lead>, StoreError> {
        if let Some(number) = &filter.phone_number {
            return self.leads_of(number, filter, after, limit).await;
        }
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT * FROM lead
                 WHERE ($1 IS NULL OR campaign_id = $1) AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR disposition = $3)
                   AND ($4 IS NULL OR external_id = $4) AND ($5 IS NULL OR id > $5)
                 ORDER BY id LIMIT $6",
            )
            .bind(filter.campaign).bind(filter.state).bind(filter.disposition)
            .bind(&filter.external_id).bind(after).bind(i64::from(limit))
            .fetch_all(conn).await?)
        })
    }

    /// Those with this number, in either spelling: looked up by it, however long the lists are.
    async fn leads_of(
        &self,
        number: &PhoneNumber,
        filter: &LeadFilter,
        after: Option<LeadId>,
        limit: u32,
    ) -> Result<Vec<Lead>, StoreError> {
        let other = spelled_otherwise(number).map(|other| other.number);
        let (sql, numbers) = (OF_NUMBERS.on(&self.db), JsonText([Some(number.clone()), other].into_iter().flatten().collect::<Vec<_>>()));
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(sql)
                .bind(numbers).bind(filter.campaign).bind(filter.state).bind(filter.disposition)
                .bind(&filter.external_id).bind(after).bind(i64::from(limit))
                .fetch_all(conn).await?)
        })
    }

    /// Every lead of a campaign in the order of the list, read page by page; leads added meanwhile are included.
    pub fn export_leads(&self, campaign: CampaignId) -> impl Stream<Item = Result<LeadResult, StoreError>> + Send + use<> {
        let store = self.clone();
        let pages = stream::try_unfold(Some(None), move |next: Option<Option<LeadId>>| {
            let store = store.clone();
            async move {
                let Some(after) = next else { return Ok(None) };
                let page = store.export_page(campaign, after).await?;
                let next = page.last().map(|row| Some(row.lead.id));
                Ok::<_, StoreError>(next.is_some().then(|| (stream::iter(page.into_iter().map(Ok)), next)))
            }
        });
        pages.try_flatten()
    }

    async fn export_page(&self, campaign: CampaignId, after: Option<LeadId>) -> Result<Vec<LeadResult>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT lead.*,
                   (SELECT CAST(COALESCE(SUM(a.duration_s), 0) AS BIGINT) FROM attempt a WHERE a.lead_id = lead.id) AS duration_s,
                   (SELECT CAST(COALESCE(SUM(l.cost_nano_usd), 0) AS BIGINT) FROM attempt a JOIN ledger l ON l.attempt_id = a.id
                    WHERE a.lead_id = lead.id) AS cost,
                   (SELECT MAX(a.placed_at) FROM attempt a WHERE a.lead_id = lead.id) AS last_attempt_at,
                   (SELECT t.result FROM attempt a JOIN deferred_task t ON t.attempt_id = a.id AND t.kind = 'summary'
                    WHERE a.lead_id = lead.id AND t.state = 'done' ORDER BY a.id DESC LIMIT 1) AS summary,
                   (SELECT t.result FROM attempt a JOIN deferred_task t ON t.attempt_id = a.id AND t.kind = 'score'
                    WHERE a.lead_id = lead.id AND t.state = 'done' ORDER BY a.id DESC LIMIT 1) AS score
                 FROM lead WHERE campaign_id = $1 AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3",
            )
            .bind(campaign).bind(after).bind(i64::from(PAGE))
            .fetch_all(conn).await?)
        })
    }

    /// Takes a lead off the list. An open attempt is not touched: its next permit finds the lead cancelled.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn cancel_lead(&self, id: LeadId, actor: &str, now: Timestamp) -> Result<Change<LeadState>, StoreError> {
        let sql = "UPDATE lead SET state = 'cancelled', wait_reason = NULL, updated_at = $2
             WHERE id = $1 AND state IN ('new', 'waiting', 'active', 'parked')";
        on_db!(self.db, write, tx => change_lead(tx.into(), id, sql, "lead.cancel", actor, now).await)
    }

    /// Calls a finished or parked lead again, as soon as every gate is open. Never one that opted out. A callback that is
    /// promised for later is brought forward: this call keeps it, or one until the promised end. With a parked lead its campaign
    /// tries the lead's country again, if the provider did not permit it, and no other.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn retry_lead(&self, id: LeadId, actor: &str, now: Timestamp) -> Result<Change<LeadState>, StoreError> {
        const RETRY: &str = concat!(
            "UPDATE lead SET state = 'waiting', next_attempt_at = $2, wait_reason = NULL, updated_at = $2,
               next_kind = CASE WHEN EXISTS (SELECT 1 FROM callback WHERE callback.lead_id = lead.id AND ",
            open_promise!(),
            ") THEN 'callback' ELSE 'retry' END
             WHERE id = $1 AND state IN ('finished', 'parked') AND NOT opt_out"
        );
        const BRING_FORWARD: &str = concat!(
            "UPDATE callback SET due_at = $2, due_until = COALESCE(due_until, due_at) WHERE lead_id = $1 AND due_at > $2 AND ",
            open_promise!()
        );
        const PARKED: &str = "SELECT campaign_id, phone_number FROM lead WHERE id = $1 AND state = 'parked' AND NOT opt_out";
        on_db!(self.db, write, tx => {
            let mut conn: Conn<'_> = tx.into();
            permit_country(conn.reborrow(), id, PARKED).await?;
            let change = change_lead(conn.reborrow(), id, RETRY, "lead.retry", actor, now).await?;
            if change.is_changed() {
                on_conn!(conn, conn => {
                    sqlx::query(BRING_FORWARD).bind(id).bind(now).execute(conn).await?;
                });
            }
            Ok(change)
        })
    }

    /// Calls all parked leads of a campaign again, as soon as every gate is open; how many. Nobody is called before the time
    /// their lead had when it was parked, and a callback that is still promised stays one. Every country that the provider did
    /// not permit is tried again, also one without a parked lead: leads that are parked later for it would wait for this once more.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn retry_parked(&self, campaign: CampaignId, actor: &str, now: Timestamp) -> Result<u64, StoreError> {
        const RETRY: &str = concat!(
            "UPDATE lead SET state = 'waiting', wait_reason = NULL, updated_at = $2,
               next_attempt_at = CASE WHEN next_attempt_at > $2 THEN next_attempt_at ELSE $2 END,
               next_kind = CASE WHEN next_kind = 'callback' AND next_attempt_at <= $2 AND NOT EXISTS (
                   SELECT 1 FROM callback WHERE callback.lead_id = lead.id AND ",
            open_promise!(),
            ") THEN 'retry' ELSE next_kind END
             WHERE campaign_id = $1 AND state = 'parked' AND NOT opt_out"
        );
        const PERMIT: EngineSql = engine_sql!(
            "UPDATE campaign SET not_permitted = NULL, permitted_at_db = " now " WHERE id = $1 AND not_permitted IS NOT NULL"
        );
        let permit = PERMIT.on(&self.db);
        on_db!(self.db, write, tx => {
            sqlx::query(permit).bind(campaign).execute(&mut *tx).await?;
            let leads = sqlx::query(RETRY).bind(campaign).bind(now).execute(&mut *tx).await?.rows_affected();
            if leads > 0 {
                let (subject, detail) = (format!("campaign/{campaign}"), counted(leads, "parked lead"));
                audit::append(tx.into(), NewAudit { actor, action: "lead.retry", subject: &subject, detail: &detail }, now).await?;
            }
            Ok(leads)
        })
    }
}

/// Changes one lead and tells the audit who did, both or neither. `$1` the lead, `$2` now.
async fn change_lead(
    mut conn: Conn<'_>,
    id: LeadId,
    sql: &'static str,
    action: &str,
    actor: &str,
    now: Timestamp,
) -> Result<Change<LeadState>, StoreError> {
    let (rows, found): (u64, Option<(LeadState, CampaignId, PhoneNumber)>) = on_conn!(conn.reborrow(), conn => {
        let rows = sqlx::query(sql).bind(id).bind(now).execute(&mut *conn).await?.rows_affected();
        (rows, sqlx::query_as("SELECT state, campaign_id, phone_number FROM lead WHERE id = $1").bind(id).fetch_optional(conn).await?)
    });
    let change = Change::of(rows, found.as_ref().map(|(state, ..)| *state));
    if let (true, Some((_, campaign, number))) = (change.is_changed(), found) {
        let (subject, detail) = (format!("campaign/{campaign}"), format!("lead {id}, {number}"));
        audit::append(conn, NewAudit { actor, action, subject: &subject, detail: &detail }, now).await?;
    }
    Ok(change)
}
