//! Calls without news: the provider is asked about them, since a lost callback is never sent again.

use std::time::Duration;

use sqlx::FromRow;

use crate::domain::dialing::DialTimings;
use crate::domain::ids::AttemptId;
use crate::store::db::{Conn, EngineSql, engine_sql, on_db};
use crate::store::dial::sql::{NOW, between, execute, fetch_all, fetch_value, millis};
use crate::store::{Store, StoreError};

/// A call to ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentCall {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Which send.
    pub send_no: u32,
    /// The provider's id.
    pub call_sid: String,
    /// Since its claim.
    pub placed_for: Duration,
    /// Since the last news.
    pub silent_for: Duration,
}

#[derive(Debug, FromRow)]
struct Row {
    id: AttemptId,
    send_no: i32,
    call_sid: String,
    intent_at_db: Option<i64>,
    news_at_db: i64,
}

/// A call is due when neither news nor a question of ours is recent.
const SILENT: &str = "SELECT id, send_no, call_sid, intent_at_db, news_at_db FROM attempt
    WHERE state IN ('placed', 'ringing', 'talking', 'handed_off') AND call_sid IS NOT NULL AND provider_ended_at IS NULL
      AND news_at_db <= $1 AND polled_at_db <= $1 ORDER BY polled_at_db, news_at_db LIMIT $2";

const POLLED: EngineSql = engine_sql!("UPDATE attempt SET polled_at_db = " now " WHERE id = $1");

impl Store {
    /// Live calls without news for the time in `timings`, longest unasked first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn silent_calls(&self, timings: &DialTimings, limit: u32) -> Result<Vec<SilentCall>, StoreError> {
        on_db!(self.db, read, conn => silent(conn.into(), timings, limit).await)
    }

    /// The provider was asked, whatever it answered: not again for a while.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn mark_polled(&self, attempt: AttemptId) -> Result<(), StoreError> {
        on_db!(self.db, statement, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = POLLED.for_conn(&conn);
            execute!(conn, sql, attempt);
            Ok(())
        })
    }
}

async fn silent(mut conn: Conn<'_>, timings: &DialTimings, limit: u32) -> Result<Vec<SilentCall>, StoreError> {
    let clock = NOW.for_conn(&conn);
    let now_db = fetch_value!(conn, i64, clock);
    let rows = fetch_all!(conn, Row, SILENT, now_db - millis(timings.silent_after), i64::from(limit));
    Ok(rows.into_iter().map(|row| row.at(now_db)).collect())
}

impl Row {
    fn at(self, now_db: i64) -> SilentCall {
        SilentCall {
            attempt: self.id,
            send_no: u32::try_from(self.send_no).unwrap_or(0),
            call_sid: self.call_sid,
            placed_for: between(self.intent_at_db.unwrap_or(now_db), now_db),
            silent_for: between(self.news_at_db, now_db),
        }
    }
}
