//! Many leads at once: few statements, so that a list of a million rows is a matter of seconds.

mod batch;
pub(super) mod by_number;
mod new_lead;
mod postgres;
mod sqlite;
mod told;

use std::collections::HashSet;

use serde::Serialize;

use self::batch::Fresh;
pub use self::batch::ListBatch;
use self::by_number::{keep_former, stored_among, suppressed_of};
pub use self::new_lead::{ListLead, NewLead};
use crate::domain::ids::{CampaignId, ImportId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::idempotency::{self, KeptAnswer, KeyedRequest};
use crate::store::{Store, StoreError, hours_class};
use crate::word_enum;

word_enum! {
    /// What to do with a number that the campaign has already.
    pub enum OnDuplicate {
        /// Leave the lead as it is.
        Skip = "skip",
        /// Take the new key, zones, variables, consent and priority, and before the first dial the new time; state and history stay.
        Update = "update",
    }
}

/// What came of a batch; the four add up to its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Inserted {
    /// New leads.
    pub accepted: u64,
    /// Leads whose data was replaced.
    pub updated: u64,
    /// Rows left out because the number is there already, in the campaign or in the batch.
    pub duplicates: u64,
    /// New leads that are on a do-not-call list; stored as suppressed, never called.
    pub suppressed: u64,
}

/// Where new leads go.
#[derive(Debug, Clone, Copy)]
pub struct ListPlace {
    /// Whose list.
    pub campaign: CampaignId,
    /// Which import brings them.
    pub import: Option<ListImport>,
    /// What to do with numbers the campaign has.
    pub on_duplicate: OnDuplicate,
}

/// An import that brings leads, transaction by transaction.
#[derive(Debug, Clone, Copy)]
pub struct ListImport {
    /// Its id.
    pub id: ImportId,
    /// When it began.
    pub begun_at: Timestamp,
}

impl ListPlace {
    fn import_id(&self) -> Option<ImportId> {
        self.import.map(|import| import.id)
    }

    /// Since when leads without a time of their own are due. Those of an import are all due since it began: it stores them by number,
    /// and they would be called in the order of their area codes.
    fn listed_at(&self, now: Timestamp) -> Timestamp {
        self.import.map_or(now, |import| import.begun_at.min(now))
    }
}

impl Store {
    /// Puts leads on a list in one transaction.
    ///
    /// # Errors
    /// The campaign does not exist, or the database cannot be written; nothing is stored then.
    pub async fn insert_leads(&self, place: ListPlace, leads: &[NewLead], now: Timestamp) -> Result<Inserted, StoreError> {
        let batch = ListBatch::of(leads.iter().map(ListLead::of).collect::<Result<Vec<_>, _>>()?)?;
        on_db!(self.db, write, tx => insert(tx.into(), place, batch, now).await)
    }

    /// The same, told to the audit, and keeps the answer that `answer` makes of it for the request that sent them, all or nothing. Of
    /// requests that are sent again while the first is worked on one alone is done.
    ///
    /// # Errors
    /// As [`Store::insert_leads`].
    pub async fn insert_leads_once(
        &self,
        place: ListPlace,
        leads: Vec<ListLead>,
        actor: &str,
        now: Timestamp,
        request: Option<&KeyedRequest>,
        answer: impl Fn(&Inserted) -> KeptAnswer,
    ) -> Result<Once, StoreError> {
        let batch = ListBatch::of(leads)?;
        on_db!(self.db, write, tx => {
            if let Some(request) = request
                && let Some(answer) = idempotency::answer_meanwhile((&mut *tx).into(), request).await?
            {
                return Ok(Once::Answered(answer));
            }
            let inserted = insert((&mut *tx).into(), place, batch, now).await?;
            told::tell((&mut *tx).into(), place.campaign, &inserted, actor, now).await?;
            if let Some(request) = request {
                idempotency::keep_answer(tx.into(), request, &answer(&inserted)).await?;
            }
            Ok(Once::Done(inserted))
        })
    }
}

