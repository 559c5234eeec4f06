//! Statements that several transactions share run on a borrowed connection of either engine; these spell one out once.

/// Runs a statement; gives the rows it changed.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_conn!($conn.reborrow(), c => sqlx::query($sql)$(.bind($bind))*.execute(c).await?.rows_affected())
    };
}

/// Reads at most one row.
macro_rules! fetch_optional {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_conn!($conn.reborrow(), c => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_optional(c).await?)
    };
}

/// Reads the one row.
macro_rules! fetch_one {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_conn!($conn.reborrow(), c => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_one(c).await?)
    };
}

/// Reads all rows.
macro_rules! fetch_all {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_conn!($conn.reborrow(), c => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(c).await?)
    };
}

/// Reads one value.
macro_rules! fetch_value {
    ($conn:expr, $value:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_conn!($conn.reborrow(), c => sqlx::query_scalar::<_, $value>($sql)$(.bind($bind))*.fetch_one(c).await?)
    };
}

/// Reads one column of all rows.
macro_rules! fetch_values {
    ($conn:expr, $value:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_conn!($conn.reborrow(), c => sqlx::query_scalar::<_, $value>($sql)$(.bind($bind))*.fetch_all(c).await?)
    };
}

/// Rows that a statement is given in its first parameter, bound by [`rows`]: an array, of which the planner expects few rows. The inner
/// `SELECT` hides how many there are, or it would plan each time anew (docs/decisions/012).
macro_rules! given {
    ($columns:literal) => {
        concat!(
            "asked AS MATERIALIZED (SELECT asked.* FROM unnest((SELECT CAST($1 AS TEXT[]))) AS item
                CROSS JOIN LATERAL json_to_record(CAST(item AS JSON)) AS asked (",
            $columns,
            "))"
        )
    };
}

/// One of the ids in the first parameter, for a plan that is kept; see [`given`].
macro_rules! among {
    () => {
        " = ANY (CAST((SELECT $1) AS UUID[]))"
    };
}

pub(in crate::store) use given;
pub(super) use {among, execute, fetch_all, fetch_one, fetch_optional, fetch_value, fetch_values};

use std::time::Duration;

use serde::Serialize;

use crate::store::StoreError;

/// The one telephone company whose calls the rows name so far.
pub(super) const PROVIDER: &str = "twilio";

/// What [`given`] takes: a JSON object each.
///
/// # Errors
/// A row has no JSON form; nothing was asked.
pub(in crate::store) fn rows<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Vec<String>, StoreError> {
    let rows: Result<Vec<String>, _> = rows.into_iter().map(|row| serde_json::to_string(&row)).collect();
    rows.map_err(|error| sqlx::Error::Encode(error.into()).into())
}

/// A duration in the milliseconds of the columns.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The time between two database moments; zero when they are out of order.
pub(super) fn between(earlier: i64, later: i64) -> Duration {
    Duration::from_millis(u64::try_from(later - earlier).unwrap_or(0))
}

/// A count as SQL gives it.
pub(super) fn count(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}

/// A small number as a column keeps it.
pub(super) fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The database's own clock, milliseconds.
pub(super) const NOW: crate::store::db::EngineSql = crate::store::db::engine_sql!("SELECT " now);
