//! Requests that carry a key of their own: sent twice, they are done once and answered alike.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
use crate::store::{Store, StoreError};

/// How long a key is known.
const KNOWN_FOR: Duration = Duration::from_secs(7 * 24 * 3_600);

/// A request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Whose key it is. Keys of different scopes have nothing to do with each other.
    pub scope: String,
    /// The sender's key.
    pub key: String,
    /// What was asked for and sent, hashed.
    pub sha256: String,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// Never seen; it is taken now.
    New,
    /// The same request was begun at this time and never answered: it was cut off, or is still being worked on.
    Unanswered(Timestamp),
    /// The same request was answered.
    Answered(KeptAnswer),
    /// Another request has used the key.
    OtherRequest,
}

impl Store {
    /// Takes a key for a request, or says what came of it before.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn take_key(&self, request: &KeyedRequest, now: Timestamp) -> Result<KeyState, StoreError> {
        const TAKE: &str = "INSERT INTO idempotency (scope, key, request_sha256, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (scope, key) DO NOTHING";
        const LOOK: &str = "SELECT request_sha256, status, answer, created_at FROM idempotency WHERE scope = $1 AND key = $2";
        on_db!(self.db, write, tx => {
            let oldest = Timestamp::from_millis(now.as_millis() - crate::store::codec::millis(KNOWN_FOR));
            sqlx::query("DELETE FROM idempotency WHERE created_at < $1").bind(oldest).execute(&mut *tx).await?;
            let taken = sqlx::query(TAKE).bind(&request.scope).bind(&request.key).bind(&request.sha256).bind(now).execute(&mut *tx).await?;
            if taken.rows_affected() == 1 {
                return Ok(KeyState::New);
            }
            let row: (String, Option<i32>, Option<String>, Timestamp) =
                sqlx::query_as(LOOK).bind(&request.scope).bind(&request.key).fetch_one(tx).await?;
            Ok(match row {
                (sha256, ..) if sha256 != request.sha256 => KeyState::OtherRequest,
                (_, Some(status), Some(body), _) => KeyState::Answered(KeptAnswer { status: u16::try_from(status).unwrap_or(500), body }),
                (.., begun_at) => KeyState::Unanswered(begun_at),
            })
        })
    }

    /// Keeps the answer of a request whose key was taken.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn keep_answer(&self, request: &KeyedRequest, answer: &KeptAnswer) -> Result<(), StoreError> {
        on_db!(self.db, write, tx => keep_answer(tx.into(), request, answer).await)
    }
}

/// What the same request was answered since its key was taken. Until the end of the transaction no other one is answered.
pub(crate) async fn answer_meanwhile(conn: Conn<'_>, request: &KeyedRequest) -> Result<Option<KeptAnswer>, StoreError> {
    const LOOK: EngineSql = engine_sql!("SELECT status, answer FROM idempotency WHERE scope = $1 AND key = $2" for_update);
    let sql = LOOK.for_conn(&conn);
    let row: Option<(Option<i32>, Option<String>)> =
        on_conn!(conn, conn => sqlx::query_as(sql).bind(&request.scope).bind(&request.key).fetch_optional(conn).await?);
    Ok(row.and_then(|(status, body)| Some(KeptAnswer { status: u16::try_from(status?).unwrap_or(500), body: body? })))
}

/// Keeps an answer inside the transaction that makes it true.
pub(crate) async fn keep_answer(conn: Conn<'_>, request: &KeyedRequest, answer: &KeptAnswer) -> Result<(), StoreError> {
    const KEEP: &str = "UPDATE idempotency SET status = $3, answer = $4 WHERE scope = $1 AND key = $2";
    on_conn!(conn, conn => {
        let row = sqlx::query(KEEP).bind(&request.scope).bind(&request.key).bind(i32::from(answer.status)).bind(&answer.body);
        row.execute(conn).await?;
        Ok(())
    })
}
