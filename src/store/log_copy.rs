//! SQLite's log, copied back into the database beside the writer.

use std::convert::Infallible;
use std::time::Duration;

use crate::store::Store;
use crate::store::db::Db;

/// Between two copies: a few transactions of an import.
const PAUSE: Duration = Duration::from_millis(100);

impl Store {
    /// Copies the log back again and again until it is dropped. To be run beside whatever writes much: without it, the one transaction
    /// that makes the log too long copies all of it, and a live call that wants to write waits for that.
    pub async fn keep_log_short(&self) -> Infallible {
        let Db::Sqlite { reader, .. } = &self.db else { return std::future::pending().await };
        loop {
            tokio::time::sleep(PAUSE).await;
            // `PASSIVE` waits for nobody. When it fails, the writer copies the log itself, as it does without an import.
            let _ = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(reader).await;
        }
    }
}
