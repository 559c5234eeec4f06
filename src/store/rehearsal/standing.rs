//! Questions to a copy: when the next lead is due, which gates held leads back, and how the list stands in the end.

use std::collections::BTreeMap;

use sqlx::FromRow;

use crate::domain::attempt::DialKind;
use crate::domain::ids::CampaignId;
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::permit::Gate;
use crate::domain::time::Timestamp;
use crate::store::db::on_db;
use crate::store::lead_rank::{first_due, next_rank};
use crate::store::{Store, StoreError};

/// Leads of the list that stand alike.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Standing {
    /// Where they stand.
    pub state: LeadState,
    /// Whether any of their calls was sent in this copy.
    pub called: bool,
    /// What came of them.
    pub disposition: Option<Disposition>,
    /// Why.
    pub reason: Option<Reason>,
    /// In which queue they wait.
    pub next_kind: DialKind,
    /// What they wait for.
    pub wait_reason: Option<String>,
    /// How many.
    pub leads: i64,
}

/// Whoever sends in a copy writes itself into the attempt; calls that were copied have no sender.
const STANDINGS: &str = "SELECT state, disposition, reason, next_kind, wait_reason,
        EXISTS (SELECT 1 FROM attempt a WHERE a.lead_id = lead.id AND a.sent_by IS NOT NULL) AS called, COUNT(*) AS leads
    FROM lead WHERE campaign_id = $1 GROUP BY 1, 2, 3, 4, 5, 6";

/// Every class, and every rank of a class that has fresh leads.
const CLASSES: &str = concat!(
    "WITH RECURSIVE c (class) AS (SELECT class FROM hours_class WHERE campaign_id = $1 UNION SELECT 0),
     fresh (state, class, rank) AS (
        SELECT q.state, c.class, ",
    next_rank!(of "q.state", "c.class", below "100"),
    " FROM (SELECT 'waiting' AS state UNION ALL SELECT 'new') AS q CROSS JOIN c
        UNION ALL SELECT state, class, ",
    next_rank!(of "fresh.state", "fresh.class", below "fresh.rank"),
    " FROM fresh WHERE rank IS NOT NULL)
     SELECT class, MIN(due) FROM ("
);
const CALLBACKS: &str = concat!("SELECT class, ", first_due!(of "'waiting'", "'callback'", "c.class", "0"), " AS due FROM c");
const OTHERS: &str = concat!(
    " UNION ALL SELECT class, ",
    first_due!(of "'waiting'", "'retry'", "c.class", "0"),
    " FROM c UNION ALL SELECT class, ",
    first_due!(of "fresh.state", "'fresh'", "fresh.class", "fresh.rank"),
    " FROM fresh WHERE rank IS NOT NULL"
);
const DUE: &str = ") AS d WHERE due IS NOT NULL GROUP BY class";

impl Store {
    /// When the first lead of each class of calling hours is due, classes without one left out; promised callbacks alone, or
    /// any lead.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn first_due_by_class(&self, campaign: CampaignId, callbacks_alone: bool) -> Result<Vec<(i64, Timestamp)>, StoreError> {
        let others = if callbacks_alone { "" } else { OTHERS };
        let sql = sqlx::AssertSqlSafe([CLASSES, CALLBACKS, others, DUE].concat());
        on_db!(self.db, read, conn => Ok(sqlx::query_as(sql).bind(campaign).fetch_all(conn).await?))
    }

    /// How the list stands.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn standings(&self, campaign: CampaignId) -> Result<Vec<Standing>, StoreError> {
        on_db!(self.db, read, conn => Ok(sqlx::query_as(STANDINGS).bind(campaign).fetch_all(conn).await?))
    }

    /// Leads that each gate held back at least once since [`watch_gates`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn held_back(&self) -> Result<BTreeMap<Gate, u64>, StoreError> {
        let rows: Vec<(String, i64)> = on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT gate, COUNT(*) FROM held_back GROUP BY gate").fetch_all(conn).await?)
        })?;
        let known = |(gate, leads): (String, i64)| Some((gate.parse().ok()?, u64::try_from(leads).unwrap_or(0)));
        Ok(rows.into_iter().filter_map(known).collect())
    }
}

/// A closed gate leaves its name at the beginning of the lead's reason to wait, until the next one overwrites it. In a copy a
/// trigger remembers them all.
pub(super) async fn watch_gates(copy: &Store) -> Result<(), StoreError> {
    const TABLE: &str = "CREATE TABLE held_back (gate TEXT NOT NULL, lead_id BLOB NOT NULL, PRIMARY KEY (gate, lead_id)) WITHOUT ROWID";
    const TRIGGER: &str = "CREATE TRIGGER note_gate AFTER UPDATE OF wait_reason ON lead WHEN instr(NEW.wait_reason, ': ') > 0
        BEGIN
            INSERT OR IGNORE INTO held_back (gate, lead_id)
                VALUES (substr(NEW.wait_reason, 1, instr(NEW.wait_reason, ': ') - 1), NEW.id);
        END";
    on_db!(copy.db, write, tx => {
        sqlx::query(TABLE).execute(&mut *tx).await?;
        sqlx::query(TRIGGER).execute(&mut *tx).await?;
        Ok(())
    })
}
