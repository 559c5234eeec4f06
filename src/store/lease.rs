//! One holder at a time, by the database's own clock. The epoch grows with every new hold: a former holder that wakes up
//! late carries an old number.

use std::time::Duration;

use crate::domain::ids::WorkerId;
use crate::store::codec::millis;
use crate::store::db::{EngineSql, engine_sql, on_db};
use crate::store::{Store, StoreError};

/// The lease of the one active scheduler.
pub const SCHEDULER: &str = "scheduler";

/// A lease this process holds until it lapses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What is held, for example `dispatcher`.
    pub name: String,
    /// By whom.
    pub holder: WorkerId,
    /// Which hold this is, from 1.
    pub epoch: i64,
}

impl Store {
    /// Takes a lease for `time` if nobody holds it; `None` while somebody else does.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn acquire_lease(&self, name: &str, holder: WorkerId, time: Duration) -> Result<Option<Lease>, StoreError> {
        const ACQUIRE: EngineSql = engine_sql!(
            "INSERT INTO lease (name, holder, epoch, until_db) VALUES ($1, $2, 1, " now " + $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = lease.epoch + 1, until_db = excluded.until_db
             WHERE lease.until_db < " now " OR lease.holder = excluded.holder RETURNING epoch"
        );
        let sql = ACQUIRE.on(&self.db);
        on_db!(self.db, statement, conn => {
            let epoch = sqlx::query_scalar(sql).bind(name).bind(holder).bind(millis(time)).fetch_optional(conn).await?;
            Ok(epoch.map(|epoch| Lease { name: name.to_owned(), holder, epoch }))
        })
    }

    /// Lengthens a lease to `time` from now; false when it lapsed or was taken, and its work must stop at once.
    ///
    /// # Errors
    /// The database cannot be written; the lease then lapses by itself.
    pub async fn renew_lease(&self, lease: &Lease, time: Duration) -> Result<bool, StoreError> {
        const RENEW: EngineSql = engine_sql!(
            "UPDATE lease SET until_db = " now " + $4 WHERE name = $1 AND holder = $2 AND epoch = $3 AND until_db >= " now
        );
        let sql = RENEW.on(&self.db);
        on_db!(self.db, statement, conn => {
            let row = sqlx::query(sql).bind(&lease.name).bind(lease.holder).bind(lease.epoch).bind(millis(time));
            Ok(row.execute(conn).await?.rows_affected() == 1)
        })
    }

    /// Gives a lease back so that the next holder need not wait; false when it was not ours any more.
    ///
    /// # Errors
    /// The database cannot be written; the lease then lapses by itself.
    pub async fn release_lease(&self, lease: &Lease) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => {
            let row = sqlx::query("UPDATE lease SET until_db = 0 WHERE name = $1 AND holder = $2 AND epoch = $3");
            Ok(row.bind(&lease.name).bind(lease.holder).bind(lease.epoch).execute(tx).await?.rows_affected() == 1)
        })
    }

    /// Who holds a lease now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lease_holder(&self, name: &str) -> Result<Option<WorkerId>, StoreError> {
        const HELD: EngineSql = engine_sql!("SELECT holder FROM lease WHERE name = $1 AND until_db >= " now);
        let sql = HELD.on(&self.db);
        on_db!(self.db, read, conn => Ok(sqlx::query_scalar(sql).bind(name).fetch_optional(conn).await?))
    }
}
