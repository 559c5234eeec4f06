//! What `callfleet doctor` asks of a database server itself.

use crate::domain::time::Timestamp;
use crate::store::db::{Db, EngineSql, engine_sql, on_db};
use crate::store::{Store, StoreError};

impl Store {
    /// The database's own clock.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn database_now(&self) -> Result<Timestamp, StoreError> {
        const NOW: EngineSql = engine_sql!("SELECT " now);
        let sql = NOW.on(&self.db);
        on_db!(self.db, read, conn => Ok(sqlx::query_scalar(sql).fetch_one(conn).await?))
    }

    /// A setting of the PostgreSQL server; `None` on SQLite and for a name the server does not know.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn server_setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(None) };
        on_db!(@read_server server, conn, {
            let setting = sqlx::query_scalar("SELECT current_setting($1, TRUE)").bind(name);
            Ok(setting.fetch_optional(conn).await?.flatten())
        })
    }
}
