//! Who changed what: one row per change by a person or by a rule that stops a campaign, in the transaction of the change.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Uuid;

use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::{Store, StoreError};

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
