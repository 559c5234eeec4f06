//! Words to the holder of a call from elsewhere: the callback or the operator may have reached another process.

use sqlx::FromRow;
use uuid::Uuid;

use crate::call::journal::CallSignal;
use crate::domain::ids::{AttemptId, WorkerId};
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::sql::{execute, fetch_all};
use crate::store::{Store, StoreError};

/// A signal that waits for its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSignal {
    /// Which call.
    pub attempt: AttemptId,
    /// What to tell it.
    pub signal: CallSignal,
}

#[derive(Debug, FromRow)]
struct SignalRow {
    attempt_id: AttemptId,
    kind: String,
    payload: String,
}

const ANSWERED_BY: &str = "answered_by";
const STOP: &str = "stop";
const TRANSFER: &str = "transfer";

impl SignalRow {
    /// A kind that this version does not know is left to nobody: it is taken and dropped.
    fn read(self) -> Option<StoredSignal> {
        let signal = match self.kind.as_str() {
            ANSWERED_BY => CallSignal::AnsweredBy(self.payload),
            STOP => CallSignal::Stop,
            TRANSFER => CallSignal::Transfer(self.payload.parse().ok()?),
            _ => return None,
        };
        Some(StoredSignal { attempt: self.attempt_id, signal })
    }
}

impl Store {
    /// Leaves a signal for whoever holds the call.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn signal_call(&self, attempt: AttemptId, signal: &CallSignal, now: Timestamp) -> Result<(), StoreError> {
        on_db!(self.db, write, tx => push(tx.into(), attempt, signal, now).await)
    }

    /// Takes the signals for all calls this worker holds, oldest first; each is given once.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn signals_for(&self, worker: WorkerId, now: Timestamp) -> Result<Vec<StoredSignal>, StoreError> {
        let waiting: Result<i64, StoreError> = on_db!(self.db, read, conn => {
            let sql = "SELECT COUNT(*) FROM call_signal s JOIN attempt a ON a.id = s.attempt_id
                       WHERE a.held_by = $1 AND a.closed_at IS NULL AND a.state IN ('placed', 'ringing', 'talking', 'handed_off')
                       AND s.taken_at IS NULL";
            Ok(sqlx::query_scalar(sql).bind(worker).fetch_one(conn).await?)
        });
        if waiting? == 0 {
            return Ok(Vec::new());
        }
        on_db!(self.db, write, tx => take(tx.into(), worker, now).await)
    }
}

async fn take(mut conn: Conn<'_>, worker: WorkerId, now: Timestamp) -> Result<Vec<StoredSignal>, StoreError> {
    let rows = fetch_all!(
        conn,
        SignalRow,
        "UPDATE call_signal SET taken_at = $2 WHERE taken_at IS NULL AND attempt_id IN
            (SELECT id FROM attempt WHERE held_by = $1 AND closed_at IS NULL AND state IN ('placed', 'ringing', 'talking', 'handed_off'))
         RETURNING attempt_id, kind, payload",
        worker,
        now
    );
    Ok(rows.into_iter().filter_map(SignalRow::read).collect())
}

/// Writes a signal inside the caller's transaction.
pub(super) async fn push(mut conn: Conn<'_>, attempt: AttemptId, signal: &CallSignal, now: Timestamp) -> Result<(), StoreError> {
    let (kind, payload) = match signal {
        CallSignal::AnsweredBy(who) => (ANSWERED_BY, who.as_str()),
        CallSignal::Stop => (STOP, ""),
        CallSignal::Transfer(result) => (TRANSFER, result.as_str()),
    };
    let sql = "INSERT INTO call_signal (id, attempt_id, kind, payload, created_at) VALUES ($1, $2, $3, $4, $5)";
    execute!(conn, sql, Uuid::now_v7(), attempt, kind, payload, now);
    Ok(())
}
