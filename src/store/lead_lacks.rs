//! Values that a list tells of its leads, and how many leads it tells nothing of.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};

use crate::domain::ids::CampaignId;
use crate::store::db::{EngineSql, on_db};
use crate::store::{Store, StoreError};

/// Leads that wait for a call, and how many of them have none of a variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LackCount {
    /// All of them.
    pub leads: i64,
    /// Without the variable, for each in the order in which they were named.
    pub lacking: Vec<i64>,
}

/// Where a text begins in another, from 1; 0 when it is not in it.
const PLACE: EngineSql = EngineSql { postgres: "strpos", sqlite: "instr" };

impl Store {
    /// How many of a campaign's waiting leads have no variable of each of these names, and how many wait. Their rows are read once,
    /// however many names there are: SQLite takes some two microseconds a lead for four names.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lacking(&self, campaign: CampaignId, variables: &[&str]) -> Result<LackCount, StoreError> {
        let keys: Vec<String> = variables.iter().map(|name| key(name)).collect();
        let place = PLACE.on(&self.db);
        on_db!(self.db, read, conn => {
            let mut query = sqlx::query(AssertSqlSafe(lacking_sql(place, keys.len()))).bind(campaign);
            for key in &keys {
                query = query.bind(key);
            }
            let row = query.fetch_one(conn).await?;
            let lacking = (1..=keys.len()).map(|at| row.try_get(at)).collect::<Result<Vec<i64>, _>>()?;
            Ok(LackCount { leads: row.try_get(0)?, lacking })
        })
    }
}

/// How a variable begins in the JSON that is stored, behind a comma: written without blanks, and not at all when it is empty. In a value
/// or in the middle of a name the first quote would be escaped.
fn key(name: &str) -> String {
    format!(",{}:", Value::from(name))
}

/// `$1` campaign, then the keys. The first variable of a lead has no comma before it, so one stands in the place of the brace.
fn lacking_sql(place: &str, keys: usize) -> String {
    let counts = (0..keys).map(|at| format!(", COUNT(CASE WHEN {place}(',' || substr(variables, 2), ${}) = 0 THEN 1 END)", at + 2));
    let counts: String = counts.collect();
    format!("SELECT COUNT(*){counts} FROM lead WHERE campaign_id = $1 AND state IN ('new', 'waiting')")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_counts_every_variable() {
        let sql = lacking_sql("instr", 2);
        assert_eq!((sql.matches("FROM lead").count(), sql.matches("COUNT(CASE").count()), (1, 2), "{sql}");
        assert!(sql.contains("$2)") && sql.contains("$3)"), "{sql}");
    }
}
