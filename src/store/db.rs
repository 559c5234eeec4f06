//! One body of code, two engines: the same SQL text and the same Rust run on PostgreSQL and on SQLite.
//!
//! [`on_db!`] picks the engine once per unit of work; [`engine_sql!`] keeps the few places where the dialects differ side
//! by side. Nobody outside `store` sees a connection.

use std::sync::Arc;

use sqlx::{PgConnection, SqliteConnection, SqlitePool};

use crate::store::folder_lock::FolderLock;
use crate::store::lend::Server;

/// The database of this process.
#[derive(Debug, Clone)]
pub enum Db {
    /// Shared by many processes.
    Postgres(Server),
    /// A file that belongs to this process alone.
    Sqlite {
        /// The one connection that writes: SQLite has one writer at a time, so ours queue here instead of failing busy.
        writer: SqlitePool,
        /// Connections that only read; WAL lets them go on beside the writer.
        reader: SqlitePool,
        /// Held for as long as anyone has the database.
        lock: Arc<FolderLock>,
    },
}

/// A borrowed connection of either engine, for statements that several transactions share.
///
/// Inside [`on_db!`] the connection is concrete; `(&mut *tx).into()` makes it one of these.
#[derive(Debug)]
pub enum Conn<'c> {
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
}

impl<'c> From<&'c mut PgConnection> for Conn<'c> {
    fn from(conn: &'c mut PgConnection) -> Self {
        Self::Postgres(conn)
    }
}

impl<'c> From<&'c mut SqliteConnection> for Conn<'c> {
    fn from(conn: &'c mut SqliteConnection) -> Self {
        Self::Sqlite(conn)
    }
}

impl Conn<'_> {
    /// Lends the connection on, so that several shared statements can run one after another.
    pub fn reborrow(&mut self) -> Conn<'_> {
        match self {
            Self::Postgres(conn) => Conn::Postgres(conn),
            Self::Sqlite(conn) => Conn::Sqlite(conn),
        }
    }
}

/// Runs one body on whichever engine `db` is; the body is a block of type `Result<T, StoreError>`, and so is the whole.
///
/// - `on_db!(db, read, conn => { … })` lends a connection for reading. Several statements do not see one snapshot.
/// - `on_db!(db, write, tx => { … })` opens a transaction (`BEGIN IMMEDIATE` on SQLite, so that a lock is never upgraded
///   halfway), commits when the body is `Ok` and rolls back when it is `Err` or dropped. `return` leaves the body, not
///   the function. Never open a second `write` inside: SQLite has one writer, it would wait for itself.
/// - `on_db!(db, statement, conn => { … })` lends a connection for one single writing statement, which is a transaction by
///   itself: one round trip to the server instead of three.
///
/// On PostgreSQL each of them is [`StoreError::Late`](crate::store::StoreError::Late) when the server does not answer
/// within the patience of this [`Store`](crate::store::Store): whether a `write` or `statement` was done is then unknown.
macro_rules! on_db {
    ($db:expr, read, $conn:ident => $body:expr) => {
        match &$db {
            $crate::store::db::Db::Postgres(server) => $crate::store::db::on_db!(@read_server server, $conn, $body),
            $crate::store::db::Db::Sqlite { reader, .. } => {
                $crate::store::db::on_db!(@read reader, sqlx::SqliteConnection, $conn, $body)
            }
        }
    };
    ($db:expr, write, $tx:ident => $body:expr) => {
        match &$db {
            $crate::store::db::Db::Postgres(server) => $crate::store::db::on_db!(@write_server server, $tx, $body),
            $crate::store::db::Db::Sqlite { writer, .. } => {
                let done: Result<_, $crate::store::StoreError> =
                    async { $crate::store::db::on_db!(@write writer.begin_with("BEGIN IMMEDIATE"), sqlx::SqliteConnection, $tx, $body) }.await;
                done
            }
        }
    };
    ($db:expr, statement, $conn:ident => $body:expr) => {
        match &$db {
            $crate::store::db::Db::Postgres(server) => $crate::store::db::on_db!(@read_server server, $conn, $body),
            $crate::store::db::Db::Sqlite { writer, .. } => {
                $crate::store::db::on_db!(@read writer, sqlx::SqliteConnection, $conn, $body)
            }
        }
    };
    (@read $pool:expr, $kind:ty, $conn:ident, $body:expr) => {{
        let done: Result<_, $crate::store::StoreError> = async {
            let mut lent = $pool.acquire().await?;
            let $conn: &mut $kind = &mut lent;
            $body
        }
        .await;
        done
    }};
    (@read_server $server:expr, $conn:ident, $body:expr) => {{
        let done: Result<_, $crate::store::StoreError> = $server
            .in_time(async {
                let mut lent = $server.lend().await?;
                let outcome: Result<_, $crate::store::StoreError> = async {
                    let $conn: &mut sqlx::PgConnection = &mut lent;
                    $body
                }
                .await;
                lent.after(outcome)
            })
            .await;
        done
    }};
    (@write_server $server:expr, $tx:ident, $body:expr) => {{
        let done: Result<_, $crate::store::StoreError> = $server
            .in_time(async {
                let mut lent = $server.lend().await?;
                let outcome: Result<_, $crate::store::StoreError> =
                    async { $crate::store::db::on_db!(@write sqlx::Connection::begin(&mut *lent), sqlx::PgConnection, $tx, $body) }.await;
                lent.after(outcome)
            })
            .await;
        done
    }};
    // inside of an `async` block of the caller's
    (@write $begin:expr, $kind:ty, $tx:ident, $body:expr) => {{
        let mut open = $begin.await?;
        let outcome: Result<_, $crate::store::StoreError> = async {
            let $tx: &mut $kind = &mut open;
            $body
        }
        .await;
        match &outcome {
            Ok(_) => open.commit().await?,
            // The body's error says more than a failed rollback; a lost connection rolls back by itself.
            Err(_) => drop(open.rollback().await),
        }
        outcome
    }};
}
pub(crate) use on_db;

