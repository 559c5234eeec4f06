//! Never again: a number on the suppression list, and every lead with it off every list.

use crate::domain::ids::AttemptId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::execute;
use crate::store::suppression::{self, NewSuppression, Scope, SuppressionSource};
use crate::store::{Store, StoreError};

impl Store {
    /// The callee of this attempt asked not to be called again: kept on the attempt, the number suppressed for every
    /// campaign, all other leads with it suppressed. False when there is no such attempt. Safe to repeat.
    ///
    /// # Errors
    /// The database cannot be written; try until it is.
    pub async fn record_opt_out(&self, attempt: AttemptId, now: Timestamp) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => opt_out(tx.into(), attempt, now).await)
    }
}

async fn opt_out(mut conn: Conn<'_>, attempt: AttemptId, now: Timestamp) -> Result<bool, StoreError> {
    let Some(row) = AttemptRow::lock(conn.reborrow(), attempt).await? else { return Ok(false) };
    execute!(conn, "UPDATE attempt SET opt_out = TRUE WHERE id = $1", attempt);
    execute!(conn, "UPDATE lead SET opt_out = TRUE, updated_at = $2 WHERE id = $1", row.lead_id, now);
    suppress(conn, &row.to_number, SuppressionSource::OptOut, attempt, now).await?;
    Ok(true)
}

/// Suppresses a number for every campaign, inside the caller's transaction.
pub(super) async fn suppress(
    conn: Conn<'_>,
    phone_number: &PhoneNumber,
    source: SuppressionSource,
    attempt: AttemptId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let new = NewSuppression { phone_number, scope: Scope::Global, source, attempt: Some(attempt) };
    suppression::add(conn, new, now).await.map(drop)
}
