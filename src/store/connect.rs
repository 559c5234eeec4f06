//! Opening the database: a file in a folder of our own, or a PostgreSQL server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgPool, SqlitePool};

use crate::store::StoreError;
use crate::store::db::Db;
use crate::store::folder_lock::FolderLock;
use crate::store::lend::{FRESH, STATEMENT, STILL_THERE, Server, WAIT_FOR_CONNECTION};
use crate::store::life::Life;

/// The database file inside the data folder.
pub const DATABASE_FILE: &str = "callfleet.db";

const READERS: u32 = 4;
/// In KiB, as SQLite wants it: negative. A transaction of an import changes some 8 MiB of pages; those that have no room go into the log
/// before its end. With 12,000 an import took 8 MiB more and was hardly faster: SQLite and the allocator add a third.
const WRITER_CACHE: &str = "-7000";
/// 64 MiB of log before the writer copies it back itself. Beside an import it is
/// [copied back earlier](crate::store::Store::keep_log_short).
const CHECKPOINT_PAGES: &str = "16000";
/// Of each reader; the system caches the file as well. An import looks its doubted numbers up all over the list, by every reader in turn.
const READER_CACHE: &str = "-2000";

/// Which database to open.
#[derive(Debug, Clone)]
pub enum Target {
    /// `callfleet.db` in a folder that this process has to itself; the folder is made when it is missing.
    Sqlite {
        /// The data folder.
        folder: PathBuf,
    },
    /// A PostgreSQL server, shared with other processes.
    Postgres {
        /// `postgres://user:password@host/database?…`
        url: SecretString,
        /// Connections this process opens at most.
        max_connections: u32,
    },
}

/// Opens the database and proves that it answers.
///
/// # Errors
/// The folder is in use or cannot be written, the URL is wrong, or the server does not answer.
pub(super) async fn open(target: Target, life: &Life) -> Result<Db, StoreError> {
    match target {
        Target::Sqlite { folder } => sqlite(&folder).await,
        Target::Postgres { url, max_connections } => Ok(Db::Postgres(Server::new(postgres(&url, max_connections, life).await?))),
    }
}

async fn sqlite(folder: &Path) -> Result<Db, StoreError> {
    file_in(folder, sqlite_options(&folder.join(DATABASE_FILE))).await
}

/// A file that nobody misses after a power cut, and that may hold a part of a list: rows whose relations were left behind.
pub(super) async fn scratch(folder: &Path) -> Result<Db, StoreError> {
    let options = sqlite_options(&folder.join(DATABASE_FILE));
    file_in(folder, options.synchronous(SqliteSynchronous::Off).foreign_keys(false)).await
}

async fn file_in(folder: &Path, options: SqliteConnectOptions) -> Result<Db, StoreError> {
    make_private(folder).map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })?;
    let lock = Arc::new(FolderLock::take(folder)?);
    let writer = sqlite_pool(1).connect_with(options.clone()).await?;
    // not before it is asked: a reader that has seen the tables before a migration would prepare statements by them
    let options = options.pragma("query_only", "on").pragma("cache_size", READER_CACHE);
    let reader: SqlitePool = sqlite_pool(READERS).connect_lazy_with(options);
    Ok(Db::Sqlite { writer, reader, lock })
}

/// WAL with a sync at every commit: an intent to dial that was committed survives a power cut.
fn sqlite_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cache_size", WRITER_CACHE)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("journal_size_limit", "67108864")
}

/// Connections to a file do not age, and a test query before each use would only cost time.
fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT_FOR_CONNECTION * 3)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// No statement, lock or forgotten transaction may hold a call up for long; a lost server is noticed before use.
///
/// The server in turn notices a client that vanished without a word (`tcp_*`, where its system knows them), so that its
/// locks are free again by then: a client that has gone rolls nothing back itself. Statements take milliseconds, which compiling
/// them (`jit`) would take many times over whenever the server reckons one to be dear.
async fn postgres(url: &SecretString, max_connections: u32, life: &Life) -> Result<PgPool, StoreError> {
    let statement = format!("{}s", STATEMENT.as_secs());
    let options = url.expose_secret().parse::<PgConnectOptions>()?.application_name("callfleet").options([
        ("statement_timeout", statement.as_str()),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "20s"),
        ("jit", "off"),
    ]);
    let life = life.clone();
    let pool = PgPoolOptions::new()
        .after_connect(move |conn, _| {
            let life = life.clone();
            Box::pin(async move {
                life.meet(conn).await;
                Ok(())
            })
        })
        .max_connections(max_connections)
        .acquire_timeout(WAIT_FOR_CONNECTION)
        .test_before_acquire(false)
        .before_acquire(|conn, lent| {
            Box::pin(async move {
                if lent.idle_for > FRESH {
                    let silent = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
                    tokio::time::timeout(STILL_THERE, conn.ping()).await.map_err(silent)??;
                }
                Ok(true)
            })
        })
        .idle_timeout(Duration::from_secs(600))
        .max_lifetime(Duration::from_secs(1800));
    Ok(pool.connect_with(options).await?)
}

/// The folder holds phone numbers and transcripts: readable by its owner only.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
