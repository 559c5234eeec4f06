//! What can go wrong between us and the database, and whether trying again helps.

use std::path::PathBuf;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use crate::domain::ids::AttemptId;

/// A failure of the store. Its `Display` names no phone number and no bound value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused a statement or could not be reached.
    #[error("{}", told(.0))]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("migrating the database: {}", told_migrating(.0))]
    Migrate(#[source] MigrateError),
    /// The database was written by a later version of this program.
    #[error("the database has schema version {database}, this program knows {binary}: run a newer callfleet, or restore a backup")]
    SchemaNewer {
        /// Latest version applied to the database.
        database: i64,
        /// Latest version this binary carries.
        binary: i64,
    },
    /// The database lacks migrations this program needs.
    #[error("the database has schema version {database}, this program needs {binary}: run `callfleet migrate`")]
    SchemaBehind {
        /// Latest version applied to the database; 0 for an empty one.
        database: i64,
        /// Latest version this binary carries.
        binary: i64,
    },
    /// The data folder cannot be made or written.
    #[error("data folder {}: {source}", folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process works in the data folder.
    #[error("data folder {} is in use by {holder}: stop it, or choose another folder", folder.display())]
    FolderInUse {
        /// Which folder.
        folder: PathBuf,
        /// Who holds it, as far as known.
        holder: String,
    },
    /// Stored settings break the rules of this program.
    #[error("stored {what} cannot be used: {problem}")]
    Unusable {
        /// Whose.
        what: String,
        /// What is wrong with them.
        problem: String,
    },
    /// The database did not answer within the time its caller gives it.
    #[error("the database does not answer in time")]
    Late,
    /// Another server answers than the one that wrote the rows.
    #[error("another database server answers than the one that wrote the rows; the active scheduler reconciles them first")]
    Unsettled,
    /// A row moved on although it was locked, and what was decided for it was not written.
    #[error("attempt {0} moved on while it was decided; nothing was written, try again")]
    Moved(AttemptId),
    /// A stored text is not what its column promises.
    #[error("stored {what} cannot be read: {source}")]
    Unreadable {
        /// Which column of which row.
        what: String,
        /// Why.
        source: serde_json::Error,
    },
}

impl StoreError {
    /// Whether the same statement may succeed when it is tried again without anyone mending anything.
    #[must_use]
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Database(error) => transient(error),
            Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => transient(error),
            Self::Unsettled | Self::Late | Self::Moved(_) => true,
            _ => false,
        }
    }

    /// What helps when the database of a fleet could not be opened.
    #[must_use]
    pub fn opening_help(&self) -> &'static str {
        match self {
            Self::Database(sqlx::Error::Database(refusal)) => help_by_code(refusal.code().as_deref()),
            _ => help_by_code(None),
        }
    }

    /// Whether a table was changed since this connection prepared the statement. Nothing was done; a new connection knows the
    /// table as it is.
    #[must_use]
    pub(super) fn is_stale_plan(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == STALE_PLAN))
    }

    /// Whether the database said that a unique key is taken.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}

/// PostgreSQL's `feature_not_supported`: our statements meet it only as "cached plan must not change result type".
const STALE_PLAN: &str = "0A000";

/// PostgreSQL's `invalid_authorization_specification`, `invalid_password` and `invalid_catalog_name`.
fn help_by_code(code: Option<&str>) -> &'static str {
    match code {
        Some("28000") => "make the role (CREATE ROLE … LOGIN PASSWORD …), correct its name in postgres.url, or let it in (pg_hba.conf)",
        Some("28P01") => "make the role (CREATE ROLE … LOGIN PASSWORD …), or correct name and password in postgres.url",
        Some("3D000") => "make the database (CREATE DATABASE … OWNER …), or correct its name in postgres.url",
        _ => "start PostgreSQL, or correct postgres.url",
    }
}

/// A file that somebody else has locked is told with what to do; it is no fault of the database.
fn told(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refusal) if is_locked_file(refusal.as_ref()) => {
            "the database file is locked by another program: close what has it open (a database browser, a backup), then try again"
                .to_owned()
        }
        other => format!("database: {other}"),
    }
}

fn told_migrating(error: &MigrateError) -> String {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => told(error),
        other => other.to_string(),
    }
}

fn transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(refusal) => transient_code(refusal.as_ref()),
        _ => false,
    }
}

/// PostgreSQL: connection (08), resources (53), operator intervention (57P), serialization and deadlock (40), lock and
/// statement timeouts, stale plans. SQLite: a locked file.
fn transient_code(refusal: &dyn DatabaseError) -> bool {
    let Some(code) = refusal.code() else { return false };
    if refusal.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return is_locked_file(refusal);
    }
    ["08", "53", "57P", "40"].iter().any(|class| code.starts_with(class)) || matches!(&*code, "55P03" | "57014" | STALE_PLAN)
}

/// SQLite's busy (5) and locked (6), in the low byte of the extended code.
fn is_locked_file(refusal: &dyn DatabaseError) -> bool {
    let is_sqlite = refusal.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
    is_sqlite && refusal.code().is_some_and(|code| code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_cannot_be_opened_is_told_with_what_helps() {
        for (code, helps) in
            [(Some("28000"), "pg_hba.conf"), (Some("28P01"), "password in postgres.url"), (Some("3D000"), "CREATE DATABASE")]
        {
            assert!(help_by_code(code).contains(helps), "{code:?}");
        }
        assert_eq!(StoreError::Database(sqlx::Error::PoolTimedOut).opening_help(), "start PostgreSQL, or correct postgres.url");
    }
}
