//! One open attempt per number in the whole deployment: the row is the lock.

use std::time::Duration;

use sqlx::FromRow;

use crate::domain::ids::AttemptId;
use crate::domain::phone::PhoneNumber;
use crate::store::StoreError;
use crate::store::db::{Conn, EngineSql, engine_sql};
use crate::store::dial::sql::{execute, fetch_optional, millis};

/// Who has a number.
#[derive(Debug, Clone, Copy, FromRow)]
pub(super) struct Holder {
    /// The attempt it belongs to.
    pub attempt_id: AttemptId,
}

/// Takes the number for an attempt; false when another one has it.
pub(super) async fn take(mut conn: Conn<'_>, number: &PhoneNumber, attempt: AttemptId) -> Result<bool, StoreError> {
    let sql = "INSERT INTO open_number (phone_number, attempt_id) VALUES ($1, $2) ON CONFLICT (phone_number) DO NOTHING";
    Ok(execute!(conn, sql, number.clone(), attempt) == 1)
}

/// Who has the number now.
pub(super) async fn holder(mut conn: Conn<'_>, number: &PhoneNumber) -> Result<Option<Holder>, StoreError> {
    Ok(fetch_optional!(conn, Holder, "SELECT attempt_id FROM open_number WHERE phone_number = $1", number.clone()))
}

/// Gives the number back, if this attempt has it.
pub(super) async fn release(mut conn: Conn<'_>, number: &PhoneNumber, attempt: AttemptId) -> Result<bool, StoreError> {
    Ok(execute!(conn, "DELETE FROM open_number WHERE phone_number = $1 AND attempt_id = $2", number.clone(), attempt) == 1)
}

const HOLD: EngineSql = engine_sql!("UPDATE open_number SET hold_until_db = $3 + " now " WHERE phone_number = $1 AND attempt_id = $2");

/// Keeps the number for a while after its attempt closed.
pub(super) async fn hold(mut conn: Conn<'_>, number: &PhoneNumber, attempt: AttemptId, hold: Duration) -> Result<(), StoreError> {
    let sql = HOLD.for_conn(&conn);
    execute!(conn, sql, number.clone(), attempt, millis(hold));
    Ok(())
}

/// An attempt that was closed is open again and has its number for as long as it stays so.
pub(super) async fn retake(mut conn: Conn<'_>, number: &PhoneNumber, attempt: AttemptId) -> Result<bool, StoreError> {
    let sql = "INSERT INTO open_number (phone_number, attempt_id) VALUES ($1, $2)
               ON CONFLICT (phone_number) DO UPDATE SET hold_until_db = NULL WHERE open_number.attempt_id = $2";
    Ok(execute!(conn, sql, number.clone(), attempt) == 1)
}
