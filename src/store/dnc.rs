//! Do-not-call lists by name: millions of numbers, replaced as a whole when a newer one comes.
//!
//! A list's numbers are suppressed everywhere under the scope `list:NAME` and bear the moment at which its reading began, which
//! is also the list's. While a list is read, its numbers are added; only when all are in, its date moves and those that are not
//! on it any more are dropped. Cut off, it has more numbers than it should and its old date: nobody is called who should not be,
//! and the moment that those numbers bear shows that they belong to no complete list.

mod listing;
mod unfinished;

use std::time::Duration;

use serde::Serialize;
use sqlx::FromRow;

pub use self::listing::{Listing, ReadList, TakenOff};
#[cfg(test)]
pub(in crate::store) use self::unfinished::UNFINISHED;
pub use self::unfinished::UnfinishedList;
use crate::domain::dnc::ListDate;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::db::{Conn, EngineSql, on_conn, on_db};
use crate::store::suppression::SuppressionSource;
use crate::store::{Store, StoreError};

/// Numbers of one transaction when a list shrinks.
const PAGE: i64 = 10_000;

/// The shortest time there is in a row.
const MOMENT: Duration = Duration::from_millis(1);

/// The moment that the newest numbers of a list bear.
const LAST: &str = "SELECT MAX(created_at) FROM suppression WHERE source = 'list' AND scope = $1";

/// `$1` scope, `$2` the moment, `$3` how many, `$4` the list, `$5` whether it has to be complete. The moment is asked for twice: on
/// PostgreSQL another reading may have added the number again between the two. PostgreSQL is given the numbers as an array, and looks
/// each of them up; of a selection it would read the whole table for every page.
macro_rules! drop_some {
    ($of:literal, $end:literal) => {
        concat!(
            "DELETE FROM suppression WHERE scope = $1 AND created_at < $2 AND phone_number ",
            $of,
            "SELECT phone_number FROM suppression WHERE source = 'list' AND scope = $1 AND created_at < $2
               AND EXISTS (SELECT 1 FROM dnc_list WHERE name = $4) = $5 LIMIT $3",
            $end
        )
    };
}
pub(in crate::store) const DROP: EngineSql = EngineSql { postgres: drop_some!("= ANY (ARRAY(", "))"), sqlite: drop_some!("IN (", ")") };

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
        let scope = scope(list);
        // first the list: without it what is left of its numbers shows, and who reads it just now learns that it is gone
        let removed = on_db!(self.db, write, tx => {
            let last: Option<Timestamp> = sqlx::query_scalar(LAST).bind(&scope).fetch_one(&mut *tx).await?;
            let lists = sqlx::query("DELETE FROM dnc_list WHERE name = $1").bind(list).execute(&mut *tx).await?.rows_affected();
            if last.is_none() && lists == 0 {
                return Ok(None);
            }
            let subject = format!("dnc/{list}");
            audit::append(tx.into(), NewAudit { actor, action: "dnc.remove", subject: &subject, detail: reason }, now).await?;
            Ok(Some(last))
        })?;
        let Some(last) = removed else { return Ok(false) };
        // a reading that begins from now on bears a later moment, and is not taken along
        if let Some(last) = last {
            while self.drop_listed(list, last + MOMENT, Standing::Gone).await? > 0 {}
        }
        Ok(true)
    }

    /// The lists by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dnc_lists(&self) -> Result<Vec<DncList>, StoreError> {
        on_db!(self.db, read, conn => Ok(sqlx::query_as("SELECT * FROM dnc_list ORDER BY name").fetch_all(conn).await?))
    }

    /// Drops some of the numbers of a list that were added before a moment; how many. None where the list does not stand like that any
    /// more: it was removed, or its reading has ended since.
    pub(in crate::store) async fn drop_listed(&self, list: &str, before: Timestamp, standing: Standing) -> Result<u64, StoreError> {
        let (sql, scope, is_complete) = (DROP.on(&self.db), scope(list), standing == Standing::Complete);
        on_db!(self.db, write, tx => {
            hold_lists((&mut *tx).into()).await?;
            let query = sqlx::query(sql).bind(scope).bind(before).bind(PAGE).bind(list).bind(is_complete);
            Ok(query.execute(tx).await?.rows_affected())
        })
    }
}

/// What is left of a list whose numbers are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Standing {
    /// A newer reading of it, which is complete.
    Complete,
    /// Nothing: it was removed.
    Gone,
}

/// Until the end of the transaction no other one completes a list or drops numbers of one: who counts the numbers of a list that was
/// removed meanwhile counts all that are left. On SQLite one writes at a time anyway.
async fn hold_lists(conn: Conn<'_>) -> Result<(), StoreError> {
    if let Conn::Postgres(conn) = conn {
        sqlx::query("LOCK TABLE dnc_list IN SHARE ROW EXCLUSIVE MODE").execute(conn).await?;
    }
    Ok(())
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
