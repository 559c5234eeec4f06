//! Leads whose time has come: promised callbacks first, then retries, then fresh ones by priority; classes of hours take turns.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, FromRow};

use crate::domain::attempt::DialKind;
use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::dial::heads::{Head, heads};
use crate::store::dial::round_robin::round_robin;
use crate::store::dial::sql::fetch_value;
use crate::store::lead_rank::{ABOVE_ALL, BY_TIME, rank};
use crate::store::{Store, StoreError};

/// A lead that may be armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct DueLead {
    /// Which lead.
    pub lead: LeadId,
    /// Its class of calling hours.
    pub class: i64,
    /// Why it is called now.
    pub kind: DialKind,
    /// Since when it is due.
    pub due_at: Timestamp,
}

/// Fresh leads of one rank: those that a gate held up go before those that nobody has looked at yet.
const FRESH: [LeadState; 2] = [LeadState::Waiting, LeadState::New];

/// The first lead of a state and a queue. In the order of the index: a planner to whom all leads are alike would rather read the table
/// until one comes, and none may.
macro_rules! first {
    ($state:literal) => {
        concat!("(SELECT 1 FROM lead WHERE campaign_id = $1 AND state = '", $state, "' ORDER BY next_kind, hours_class LIMIT 1)")
    };
    ($state:literal, $kind:literal) => {
        concat!(
            "(SELECT 1 FROM lead WHERE campaign_id = $1 AND state = '",
            $state,
            "' AND next_kind = '",
            $kind,
            "' ORDER BY hours_class LIMIT 1)"
        )
    };
}

/// Whatever is left. In one statement, which sees each lead once: one that is armed between two of them would be nowhere, and its
/// campaign would end without it.
pub(super) const LEFT: &str = concat!(
    "SELECT COALESCE(",
    first!("active"),
    ", ",
    first!("new", "callback"),
    ", ",
    first!("waiting", "callback"),
    ", CASE WHEN $2 THEN NULL ELSE COALESCE(",
    first!("new", "retry"),
    ", ",
    first!("waiting", "retry"),
    ", ",
    first!("new", "fresh"),
    ", ",
    first!("waiting", "fresh"),
    ") END)",
);

/// Classes asked for in one statement.
const CLASSES: usize = 100;

impl Store {
    /// The first `limit` leads of a campaign that are due at `now`, in the order callback, retry, fresh, each by time, fresh ones
    /// by priority before that; only of the given kinds (a draining campaign asks for callbacks alone) and classes of calling hours.
    /// Classes are given in the order in which they take turns among leads of one moment.
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
        let mut taken = Taken { campaign, now, limit: limit as usize, leads: Vec::new() };
        on_db!(self.db, read, conn => taken.take(conn.into(), classes, kinds).await)?;
        Ok(taken.leads)
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
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            Ok(fetch_value!(conn, Option<i32>, LEFT, campaign, draining).is_some())
        })
    }
}

/// What was found so far.
struct Taken {
    campaign: CampaignId,
    now: Timestamp,
    limit: usize,
    leads: Vec<DueLead>,
}

impl Taken {
    async fn take(&mut self, mut conn: Conn<'_>, classes: &[i64], kinds: &[DialKind]) -> Result<(), StoreError> {
        for kind in [DialKind::Callback, DialKind::Retry].into_iter().filter(|kind| kinds.contains(kind)) {
            self.add(conn.reborrow(), (LeadState::Waiting, kind), classes, BY_TIME).await?;
        }
        if kinds.contains(&DialKind::Fresh) { self.take_fresh(conn, classes).await } else { Ok(()) }
    }

