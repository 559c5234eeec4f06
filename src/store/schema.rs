//! The schema: numbered migrations, the same numbers and names for both engines, carried inside the binary.
//!
//! Two versions of a fleet run side by side while one replaces the other, so a migration only adds. What a version no longer
//! needs is taken away by a later one, in a migration whose name begins with `contract`: versions that do not know it stop.

use sqlx::migrate::{MigrateError, Migrator};

use crate::store::db::{Db, on_db};
use crate::store::{Store, StoreError};

static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// Where the schema of a database stands, compared with this binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaVersion {
    /// Latest migration applied to the database; 0 for an empty one.
    pub database: i64,
    /// Latest migration this binary carries.
    pub binary: i64,
}

impl Store {
    /// Applies what is missing. Several processes may call this at once: one works, the others wait.
    ///
    /// # Errors
    /// [`StoreError::SchemaNewer`] when the database is ahead of this binary; nothing is changed then.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.refuse_newer().await?;
        let done = match &self.db {
            Db::Postgres(server) => POSTGRES.run(server.without_limit()).await,
            Db::Sqlite { writer, .. } => SQLITE.run(writer).await,
        };
        match done {
            Err(MigrateError::VersionMissing(database)) => Err(StoreError::SchemaNewer { database, binary: self.latest_known() }),
            other => other.map_err(StoreError::Migrate),
        }
    }

    /// Refuses a database that this binary does not fit. One that a later version has only added to does.
    ///
    /// # Errors
    /// [`StoreError::SchemaNewer`] or [`StoreError::SchemaBehind`], each with what to do.
    pub async fn require_current_schema(&self) -> Result<(), StoreError> {
        let SchemaVersion { database, binary } = self.schema_version().await?;
        if database < binary {
            return Err(StoreError::SchemaBehind { database, binary });
        }
        if database > binary && self.contracted_since(binary).await? {
            return Err(StoreError::SchemaNewer { database, binary });
        }
        Ok(())
    }

    /// A later version took away what this one may need.
    async fn contracted_since(&self, version: i64) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM _sqlx_migrations WHERE version > $1 AND description LIKE 'contract%'";
        let contracts: Result<i64, StoreError> = on_db!(self.db, read, conn => {
            Ok(sqlx::query_scalar(sql).bind(version).fetch_one(conn).await?)
        });
        Ok(contracts? > 0)
    }

    /// Where the schema stands.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn schema_version(&self) -> Result<SchemaVersion, StoreError> {
        const LATEST: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";
        let applied: Result<Option<i64>, StoreError> = match &self.db {
            // by the connection that migrates: a reader's look at the tables would outlast the migration
            Db::Sqlite { writer, .. } => sqlx::query_scalar(LATEST).fetch_one(writer).await.map_err(StoreError::from),
            Db::Postgres(_) => on_db!(self.db, read, conn => Ok(sqlx::query_scalar(LATEST).fetch_one(conn).await?)),
        };
        let database = match applied {
            Err(StoreError::Database(error)) if is_missing_table(&error) => 0,
            other => other?.unwrap_or(0),
        };
        Ok(SchemaVersion { database, binary: self.latest_known() })
    }

    async fn refuse_newer(&self) -> Result<SchemaVersion, StoreError> {
        let version = self.schema_version().await?;
        let SchemaVersion { database, binary } = version;
        if database > binary { Err(StoreError::SchemaNewer { database, binary }) } else { Ok(version) }
    }

    fn latest_known(&self) -> i64 {
        let migrator = if matches!(self.db, Db::Postgres(_)) { &POSTGRES } else { &SQLITE };
        migrator.iter().map(|migration| migration.version).max().unwrap_or(0)
    }
}

/// An empty database has no table of migrations yet.
fn is_missing_table(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(refusal) = error else { return false };
    refusal.code().as_deref() == Some("42P01") || refusal.message().starts_with("no such table")
}
