//! Leads whose time has come: promised callbacks first, then retries, then fresh ones.

use sqlx::{AssertSqlSafe, FromRow};

use crate::domain::attempt::DialKind;
use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::dial::sql::fetch_values;
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

/// Each pair and class is one range of the index `lead_due_by_class`, so a closed or finished lead costs nothing.
const QUEUES: [(DialKind, LeadState); 4] = [
    (DialKind::Callback, LeadState::Waiting),
    (DialKind::Retry, LeadState::Waiting),
    (DialKind::Fresh, LeadState::Waiting),
    (DialKind::Fresh, LeadState::New),
];

/// Classes asked for in one statement.
const CLASSES: usize = 100;

impl Store {
    /// The first `limit` leads of a campaign that are due at `now`, in the order callback, retry, fresh, each by time; only
    /// of the given kinds (a draining campaign asks for callbacks alone) and classes of calling hours.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn due_leads_in(
        &self,
        campaign: CampaignId,
        classes: &[i64],
        kinds: &[DialKind],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueLead>, StoreError> {
        on_db!(self.db, read, conn => due(conn.into(), campaign, classes, kinds, now, limit).await)
    }

    /// The same over all classes, open or not.
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
        let classes: Vec<i64> = self.hours_classes(campaign).await?.iter().map(|class| class.id).collect();
        self.due_leads_in(campaign, &classes, kinds, now, limit).await
    }

    /// Whether any lead of a campaign still wants something: one that waits or is being called, or, while it drains, a
    /// promised callback or an open call.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn has_leads_left(&self, campaign: CampaignId, draining: bool) -> Result<bool, StoreError> {
        const ACTIVE: &str = "SELECT 1 FROM lead WHERE campaign_id = $1 AND state = 'active' LIMIT 1";
        const QUEUED: &str = "SELECT 1 FROM lead WHERE campaign_id = $1 AND state = $2 AND next_kind = $3 LIMIT 1";
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            if !fetch_values!(conn, i32, ACTIVE, campaign).is_empty() {
                return Ok(true);
            }
            for state in [LeadState::New, LeadState::Waiting] {
                for kind in DialKind::ALL.iter().copied().filter(|kind| !draining || *kind == DialKind::Callback) {
                    if !fetch_values!(conn, i32, QUEUED, campaign, state, kind).is_empty() {
                        return Ok(true);
                    }
                }
            }
            Ok(false)
        })
    }
}

async fn due(
    mut conn: Conn<'_>,
    campaign: CampaignId,
    classes: &[i64],
    kinds: &[DialKind],
    now: Timestamp,
    limit: u32,
) -> Result<Vec<DueLead>, StoreError> {
    let mut leads: Vec<DueLead> = Vec::new();
    for (kind, state) in QUEUES.into_iter().filter(|(kind, _)| kinds.contains(kind)) {
        let mut queue = Vec::new();
        let left = i64::from(limit) - i64::try_from(leads.len()).unwrap_or(i64::MAX);
        for some in classes.chunks(CLASSES).take_while(|_| left > 0) {
            queue.extend(first_of(conn.reborrow(), campaign, (state, kind), some, now, left).await?);
        }
        queue.sort_by_key(|lead: &DueLead| lead.due_at);
        queue.truncate(usize::try_from(left).unwrap_or(0));
        leads.extend(queue);
    }
    Ok(leads)
}

/// The first of each class: one short range of the index `lead_due_by_class` per class, however many leads are due in it.
async fn first_of(
    conn: Conn<'_>,
    campaign: CampaignId,
    (state, kind): (LeadState, DialKind),
    classes: &[i64],
    now: Timestamp,
    limit: i64,
) -> Result<Vec<DueLead>, StoreError> {
    let sql = AssertSqlSafe(due_sql(classes.len()));
    on_conn!(conn, conn => {
        let mut query = sqlx::query_as(sql).bind(campaign).bind(state).bind(kind).bind(now).bind(limit);
        for class in classes {
            query = query.bind(*class);
        }
        Ok(query.fetch_all(conn).await?)
    })
}

/// `$1` campaign, `$2` state, `$3` kind, `$4` now, `$5` limit, then the classes.
fn due_sql(classes: usize) -> String {
    let one = |at: usize| {
        format!(
            "SELECT * FROM (SELECT id AS lead, next_kind AS kind, next_attempt_at AS due_at FROM lead
               WHERE campaign_id = $1 AND state = $2 AND next_kind = $3 AND hours_class = ${} AND next_attempt_at <= $4
               ORDER BY next_attempt_at LIMIT $5) AS c{at}",
            at + 6
        )
    };
    (0..classes).map(one).collect::<Vec<_>>().join(" UNION ALL ")
}
