//! Where fresh leads may be taken next: in each class of hours the highest rank that has leads that are due.
//!
//! Leads that are not due yet, closed for the day or held back by their list, stand in the same ranks. So a class is gone down rank by
//! rank, two looks at the index each, and only as far as the first that is due: however many leads wait, and whatever their
//! priorities, a look costs as many steps as there are ranks to pass.

use sqlx::FromRow;

use crate::domain::ids::CampaignId;
use crate::domain::lead::LeadState;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_part};
use crate::store::dial::sql::fetch_all;
use crate::store::lead_rank::{first_due, next_rank};

/// The highest rank of a class whose first fresh lead in this state is due.
#[derive(FromRow)]
pub(super) struct Head {
    pub state: LeadState,
    pub class: i64,
    pub rank: i32,
}

/// Each class is gone down rank by rank to the first one that has a lead that is due, and no further; what the last step finds is
/// NULL when there is none. `$1` campaign, `$2` the classes, `$3` the rank to stay below, `$4` now.
macro_rules! heads {
    ($engine:ident) => {
        concat!(
            "WITH RECURSIVE listed (class) AS (",
            engine_part!($engine (each "$2")),
            "), head (state, class, rank) AS (
                SELECT q.state, q.class, ",
            next_rank!(of "q.state", "q.class", below "$3"),
            " FROM (SELECT state, CAST(class AS BIGINT) AS class FROM listed
                CROSS JOIN (SELECT 'waiting' AS state UNION ALL SELECT 'new') AS s) AS q
             UNION ALL SELECT head.state, head.class, ",
            next_rank!(of "head.state", "head.class", below "head.rank"),
            " FROM head WHERE head.rank IS NOT NULL AND ",
            first_due!(of "head.state", "'fresh'", "head.class", "head.rank"),
            " > $4)
             SELECT state, class, MIN(rank) AS rank FROM head GROUP BY state, class HAVING COUNT(*) = COUNT(rank)"
        )
    };
}
const HEADS: EngineSql = EngineSql { postgres: heads!(postgres), sqlite: heads!(sqlite) };

pub(super) async fn heads(
    mut conn: Conn<'_>,
    campaign: CampaignId,
    classes: &[i64],
    below: i32,
    now: Timestamp,
) -> Result<Vec<Head>, StoreError> {
    let sql = HEADS.for_conn(&conn);
    Ok(fetch_all!(conn, Head, sql, campaign, JsonText(classes), below, now))
}

#[cfg(test)]
mod tests {
    use super::HEADS;
    use crate::store::contract::support::{on_both_engines, plan};

    on_both_engines! {
        async fn a_step_down_is_two_looks_at_the_index(store: Store) {
            let values = ["(SELECT id FROM campaign)", "'[1]'", "7", "8"];
            let sql = (1..).zip(values).fold(HEADS.on(&store.db).to_owned(), |sql, (n, value)| sql.replace(&format!("${n}"), value));
            let plan = plan(&store, &sql).await;
            // PostgreSQL keeps the second step's look for the next rank to itself: it is the first step's
            assert!(plan.matches("lead_due_by_class").count() >= 2, "{plan}");
            assert!(!plan.contains("SCAN lead") && !plan.contains("FOR ORDER BY") && !plan.contains("Sort Key: lead") && !plan.contains("JIT"), "{plan}");
        }
    }
}
