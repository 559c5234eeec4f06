//! A ticket whose dial waits for its turn: as long as somebody waits with it, no other one is rung.

use std::time::Duration;

use crate::domain::ids::AttemptId;
use crate::store::db::{EngineSql, engine_sql, on_db};
use crate::store::dial::sql::millis;
use crate::store::{Store, StoreError};

impl Store {
    /// Gives the ticket of this send a new lease. `false`: a send that has begun, or was given back, has none any more.
    ///
    /// # Errors
    /// The database cannot be written; the lease then runs out and another ticket is rung.
    pub async fn keep_ticket(&self, attempt: AttemptId, send_no: u32, lease: Duration) -> Result<bool, StoreError> {
        const KEEP: EngineSql =
            engine_sql!("UPDATE attempt SET lease_until_db = $3 + " now " WHERE id = $1 AND send_no = $2 AND state = 'ready'");
        let sql = KEEP.on(&self.db);
        on_db!(self.db, statement, conn => {
            let kept = sqlx::query(sql).bind(attempt).bind(i64::from(send_no)).bind(millis(lease)).execute(conn).await?;
            Ok(kept.rows_affected() == 1)
        })
    }
}
