//! Do-not-call lists by name: millions of numbers, replaced as a whole when a newer one comes.
//!
//! A list's numbers are suppressed everywhere under the scope `list:NAME` and bear the moment at which its reading began, which
//! is also the list's. While a list is read, its numbers are added; only when all are in, its date moves and those that are not
//! on it any more are dropped. Cut off, it has more numbers than it should and its old date: nobody is called who should not be,
//! and the moment that those numbers bear shows that they belong to no complete list.

mod listing;
mod unfinished;

use serde::Serialize;
use sqlx::FromRow;

pub use self::listing::{Listing, ReadList, TakenOff};
#[cfg(test)]
pub(in crate::store) use self::unfinished::UNFINISHED;
pub use self::unfinished::UnfinishedList;
use crate::domain::dnc::ListDate;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::suppression::SuppressionSource;
use crate::store::{Store, StoreError};

/// Numbers of one transaction when a list shrinks.
const PAGE: i64 = 10_000;

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct DncList {
    /// Its name.
    pub name: String,
    /// The registry it comes from, by the jurisdiction that keeps it.
    pub registry: Option<String>,
    /// The day on which its publisher wrote it, `YYYY-MM-DD`.
    pub scrub_date: String,
    /// How many numbers are on it.
    pub numbers: i64,
    /// When its reading began.
    pub imported_at: Timestamp,
}

impl DncList {
    /// What decides about its age.
    #[must_use]
    pub fn date(&self) -> ListDate {
        ListDate { name: self.name.clone(), registry: self.registry.clone(), scrub_date: self.scrub_date.clone() }
    }
}

fn scope(list: &str) -> String {
    format!("list:{list}")
}

impl Store {
    /// Forgets a list and its numbers, also those that no complete list has; false when there is nothing of this name.
    ///
    /// # Errors
    /// The database cannot be written; asked again, the rest goes.
    pub async fn remove_dnc_list(&self, list: &str, actor: &str, reason: &str, now: Timestamp) -> Result<bool, StoreError> {
        const ANY: &str = "SELECT scope FROM suppression WHERE source = 'list' AND scope = $1 LIMIT 1";
        let (scope, later) = (scope(list), Timestamp::from_millis(i64::MAX));
        // first the list: without it what is left of its numbers shows, and who reads it just now learns that it is gone
        let is_there = on_db!(self.db, write, tx => {
            let any: Option<String> = sqlx::query_scalar(ANY).bind(&scope).fetch_optional(&mut *tx).await?;
            let lists = sqlx::query("DELETE FROM dnc_list WHERE name = $1").bind(list).execute(&mut *tx).await?.rows_affected();
            if any.is_none() && lists == 0 {
                return Ok(false);
            }
            let subject = format!("dnc/{list}");
            audit::append(tx.into(), NewAudit { actor, action: "dnc.remove", subject: &subject, detail: reason }, now).await?;
            Ok(true)
        })?;
        while is_there && self.drop_listed(list, later).await? > 0 {}
        Ok(is_there)
    }

    /// The lists by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dnc_lists(&self) -> Result<Vec<DncList>, StoreError> {
        on_db!(self.db, read, conn => Ok(sqlx::query_as("SELECT * FROM dnc_list ORDER BY name").fetch_all(conn).await?))
    }

    /// Drops some of the numbers of a list that were added before a moment; how many.
    async fn drop_listed(&self, list: &str, before: Timestamp) -> Result<u64, StoreError> {
        // asked twice: on PostgreSQL another reading may have added the number again between the two
        const DROP: &str = "DELETE FROM suppression WHERE scope = $1 AND created_at < $2 AND phone_number IN (
             SELECT phone_number FROM suppression WHERE source = 'list' AND scope = $1 AND created_at < $2 LIMIT $3)";
        let scope = scope(list);
        on_db!(self.db, write, tx => {
            Ok(sqlx::query(DROP).bind(scope).bind(before).bind(PAGE).execute(tx).await?.rows_affected())
        })
    }
}

/// The lists, as far as their age decides.
pub(crate) async fn list_dates(conn: Conn<'_>) -> Result<Vec<ListDate>, StoreError> {
    let rows: Vec<DncList> = on_conn!(conn, conn => sqlx::query_as("SELECT * FROM dnc_list ORDER BY name").fetch_all(conn).await?);
    Ok(rows.iter().map(DncList::date).collect())
}

/// How many numbers each source but the lists has suppressed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct SourceCount {
    /// Who said so.
    pub source: SuppressionSource,
    /// How many.
    pub numbers: i64,
}

impl Store {
    /// Numbers that are suppressed without a list, by source.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn suppressed_by_source(&self) -> Result<Vec<SourceCount>, StoreError> {
        on_db!(self.db, read, conn => {
            let rows = "SELECT source, COUNT(*) AS numbers FROM suppression WHERE source <> 'list' GROUP BY source ORDER BY source";
            Ok(sqlx::query_as(rows).fetch_all(conn).await?)
        })
    }
}
