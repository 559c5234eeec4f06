//! Who changed what: one row per change by a person or by a rule that stops a campaign, in the transaction of the change. What a
//! program does many times a minute is one row a minute.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Uuid;

use crate::domain::time::Timestamp;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
use crate::store::{Store, StoreError};

/// In milliseconds.
const MINUTE: i64 = 60_000;

/// A change to write down.
#[derive(Debug, Clone, Copy)]
pub struct NewAudit<'a> {
    /// Who: a user, `cli`, or the part of the program that decided.
    pub actor: &'a str,
    /// What was done, `subject.verb`: `campaign.pause`.
    pub action: &'a str,
    /// To what: `campaign/…`.
    pub subject: &'a str,
    /// What was different before and after; never a phone number.
    pub detail: &'a str,
}

/// A change that was written down.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Audit {
    /// Grows with time.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What was different.
    pub detail: String,
}

/// Writes a change down inside the transaction that makes it.
pub(crate) async fn append(conn: Conn<'_>, new: NewAudit<'_>, at: Timestamp) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO audit (id, at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    on_conn!(conn, conn => {
        let row = sqlx::query(INSERT).bind(Uuid::now_v7()).bind(at).bind(new.actor);
        row.bind(new.action).bind(new.subject).bind(new.detail).execute(conn).await?;
        Ok(())
    })
}

/// A row of this minute in which the same actor did the same to the same subject. It belongs to the caller's transaction until that
/// ends; one that belongs to another is not waited for.
pub(crate) async fn alike_this_minute(conn: Conn<'_>, new: NewAudit<'_>, at: Timestamp) -> Result<Option<Audit>, StoreError> {
    const ALIKE: EngineSql = engine_sql!(
        "SELECT id, at, actor, action, subject, detail FROM audit
         WHERE id >= $1 AND actor = $2 AND action = $3 AND subject = $4 AND at >= $5 AND at < $6 ORDER BY id DESC LIMIT 1" skip_locked
    );
    let sql = ALIKE.for_conn(&conn);
    let from = at.as_millis().div_euclid(MINUTE) * MINUTE;
    on_conn!(conn, conn => {
        let row = sqlx::query_as(sql).bind(written_since(2 * MINUTE)).bind(new.actor).bind(new.action).bind(new.subject);
        let row = row.bind(Timestamp::from_millis(from)).bind(Timestamp::from_millis(from + MINUTE));
        Ok(row.fetch_optional(conn).await?)
    })
}

/// No id of a row that was written so many milliseconds ago or later is smaller: the time is in front, and there is no other index.
fn written_since(millis: i64) -> Uuid {
    let now = Uuid::now_v7().as_u128() >> 80;
    Uuid::from_u128(now.saturating_sub(millis.unsigned_abs().into()) << 80)
}

/// Changes the detail of a row that belongs to the caller's transaction.
pub(crate) async fn amend(conn: Conn<'_>, id: Uuid, detail: &str) -> Result<(), StoreError> {
    on_conn!(conn, conn => {
        sqlx::query("UPDATE audit SET detail = $2 WHERE id = $1").bind(id).bind(detail).execute(conn).await?;
        Ok(())
    })
}

impl Store {
    /// Writes down something that changed outside the database (a key was rotated, a config reloaded).
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn audit(&self, new: NewAudit<'_>, at: Timestamp) -> Result<(), StoreError> {
        on_db!(self.db, write, tx => append(tx.into(), new, at).await)
    }

    /// The latest changes, newest first; `subject` narrows to one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn audits(&self, subject: Option<&str>, limit: u32) -> Result<Vec<Audit>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT id, at, actor, action, subject, detail FROM audit
                 WHERE $1 IS NULL OR subject = $1 ORDER BY id DESC LIMIT $2",
            )
            .bind(subject)
            .bind(i64::from(limit))
            .fetch_all(conn)
            .await?)
        })
    }
}
