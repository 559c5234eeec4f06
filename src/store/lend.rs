//! Borrowed connections to a server that may fall silent: every unit of work has its time, and a connection that does not
//! answer is closed instead of being lent again.
//!
//! The driver waits for an answer without a limit, in the statement, and again when a connection goes back to the pool
//! (where it is asked whether it still works, while its place stays taken). Both waits end here. A unit of work that is
//! abandoned, by its own limit or by a caller's, says nothing about whether it was done: a commit may have arrived.
//!
//! Asking a connection after every unit of work would cost as much as a statement. One whose last unit of work went well is
//! kept here for the next one and lent again without a question while it is fresh.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::StoreError;

/// The server's own limit of one statement (`statement_timeout`); the client waits a little longer to hear of it.
pub(super) const STATEMENT: Duration = Duration::from_secs(30);
/// For a unit of work whose caller says nothing else.
pub(super) const PATIENCE: Duration = Duration::from_secs(35);
/// For a question to a connection that rested, or that goes back to rest.
pub(super) const STILL_THERE: Duration = Duration::from_secs(2);

/// A connection used within this time is taken as it is; one that rested longer may have lost its server and is asked first.
pub(super) const FRESH: Duration = Duration::from_secs(1);
/// For a connection, when all of them are in use.
pub(super) const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);

/// A PostgreSQL server, and how long one unit of work may take.
#[derive(Debug, Clone)]
pub struct Server {
    kept: Arc<Kept>,
    patience: Duration,
}

impl Server {
    pub(super) fn new(pool: PgPool) -> Self {
        let places = pool.options().get_max_connections() as usize;
        let kept = Kept { pool, places: Arc::new(Semaphore::new(places)), fresh: Mutex::default() };
        Self { kept: Arc::new(kept), patience: PATIENCE }
    }

    /// The same server for somebody who has less time.
    pub(super) fn within(&self, patience: Duration) -> Self {
        Self { kept: Arc::clone(&self.kept), patience }
    }

    /// Where migrations run: they may take long, and nobody waits for them.
    pub(super) fn without_limit(&self) -> &PgPool {
        self.kept.let_go();
        &self.kept.pool
    }

    pub(crate) async fn lend(&self) -> Result<Lent, StoreError> {
        let place = tokio::time::timeout(WAIT_FOR_CONNECTION, Arc::clone(&self.kept.places).acquire_owned()).await;
        let place = place.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let conn = match self.kept.take() {
            Some(conn) => conn,
            None => self.kept.pool.acquire().await?,
        };
        Ok(Lent { conn: Some(conn), in_order: false, kept: Arc::clone(&self.kept), _place: place })
    }

    /// Runs one unit of work within this server's patience.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        tokio::time::timeout(self.patience, work).await.unwrap_or(Err(StoreError::Late))
    }

    /// Connections that are silent are let go: nobody waits for a goodbye that does not come.
    pub(super) async fn close(&self) {
        let closing = self.kept.pool.close();
        self.kept.let_go();
        if tokio::time::timeout(STILL_THERE * 2, closing).await.is_err() {
            tracing::warn!("the database did not take leave of its connections in time");
        }
    }
}

/// The pool, and connections of it whose last unit of work has just gone well.
#[derive(Debug)]
struct Kept {
    pool: PgPool,
    /// One per connection: whoever has a place finds a connection here or in the pool.
    places: Arc<Semaphore>,
    /// The one used last stands last.
    fresh: Mutex<Vec<(Instant, PoolConnection<Postgres>)>>,
}

impl Kept {
    fn take(&self) -> Option<PoolConnection<Postgres>> {
        self.let_go_of_stale();
        self.fresh().pop().map(|(_, conn)| conn)
    }

    fn keep(&self, conn: PoolConnection<Postgres>) {
        if self.pool.is_closed() {
            return back_to_pool(conn);
        }
        self.fresh().push((Instant::now(), conn));
        self.let_go_of_stale();
    }

    /// The pool asks them before it lends them, and closes those that nobody needs.
    fn let_go_of_stale(&self) {
        let mut fresh = self.fresh();
        let stale = fresh.iter().take_while(|(since, _)| since.elapsed() > FRESH).count();
        fresh.drain(..stale).for_each(|(_, conn)| back_to_pool(conn));
    }

    fn let_go(&self) {
        self.fresh().drain(..).for_each(|(_, conn)| back_to_pool(conn));
    }

    fn fresh(&self) -> MutexGuard<'_, Vec<(Instant, PoolConnection<Postgres>)>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Back to the pool if it answers in time, otherwise closed, with its place free for another one. What was left open in it
/// (a statement under way, a transaction) is waited for and rolled back first, within the same time.
fn back_to_pool(mut conn: PoolConnection<Postgres>) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => {
            let back = tokio::time::timeout(STILL_THERE, conn.return_to_pool());
            drop(runtime.spawn(back));
        }
        Err(_) => drop(conn.detach()),
    }
}

/// A connection until the end of its unit of work.
#[derive(Debug)]
pub(crate) struct Lent {
    conn: Option<PoolConnection<Postgres>>,
    in_order: bool,
    kept: Arc<Kept>,
    _place: OwnedSemaphorePermit,
}

impl Lent {
    /// Hands out what became of the unit of work. When it went well nothing is left open or unread. A connection whose
    /// statements were prepared before a migration fails with them for ever: it is closed.
    pub(crate) fn after<T>(mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.in_order = outcome.is_ok();
        if outcome.as_ref().is_err_and(StoreError::is_stale_plan) {
            drop(self.conn.take().map(PoolConnection::detach));
        }
        outcome
    }
}

const LENT: &str = "the connection is there until it is dropped";

impl Deref for Lent {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.conn.as_ref().expect(LENT)
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.conn.as_mut().expect(LENT)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        if self.in_order { self.kept.keep(conn) } else { back_to_pool(conn) }
    }
}
