//! Which server keeps the rows. A standby that was promoted, or a copy that was restored, may have forgotten the last sends:
//! rows that it shows as `ready` may have been sent by its predecessor, and rows that it shows as `refused` armed again and sent. Nothing
//! is claimed on such a server until every one of them was handed to the reconciler.
//!
//! Whoever talks to another server does so over a new connection, so each new connection is asked who is at its other end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::PgConnection;

use crate::domain::time::Timestamp;
use crate::store::codec::millis;
use crate::store::db::{Db, engine_part, on_db};
use crate::store::lend::Server;
use crate::store::{Store, StoreError};

/// The server and its timeline: the first differs after a restore, the second after a promotion.
macro_rules! life {
    () => {
        "(SELECT CAST(system_identifier AS TEXT) FROM pg_control_system()) || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
    };
}
const IS_OTHER: &str = concat!("SELECT life <> ", life!(), " FROM database_life WHERE name = 'rows'");
const LIFE: &str = concat!("SELECT ", life!());
const KNOWN: &str = "SELECT life FROM database_life WHERE name = 'rows' FOR UPDATE";
const REMEMBER: &str = "INSERT INTO database_life (name, life, since) VALUES ('rows', $1, $2)
    ON CONFLICT (name) DO UPDATE SET life = excluded.life, since = excluded.since";
/// Sent or not, nobody knows: as if it had been sent at the earliest moment it could, with a deadline that is over. What was refused
/// would have been armed again before, as its next send.
const DOUBT: &str = concat!(
    "UPDATE attempt SET state = 'sending', state_at = $2, intent_at = created_at, rearm_at_db = NULL,
        intent_at_db = CASE state WHEN 'refused' THEN LEAST(rearm_at_db, ",
    engine_part!(postgres now),
    ") ELSE lease_until_db - $1 END,
        send_no = send_no + CASE state WHEN 'refused' THEN 1 ELSE 0 END,
        send_deadline_db = ",
    engine_part!(postgres now),
    " WHERE state IN ('ready', 'refused')"
);

/// Whether the server at the other end is the one that wrote the rows. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Life {
    other: Arc<AtomicBool>,
}

impl Life {
    /// Asks a new connection. A server that does not tell (its functions are not for us) is taken for the same one, and
    /// `callfleet doctor` says that failover needs a synchronous standby.
    pub(super) async fn meet(&self, conn: &mut PgConnection) {
        if let Ok(Some(true)) = sqlx::query_scalar::<_, bool>(IS_OTHER).fetch_optional(conn).await
            && !self.other.swap(true, Ordering::SeqCst)
        {
            tracing::error!(
                "another database server answers than the one that wrote the rows; nothing is dialed until they are reconciled"
            );
        }
    }

    /// Whether nothing may be claimed.
    pub(super) fn is_other(&self) -> bool {
        self.other.load(Ordering::SeqCst)
    }

    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.other.store(true, Ordering::SeqCst);
    }
}

/// What a look at the server found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The server that wrote the rows, or one that does not tell.
    Same,
    /// Another one: so many rows that look unsent went to the reconciler, and it counts as known from now on.
    Other {
        /// Attempts nobody is sure of.
        attempts: u64,
    },
}

impl Store {
    /// Compares the server with the one that wrote the rows, and hands every row that looks unsent to the reconciler when it is
    /// another one. For the active scheduler.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn settle_life(&self, ticket_lease: Duration, now: Timestamp) -> Result<Settled, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(Settled::Same) };
        // by itself: a refusal would spoil the transaction that writes
        let told: Result<String, StoreError> = on_db!(@read_server server, conn, Ok(sqlx::query_scalar(LIFE).fetch_one(conn).await?));
        let life = match told {
            Ok(life) => life,
            Err(error) if error.retry_helps() => return Err(error),
            Err(_) => return Ok(Settled::Same),
        };
        let settled = settle(server, &life, ticket_lease, now).await?;
        self.life.other.store(false, Ordering::SeqCst);
        Ok(settled)
    }

    /// Whether claims are possible: a process that met another server asks whether the scheduler has settled it.
    pub(super) async fn is_settled(&self) -> Result<bool, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(true) };
        if !self.life.is_other() {
            return Ok(true);
        }
        let asked: Result<Option<bool>, StoreError> =
            on_db!(@read_server server, conn, Ok(sqlx::query_scalar(IS_OTHER).fetch_optional(conn).await?));
        let other = asked?;
        let settled = other != Some(true);
        if settled {
            self.life.other.store(false, Ordering::SeqCst);
        }
        Ok(settled)
    }

    /// The same once a connection is lent: one that was opened for it may have met another server since.
    pub(super) fn still_settled(&self) -> Result<(), StoreError> {
        if self.life.is_other() { Err(StoreError::Unsettled) } else { Ok(()) }
    }
}

async fn settle(server: &Server, life: &str, ticket_lease: Duration, now: Timestamp) -> Result<Settled, StoreError> {
    on_db!(@write_server server, tx, {
        let known: Option<String> = sqlx::query_scalar(KNOWN).fetch_optional(&mut *tx).await?;
        if known.as_deref() == Some(life) {
            return Ok(Settled::Same);
        }
        let doubted = match known {
            Some(_) => Some(sqlx::query(DOUBT).bind(millis(ticket_lease)).bind(now).execute(&mut *tx).await?.rows_affected()),
            None => None,
        };
        sqlx::query(REMEMBER).bind(life).bind(now).execute(&mut *tx).await?;
        Ok(doubted.map_or(Settled::Same, |attempts| Settled::Other { attempts }))
    })
}