    /// Rank by rank, from the highest that has leads that are due.
    async fn take_fresh(&mut self, mut conn: Conn<'_>, classes: &[i64]) -> Result<(), StoreError> {
        let mut below = ABOVE_ALL;
        while self.left() > 0 {
            let heads = heads(conn.reborrow(), self.campaign, classes, below, self.now).await?;
            let Some(highest) = heads.iter().map(|head| head.rank).max() else { break };
            for state in FRESH {
                let classes = those_at(classes, &heads, highest, state);
                self.add(conn.reborrow(), (state, DialKind::Fresh), &classes, highest).await?;
            }
            below = highest;
        }
        Ok(())
    }

    fn left(&self) -> usize {
        self.limit - self.leads.len()
    }

    /// Adds leads of one queue and rank, by time and turn.
    async fn add(&mut self, mut conn: Conn<'_>, of: (LeadState, DialKind), classes: &[i64], rank: i32) -> Result<(), StoreError> {
        let (mut queue, left) = (Vec::new(), self.left());
        for some in classes.chunks(CLASSES).take_while(|_| left > 0) {
            queue.extend(self.first_of(conn.reborrow(), of, some, rank).await?);
        }
        self.leads.extend(round_robin(queue, classes).into_iter().take(left));
        Ok(())
    }

    /// The first of each class: one short range of the index `lead_due_by_class` per class, however many leads are due in it.
    async fn first_of(
        &self,
        conn: Conn<'_>,
        (state, kind): (LeadState, DialKind),
        classes: &[i64],
        rank: i32,
    ) -> Result<Vec<DueLead>, StoreError> {
        let sql = AssertSqlSafe(due_sql(classes.len()));
        let limit = i64::try_from(self.left()).unwrap_or(i64::MAX);
        on_conn!(conn, conn => {
            let mut query = sqlx::query_as(sql).bind(self.campaign).bind(state).bind(kind).bind(rank).bind(self.now).bind(limit);
            for class in classes {
                query = query.bind(*class);
            }
            Ok(query.fetch_all(conn).await?)
        })
    }
}

/// The classes that have a lead that is due in this state and rank, in their order.
fn those_at(classes: &[i64], heads: &[Head], rank: i32, state: LeadState) -> Vec<i64> {
    let here: HashSet<i64> = heads.iter().filter(|head| head.rank == rank && head.state == state).map(|head| head.class).collect();
    classes.iter().copied().filter(|class| here.contains(class)).collect()
}

/// `$1` campaign, `$2` state, `$3` kind, `$4` rank, `$5` now, `$6` limit, then the classes. Each hidden from the planner, which would
/// plan anew for whoever is due now (docs/decisions/012).
pub(super) fn due_sql(classes: usize) -> String {
    let one = |at: usize| {
        let [campaign, state, kind, rank, now, limit, class] = [1, 2, 3, 4, 5, 6, at + 7].map(|n| format!("(SELECT ${n})"));
        format!(
            "SELECT * FROM (SELECT id AS lead, hours_class AS class, next_kind AS kind, next_attempt_at AS due_at FROM lead
               WHERE campaign_id = {campaign} AND state = {state} AND next_kind = {kind} AND hours_class = {class} AND {} = {rank}
                 AND next_attempt_at <= {now} ORDER BY next_attempt_at LIMIT {limit}) AS c{at}",
            rank!()
        )
    };
    (0..classes).map(one).collect::<Vec<_>>().join(" UNION ALL ")
}

#[cfg(test)]
mod tests {
    use super::due_sql;
    use crate::store::contract::support::{on_both_engines, plan};

    on_both_engines! {
        async fn the_first_leads_of_a_rank_are_read_off_the_index(store: Store) {
            let values = ["(SELECT id FROM campaign)", "'new'", "'fresh'", "0", "1", "2", "3", "4"];
            let sql = (1..).zip(values).fold(due_sql(2), |sql, (n, value)| sql.replace(&format!("${n}"), value));
            let plan = plan(&store, &sql).await;
            assert_eq!(plan.matches("lead_due_by_class").count(), 2, "{plan}");
            assert!(!plan.contains("ORDER BY") && !plan.contains("Sort"), "{plan}");
        }
    }
}
