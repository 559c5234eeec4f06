//! Borrowed connections to a server that may fall silent: every unit of work has its time, and a connection that does not
//! answer is closed instead of being lent again.
//!
//! The driver waits for an answer without a limit, in the statement, and again when a connection goes back to the pool
//! (where it is asked whether it still works, while its place stays taken). Both waits end here. A unit of work that is
//! abandoned, by its own limit or by a caller's, says nothing about whether it was done: a commit may have arrived.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};

use crate::store::StoreError;

/// The server's own limit of one statement (`statement_timeout`); the client waits a little longer to hear of it.
pub(super) const STATEMENT: Duration = Duration::from_secs(30);
/// For a unit of work whose caller says nothing else.
pub(super) const PATIENCE: Duration = Duration::from_secs(35);
/// For a question to a connection that rested, or that goes back to rest.
pub(super) const STILL_THERE: Duration = Duration::from_secs(2);

/// A PostgreSQL server, and how long one unit of work may take.
#[derive(Debug, Clone)]
pub struct Server {
    pool: PgPool,
    patience: Duration,
}

impl Server {
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool, patience: PATIENCE }
    }

    /// The same server for somebody who has less time.
    pub(super) fn within(&self, patience: Duration) -> Self {
        Self { pool: self.pool.clone(), patience }
    }

    /// Where migrations run: they may take long, and nobody waits for them.
    pub(super) const fn without_limit(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) async fn lend(&self) -> Result<Lent, StoreError> {
        Ok(Lent(Some(self.pool.acquire().await?)))
    }

    /// Runs one unit of work within this server's patience.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        tokio::time::timeout(self.patience, work).await.unwrap_or(Err(StoreError::Late))
    }

    /// Connections that are silent are let go: nobody waits for a goodbye that does not come.
    pub(super) async fn close(&self) {
        let closed = tokio::time::timeout(STILL_THERE * 2, self.pool.close()).await;
        if closed.is_err() {
            tracing::warn!("the database did not take leave of its connections in time");
        }
    }
}

/// A connection until the end of its unit of work.
#[derive(Debug)]
pub(crate) struct Lent(Option<PoolConnection<Postgres>>);

impl Lent {
    /// Hands out what became of the unit of work. A connection whose statements were prepared before a migration fails with
    /// them for ever: it is closed.
    pub(crate) fn after<T>(mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if outcome.as_ref().is_err_and(StoreError::is_stale_plan) {
            drop(self.0.take().map(PoolConnection::detach));
        }
        outcome
    }
}

const LENT: &str = "the connection is there until it is dropped";

impl Deref for Lent {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect(LENT)
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect(LENT)
    }
}

/// Back to the pool if it answers in time, otherwise closed, with its place free for another one. What was left open in it
/// (a statement under way, a transaction) is waited for and rolled back first, within the same time.
impl Drop for Lent {
    fn drop(&mut self) {
        let Some(mut conn) = self.0.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                let back = tokio::time::timeout(STILL_THERE, conn.return_to_pool());
                drop(runtime.spawn(back));
            }
            Err(_) => drop(conn.detach()),
        }
    }
}