/// Runs one body on a [`Conn`], whichever engine it is of.
macro_rules! on_conn {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::store::db::Conn::Postgres($c) => $body,
            $crate::store::db::Conn::Sqlite($c) => $body,
        }
    };
}
pub(crate) use on_conn;

/// A statement whose text differs between the engines.
#[derive(Debug, Clone, Copy)]
pub struct EngineSql {
    /// The text for PostgreSQL.
    pub postgres: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
}

impl EngineSql {
    /// The text for this database.
    #[must_use]
    pub const fn on(self, db: &Db) -> &'static str {
        match db {
            Db::Postgres(_) => self.postgres,
            Db::Sqlite { .. } => self.sqlite,
        }
    }

    /// The text for this connection.
    #[must_use]
    pub const fn for_conn(self, conn: &Conn<'_>) -> &'static str {
        match conn {
            Conn::Postgres(_) => self.postgres,
            Conn::Sqlite(_) => self.sqlite,
        }
    }
}

/// Builds an [`EngineSql`] out of literals and the words `now` (the database's own clock in milliseconds), `skip_locked`
/// and `for_update` (row locks; SQLite needs none, its writers stand in line), `(each "$1")` (the texts of a JSON list) and
/// `(among "$1")` (is one of these texts; PostgreSQL reads the list before it looks at rows) and `(of_numbers lead "$1")` (the rows of
/// these phone numbers in a table whose key begins with the number, up to the beginning of a `WHERE`; PostgreSQL looks each number up,
/// whatever it believes of the rows that the other conditions leave: of a list that was just imported it believes that it is empty. Ask
/// for each number once).
macro_rules! engine_sql {
    ($($part:tt)+) => {
        $crate::store::db::EngineSql {
            postgres: concat!($($crate::store::db::engine_part!(postgres $part)),+),
            sqlite: concat!($($crate::store::db::engine_part!(sqlite $part)),+),
        }
    };
}
pub(crate) use engine_sql;

/// One part of an [`engine_sql!`] text.
macro_rules! engine_part {
    (postgres now) => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
    (sqlite now) => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
    (postgres skip_locked) => {
        " FOR UPDATE SKIP LOCKED"
    };
    (sqlite skip_locked) => {
        ""
    };
    (postgres for_update) => {
        " FOR UPDATE"
    };
    (sqlite for_update) => {
        ""
    };
    (postgres (each $list:literal)) => {
        concat!("SELECT jsonb_array_elements_text(CAST(", $list, " AS JSONB))")
    };
    (sqlite (each $list:literal)) => {
        concat!("SELECT value FROM json_each(", $list, ")")
    };
    (postgres (among $list:literal)) => {
        concat!("= ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(", $list, " AS JSONB))))")
    };
    (sqlite (among $list:literal)) => {
        concat!("IN (SELECT value FROM json_each(", $list, "))")
    };
    (postgres (of_numbers $table:ident $list:literal)) => {
        concat!(
            "(SELECT jsonb_array_elements_text(CAST(",
            $list,
            " AS JSONB)) AS number) AS asked CROSS JOIN LATERAL (SELECT * FROM ",
            stringify!($table),
            " WHERE phone_number = asked.number OFFSET 0) AS ",
            stringify!($table),
            " WHERE TRUE"
        )
    };
    (sqlite (of_numbers $table:ident $list:literal)) => {
        concat!(stringify!($table), " WHERE phone_number IN (SELECT value FROM json_each(", $list, "))")
    };
    ($engine:ident $text:literal) => {
        $text
    };
}
pub(crate) use engine_part;
