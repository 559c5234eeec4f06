//! Lists whose reading is going on or broke off. Whoever dies writes nothing, so it shows by numbers that bear a later moment than
//! the complete list of that name, or by numbers of a name that no complete list has.

use serde::Serialize;
use sqlx::FromRow;

use super::scope;
use crate::domain::time::Timestamp;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// A list that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct UnfinishedList {
    /// Its name.
    pub name: String,
    /// When its reading began; of several that broke off, the first.
    pub began_at: Timestamp,
    /// There is a complete list of this name, which stays in force.
    pub is_renewal: bool,
}

/// The names are looked up one after the other, each as the next one in the index: to read millions of numbers for them takes seconds.
pub(in crate::store) const UNFINISHED: &str = "
    WITH RECURSIVE named (scope) AS (
      SELECT MIN(scope) FROM suppression WHERE source = 'list'
      UNION ALL
      SELECT (SELECT MIN(s.scope) FROM suppression s WHERE s.source = 'list' AND s.scope > named.scope)
      FROM named WHERE named.scope IS NOT NULL
    )
    SELECT name, began_at, is_renewal FROM (
      SELECT SUBSTR(named.scope, 6) AS name, dnc_list.name IS NOT NULL AS is_renewal,
        (SELECT MIN(s.created_at) FROM suppression s
         WHERE s.source = 'list' AND s.scope = named.scope AND s.created_at > COALESCE(dnc_list.imported_at, -1)) AS began_at
      FROM named LEFT JOIN dnc_list ON dnc_list.name = SUBSTR(named.scope, 6)
      WHERE named.scope IS NOT NULL
    ) AS lists
    WHERE began_at IS NOT NULL ORDER BY name";

impl Store {
    /// The lists that are not complete, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn unfinished_lists(&self) -> Result<Vec<UnfinishedList>, StoreError> {
        on_db!(self.db, read, conn => Ok(sqlx::query_as(UNFINISHED).fetch_all(conn).await?))
    }

    /// How many numbers an unfinished list has so far.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn unfinished_numbers(&self, list: &UnfinishedList) -> Result<i64, StoreError> {
        const NUMBERS: &str = "SELECT COUNT(*) FROM suppression WHERE source = 'list' AND scope = $1 AND created_at >= $2";
        on_db!(self.db, read, conn => Ok(sqlx::query_scalar(NUMBERS).bind(scope(&list.name)).bind(list.began_at).fetch_one(conn).await?))
    }
}
