//! What happened in a call, in order. Appending the same event twice keeps one: the journal writes again when in doubt.

use std::fmt::Write as _;

use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow};

use crate::call::journal::{CallEvent, EventKind};
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::store::codec::{count, whole};
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::{Store, StoreError};

/// Events per statement: enough to spread its cost; SQLite slows down with the number of bound values.
const ROWS: usize = 50;

/// An event with the moment it was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredEvent {
    /// Business time.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: CallEvent,
}

#[derive(FromRow)]
struct EventRow {
    at: Timestamp,
    #[sqlx(try_from = "i32")]
    seq: u32,
    offset_ms: i64,
    kind: EventKind,
    body: String,
}

impl From<EventRow> for StoredEvent {
    fn from(row: EventRow) -> Self {
        let event = CallEvent { seq: row.seq, offset_ms: count(row.offset_ms), kind: row.kind, body: row.body };
        Self { at: row.at, event }
    }
}

impl Store {
    /// Keeps events of a call; those that are there already (same attempt, same `seq`) stay as they are. How many are new.
    ///
    /// # Errors
    /// The attempt does not exist, or the database cannot be written; nothing is stored then.
    pub async fn append_call_events(&self, attempt: AttemptId, events: &[CallEvent], now: Timestamp) -> Result<u64, StoreError> {
        match events {
            [] => Ok(0),
            few if few.len() <= ROWS => on_db!(self.db, statement, conn => append(conn.into(), attempt, few, now).await),
            many => on_db!(self.db, write, tx => {
                let mut new = 0;
                for chunk in many.chunks(ROWS) {
                    new += append((&mut *tx).into(), attempt, chunk, now).await?;
                }
                Ok(new)
            }),
        }
    }

    /// The events of a call, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn call_events(&self, attempt: AttemptId) -> Result<Vec<StoredEvent>, StoreError> {
        on_db!(self.db, read, conn => {
            let rows: Vec<EventRow> =
                sqlx::query_as("SELECT at, seq, offset_ms, kind, body FROM call_event WHERE attempt_id = $1 ORDER BY seq")
                    .bind(attempt).fetch_all(conn).await?;
            Ok(rows.into_iter().map(StoredEvent::from).collect())
        })
    }

    /// What was said, as the callee heard it: the finished turns of both sides, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn transcript(&self, attempt: AttemptId) -> Result<Vec<StoredEvent>, StoreError> {
        let mut events = self.call_events(attempt).await?;
        events.retain(|stored| matches!(stored.event.kind, EventKind::Callee | EventKind::Agent));
        Ok(events)
    }
}

/// How many are new.
async fn append(conn: Conn<'_>, attempt: AttemptId, events: &[CallEvent], now: Timestamp) -> Result<u64, StoreError> {
    let sql = append_sql(events.len());
    on_conn!(conn, conn => {
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(attempt).bind(now);
        for event in events {
            query = query.bind(i64::from(event.seq)).bind(whole(event.offset_ms)).bind(event.kind).bind(&event.body);
        }
        Ok(query.execute(conn).await?.rows_affected())
    })
}

/// `$1` attempt, `$2` now; then four values per event.
fn append_sql(rows: usize) -> String {
    let mut sql = String::from("INSERT INTO call_event (attempt_id, at, seq, offset_ms, kind, body) VALUES ");
    for row in 0..rows {
        let at = 3 + row * 4;
        let comma = if row == 0 { "" } else { "," };
        write!(sql, "{comma}($1,$2,${at},${},${},${})", at + 1, at + 2, at + 3).expect("writing to a String cannot fail");
    }
    sql.push_str(" ON CONFLICT (attempt_id, seq) DO NOTHING");
    sql
}
