//! What Callfleet remembers: one file per aggregate, each with its SQL next to the rows it returns.
//!
//! The rows are the truth; queues, caches and sockets can be rebuilt from them. A row's state changes by compare-and-set:
//! the caller says which state it saw, and the row count says whether it was still so. Business times come in from the
//! injected clock; leases between processes use the database's own clock.

pub mod agent;
pub mod agent_list;
pub mod audit;
pub mod batch;
pub mod breaker;
pub mod call_event;
pub mod callback;
pub mod campaign;
pub mod campaign_settings;
pub mod campaign_status;
pub mod change;
pub mod codec;
pub mod connect;
#[cfg(test)]
pub(crate) mod contract;
pub mod cost;
pub mod db;
pub mod deferred;
pub mod dial;
pub mod dnc;
pub mod error;
pub mod finish_job;
pub mod folder_lock;
pub mod hours_class;
pub mod idempotency;
pub mod import;
pub mod import_undo;
pub mod job;
pub mod job_list;
pub mod lead;
pub mod lead_insert;
pub mod lead_lacks;
pub(crate) mod lead_rank;
pub mod lead_values;
pub mod lead_waits;
pub mod lease;
pub mod ledger;
mod ledger_at_once;
pub mod lend;
pub mod life;
mod log_copy;
mod look_again;
pub mod obstacle;
mod permitted;
pub mod prune;
pub mod queue_control;
pub mod rehearsal;
mod rounds;
pub mod schema;
pub mod server;
pub(crate) mod spend;
pub mod suppression;
pub mod worker;

pub use change::Change;
pub use connect::Target;
pub use error::StoreError;

use std::sync::Arc;
use std::time::Duration;

use db::Db;
use dial::DialRounds;
use life::Life;

/// The store of this process. Cheap to clone; all clones share the same connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) db: Db,
    life: Life,
    rounds: Arc<DialRounds>,
}

impl Store {
    /// Opens the database; the schema is neither checked nor changed.
    ///
    /// # Errors
    /// The folder is in use or cannot be written, the URL is wrong, or the server does not answer.
    pub async fn open(target: Target) -> Result<Self, StoreError> {
        let life = Life::default();
        Ok(Self { db: connect::open(target, &life).await?, life, rounds: Arc::default() })
    }

    /// The same store for a caller that gives each unit of work so much time at most: one that takes longer is
    /// [`StoreError::Late`], and nobody knows whether it was done. For a server; a file answers or fails by itself.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        let db = match &self.db {
            Db::Postgres(server) => Db::Postgres(server.within(patience)),
            file @ Db::Sqlite { .. } => file.clone(),
        };
        Self { db, life: self.life.clone(), rounds: Arc::clone(&self.rounds) }
    }

    /// Whether processes share this database, as a fleet's do: each of its roles is started by itself.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.db, Db::Postgres(_))
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(&self) {
        match &self.db {
            Db::Postgres(server) => server.close().await,
            Db::Sqlite { writer, reader, .. } => {
                reader.close().await;
                writer.close().await;
            }
        }
    }
}
