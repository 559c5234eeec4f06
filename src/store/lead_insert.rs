//! Many leads at once: few statements, so that a list of a million rows is a matter of seconds.

mod new_lead;
mod postgres;
mod sqlite;
mod told;

use std::collections::HashSet;

use serde::Serialize;

pub use self::new_lead::{ListLead, NewLead};
use crate::domain::hours_class::HoursClass;
use crate::domain::ids::{CampaignId, ImportId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
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

/// A lead with the id it gets if it is new, and whether it is on a do-not-call list.
#[derive(Debug, Clone)]
struct Fresh {
    id: LeadId,
    lead: ListLead,
    suppressed: bool,
    hours_class: i64,
}

impl Fresh {
    const fn state(&self) -> &'static str {
        if self.suppressed { "suppressed" } else { "new" }
    }

    fn disposition(&self) -> Option<&'static str> {
        self.suppressed.then_some("dnc")
    }
}

/// Leads that are ready to be stored: everything that needs no database is done.
///
/// Ids grow in the order of the list; the rows stand in the order of their numbers, so that the index of numbers is walked
/// once instead of jumped about in, and two imports at once take their locks in the same order.
#[derive(Debug, Clone)]
pub struct ListBatch {
    rows: Vec<Fresh>,
    classes: Vec<HoursClass>,
}

impl ListBatch {
    /// Gives them ids and sorts them.
    ///
    /// # Errors
    /// A lead's zones are no JSON list.
    pub fn of(leads: Vec<ListLead>) -> Result<Self, StoreError> {
        let (ids, classes) = hours_class::sort(&leads)?;
        // the states have told the class of hours and are not stored: their room goes before the rows wait
        let fresh = |(lead, hours_class)| Fresh {
            id: LeadId::new(),
            lead: ListLead { states: Vec::new(), ..lead },
            suppressed: false,
            hours_class,
        };
        let mut rows: Vec<Fresh> = leads.into_iter().zip(ids).map(fresh).collect();
        rows.sort_by(|one, other| one.lead.phone_number.cmp(&other.lead.phone_number));
        Ok(Self { rows, classes })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All of them, in the order of their numbers.
    pub fn leads(&self) -> impl Iterator<Item = &ListLead> {
        self.rows.iter().map(|row| &row.lead)
    }

    /// One statement may update a row only once, so of several rows with one number the last one speaks.
    fn keep_last_of_each_number(&mut self) {
        self.rows.dedup_by(|later, kept| {
            let same = later.lead.phone_number == kept.lead.phone_number;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
    }

    /// Marks those that must not be called, and says which they are.
    fn suppress(&mut self, never: &HashSet<PhoneNumber>) -> HashSet<LeadId> {
        let marked = self.rows.iter_mut().filter(|row| !never.is_empty() && never.contains(&row.lead.phone_number));
        marked
            .map(|row| {
                row.suppressed = true;
                row.id
            })
            .collect()
    }
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

pub(super) const KEEP: EngineSql = engine_sql!(
    "INSERT INTO lead_before (import_id, lead_id, external_id, zones, variables, consent_basis, consent_at, consent_ref, priority, hours_class,
       next_attempt_at, replaced_at)
     SELECT $1, id, external_id, zones, variables, consent_basis, consent_at, consent_ref, priority, hours_class,
       CASE WHEN state = 'new' THEN next_attempt_at END, $4
     FROM " (of_numbers lead "$3") " AND campaign_id = $2
     ON CONFLICT (import_id, lead_id) DO NOTHING"
);

/// What an import is about to replace, so that it can be taken back; of a lead that it meets twice, the first. The time is
/// replaced of new leads alone.
async fn keep_former(
    conn: Conn<'_>,
    campaign: CampaignId,
    import: ImportId,
    numbers: &[&PhoneNumber],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = KEEP.for_conn(&conn);
    on_conn!(conn, conn => {
        sqlx::query(sql).bind(import).bind(campaign).bind(JsonText(numbers)).bind(now).execute(conn).await?;
        Ok(())
    })
}

pub(super) const NEVER: EngineSql = engine_sql!(
    "SELECT phone_number FROM " (of_numbers suppression "$1") "
     AND source <> 'quarantine' AND (scope IN ('global', $2) OR source = 'list')"
);

/// Those of the numbers that must not be called. They are stored, so that the list is complete, but never dialled.
pub(super) async fn suppressed_of(
    conn: Conn<'_>,
    campaign: CampaignId,
    numbers: &[&PhoneNumber],
) -> Result<HashSet<PhoneNumber>, StoreError> {
    let sql = NEVER.for_conn(&conn);
    on_conn!(conn, conn => {
        let found = sqlx::query_scalar(sql).bind(JsonText(numbers)).bind(campaign.to_string()).fetch_all(conn).await?;
        Ok(found.into_iter().collect())
    })
}

pub(super) const STORED: EngineSql = engine_sql!("SELECT id FROM " (of_numbers lead "$1") " AND campaign_id = $2");

/// How many of these ids have become leads: a number may have been there with another one.
async fn stored_among(
    conn: Conn<'_>,
    campaign: CampaignId,
    numbers: &HashSet<PhoneNumber>,
    ids: &HashSet<LeadId>,
) -> Result<u64, StoreError> {
    let sql = STORED.for_conn(&conn);
    on_conn!(conn, conn => {
        let there: Vec<LeadId> = sqlx::query_scalar(sql).bind(JsonText(numbers)).bind(campaign).fetch_all(conn).await?;
        Ok(there.iter().filter(|id| ids.contains(id)).count() as u64)
    })
}