/// What came of a request that is done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once {
    /// It is done.
    Done(Inserted),
    /// It was done meanwhile, and this was the answer.
    Answered(KeptAnswer),
}

/// Puts leads on a list inside a transaction of the caller.
pub(crate) async fn insert(mut conn: Conn<'_>, place: ListPlace, mut batch: ListBatch, now: Timestamp) -> Result<Inserted, StoreError> {
    let rows = batch.len() as u64;
    if place.on_duplicate == OnDuplicate::Update {
        batch.keep_last_of_each_number();
    }
    let numbers: Vec<&PhoneNumber> = batch.rows.iter().map(|row| &row.lead.phone_number).collect();
    if let (OnDuplicate::Update, Some(import)) = (place.on_duplicate, place.import) {
        keep_former(conn.reborrow(), place.campaign, import.id, &numbers, now).await?;
    }
    let never = suppressed_of(conn.reborrow(), place.campaign, &numbers).await?;
    let suppressed = batch.suppress(&never);
    let ListBatch { rows: fresh, classes } = batch;
    hours_class::keep(conn.reborrow(), place.campaign, classes).await?;
    let (accepted, updated) = match place.on_duplicate {
        OnDuplicate::Skip => (skip(conn.reborrow(), place, fresh, now).await?, 0),
        OnDuplicate::Update => {
            let own: HashSet<LeadId> = fresh.iter().map(|row| row.id).collect();
            let ids = update(conn.reborrow(), place, fresh, now).await?;
            let accepted = ids.iter().filter(|id| own.contains(id)).count() as u64;
            (accepted, ids.len() as u64 - accepted)
        }
    };
    let suppressed = if never.is_empty() { 0 } else { stored_among(conn, place.campaign, &never, &suppressed).await? };
    Ok(Inserted { accepted: accepted - suppressed, updated, duplicates: rows - accepted - updated, suppressed })
}

async fn skip(conn: Conn<'_>, place: ListPlace, leads: Vec<Fresh>, now: Timestamp) -> Result<u64, StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::skip(conn, place, &leads, now).await,
        Conn::Sqlite(conn) => sqlite::skip(conn, place, leads, now).await,
    }
}

async fn update(conn: Conn<'_>, place: ListPlace, leads: Vec<Fresh>, now: Timestamp) -> Result<Vec<LeadId>, StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::update(conn, place, &leads, now).await,
        Conn::Sqlite(conn) => sqlite::update(conn, place, leads, now).await,
    }
}

/// The columns in the order of the values.
const COLUMNS: &str = "campaign_id, import_id, created_at, updated_at,
    id, external_id, phone_number, zones, variables, consent_basis, priority, next_attempt_at, state, disposition, hours_class";

/// Two more, at the end, of a statement in which a lead has them. Few lists say when and where consent was given, and the two
/// empty values of the others would be a twentieth of an import's time.
const PROOF_COLUMNS: &str = ", consent_at, consent_ref";

/// Whether a statement that stores these leads needs [`PROOF_COLUMNS`].
fn any_proof(leads: &[Fresh]) -> bool {
    leads.iter().any(|fresh| fresh.lead.consent_proof.is_some())
}

const fn on_conflict(on_duplicate: OnDuplicate) -> &'static str {
    match on_duplicate {
        OnDuplicate::Skip => " ON CONFLICT (phone_number, campaign_id) DO NOTHING",
        OnDuplicate::Update => {
            " ON CONFLICT (phone_number, campaign_id) DO UPDATE SET external_id = excluded.external_id, zones = excluded.zones,
                variables = excluded.variables, consent_basis = excluded.consent_basis, consent_at = excluded.consent_at,
                consent_ref = excluded.consent_ref, priority = excluded.priority, hours_class = excluded.hours_class,
                next_attempt_at = CASE WHEN lead.state = 'new' AND excluded.next_attempt_at > excluded.created_at
                    THEN excluded.next_attempt_at ELSE lead.next_attempt_at END,
                updated_at = excluded.updated_at
              RETURNING id"
        }
    }
}
