//! What came of ringing the person a callee asked for. Whichever process hears it, the state says who has the callee, and the
//! holder, where there still is one, is told.

use crate::call::journal::CallSignal;
use crate::domain::attempt::AttemptState;
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferResult;
use crate::store::db::{Conn, on_db};
use crate::store::dial::callback::{Told, nothing_to_do};
use crate::store::dial::row::{AttemptRow, change_state};
use crate::store::dial::signal;
use crate::store::dial::sql::fetch_value;
use crate::store::{Store, StoreError};

impl Store {
    /// Keeps what came of a transfer. Answered: a person has the callee and we are out, nobody holds the call any more, the
    /// provider ends it. `None` when the attempt has no such call. Arriving again changes nothing.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn transfer_told(
        &self,
        attempt: AttemptId,
        call_sid: &str,
        result: TransferResult,
        now: Timestamp,
    ) -> Result<Option<Told>, StoreError> {
        on_db!(self.db, write, tx => take(tx.into(), attempt, call_sid, result, now).await)
    }
}

async fn take(
    mut conn: Conn<'_>,
    attempt: AttemptId,
    call_sid: &str,
    result: TransferResult,
    now: Timestamp,
) -> Result<Option<Told>, StoreError> {
    let row = AttemptRow::lock(conn.reborrow(), attempt).await?;
    let Some(row) = row.filter(|row| row.call_sid.as_deref() == Some(call_sid)) else { return Ok(None) };
    let nothing = nothing_to_do(&row);
    if row.state != AttemptState::Talking {
        return Ok(Some(nothing));
    }
    let handed_off = result == TransferResult::Answered
        && change_state(conn.reborrow(), row.id, AttemptState::Talking, AttemptState::HandedOff, now).await?;
    let signal = !was_told(conn.reborrow(), row.id).await?;
    if signal {
        signal::push(conn, row.id, &CallSignal::Transfer(result), now).await?;
    }
    // its end came first and waited for the holder: now it waits for nobody
    let finish = handed_off && row.provider_ended_at.is_some();
    Ok(Some(Told { came_to: handed_off.then_some(AttemptState::HandedOff), signal, finish, ..nothing }))
}

async fn was_told(mut conn: Conn<'_>, attempt: AttemptId) -> Result<bool, StoreError> {
    let told = fetch_value!(conn, i64, "SELECT COUNT(*) FROM call_signal WHERE attempt_id = $1 AND kind = 'transfer'", attempt);
    Ok(told > 0)
}
