//! A call that may be over, as whoever folds its outcome looks at it: without a lock, and where the engine is a server with its
//! lead beside it, together with the calls that others look at in that moment.

use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::attempt::DialKind;
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, Db, on_db};
use crate::store::dial::charge::Charge;
use crate::store::dial::lead::LeadRow;
use crate::store::dial::row::{AttemptRow, columns};
use crate::store::dial::sql::{among, fetch_optional};
use crate::store::{Store, StoreError};

/// A call, and what has to be known to bill it and to fold its outcome.
#[derive(Debug, Clone)]
pub struct Ending {
    pub(super) row: AttemptRow,
    pub(super) versions: Option<Versions>,
}

/// The lead beside its call, and which versions of both rows these are: each change of a row gets an `xmin` of its own.
#[derive(Debug, Clone)]
pub(super) struct Versions {
    pub attempt: String,
    pub lead: String,
    pub called: LeadRow,
    /// Calls that were placed to the lead before this one.
    pub others: i64,
    pub suppressed: bool,
}

impl Ending {
    /// Which attempt.
    #[must_use]
    pub const fn attempt(&self) -> AttemptId {
        self.row.id
    }

    /// Of which campaign.
    #[must_use]
    pub const fn campaign(&self) -> CampaignId {
        self.row.campaign_id
    }

    /// Whom it called.
    #[must_use]
    pub const fn number(&self) -> &PhoneNumber {
        &self.row.to_number
    }

    /// What has to be billed before the outcome is folded. `None` while our side is not over, and for an attempt that has ended: it
    /// was billed before.
    #[must_use]
    pub fn charge(&self) -> Option<Charge> {
        let is_held = self.row.held_by.is_some() && self.row.closed_at.is_none();
        self.row.charge().filter(|_| self.row.state.is_open() && !is_held)
    }
}

const BY_ID: &str = concat!("SELECT ", columns!(), " FROM attempt WHERE id = $1");
/// A quarantine is the number's, not the person's: what becomes of the lead then is the verdict's to say.
pub(super) const WITH_LEADS: &str = concat!(
    "SELECT a.*, l.phone_number, l.zones, l.variables, l.consent_basis, l.state AS lead_state, l.next_kind, l.next_attempt_at, l.attempts,
        l.callbacks, CAST(l.xmin AS TEXT) AS lead_version,
        (SELECT COUNT(*) FROM attempt o WHERE o.lead_id = l.id AND o.placed_at IS NOT NULL AND o.id <> a.id) AS others,
        EXISTS (SELECT 1 FROM suppression s WHERE s.phone_number = l.phone_number AND s.source <> 'quarantine'
            AND (s.scope IN ('global', CAST(l.campaign_id AS TEXT)) OR s.source = 'list')) AS suppressed
     FROM (SELECT ",
    columns!(),
    ", CAST(xmin AS TEXT) AS version FROM attempt WHERE id",
    among!(),
    ") a JOIN lead l ON l.id = a.lead_id"
);

/// A row of [`WITH_LEADS`]; what the lead shares with its call stands there once.
#[derive(Debug, FromRow)]
struct WithLead {
    #[sqlx(flatten)]
    row: AttemptRow,
    version: String,
    phone_number: PhoneNumber,
    zones: String,
    variables: String,
    consent_basis: Option<String>,
    lead_state: LeadState,
    next_kind: DialKind,
    next_attempt_at: Timestamp,
    attempts: i32,
    callbacks: i32,
    lead_version: String,
    others: i64,
    suppressed: bool,
}

impl From<WithLead> for Ending {
    fn from(read: WithLead) -> Self {
        let called = LeadRow {
            id: read.row.lead_id,
            campaign_id: read.row.campaign_id,
            phone_number: read.phone_number,
            zones: read.zones,
            variables: read.variables,
            consent_basis: read.consent_basis,
            state: read.lead_state,
            next_kind: read.next_kind,
            next_attempt_at: read.next_attempt_at,
            attempts: read.attempts,
            callbacks: read.callbacks,
        };
        let (attempt, lead) = (read.version, read.lead_version);
        let versions = Versions { attempt, lead, called, others: read.others, suppressed: read.suppressed };
        Self { row: read.row, versions: Some(versions) }
    }
}

impl Store {
    /// A call as it stands; `None` when there is no such attempt.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn ending(&self, attempt: AttemptId) -> Result<Option<Ending>, StoreError> {
        if let Db::Postgres(server) = &self.db
            && let Some(ending) = self.rounds.endings.ask_server(server, attempt, async |asked| self.endings(asked).await).await?
        {
            return Ok(ending);
        }
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let row = fetch_optional!(conn, AttemptRow, BY_ID, attempt);
            Ok(row.map(|row| Ending { row, versions: None }))
        })
    }

    /// In the order of the question.
    async fn endings(&self, asked: Vec<AttemptId>) -> Result<Vec<Option<Ending>>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(Vec::new()) };
        let ids: Vec<Uuid> = asked.iter().map(|attempt| attempt.0).collect();
        let read: Result<Vec<WithLead>, StoreError> =
            on_db!(@read_server server, conn, Ok(sqlx::query_as(WITH_LEADS).bind(ids).fetch_all(conn).await?));
        let found: Vec<Ending> = read?.into_iter().map(Ending::from).collect();
        Ok(asked.iter().map(|attempt| found.iter().find(|ending| ending.row.id == *attempt).cloned()).collect())
    }
}
