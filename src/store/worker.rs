//! The processes that hold calls. One that lives moves its heartbeat; one that dies leaves its calls to the reaper.

use std::time::Duration;

use serde::Serialize;
use sqlx::FromRow;

pub use crate::domain::background::WorkerState;
use crate::domain::background::{WORKER, sources};
use crate::domain::ids::WorkerId;
use crate::domain::time::Timestamp;
use crate::store::codec::{JsonText, millis, words};
use crate::store::db::{EngineSql, engine_sql, on_db};
use crate::store::{Store, StoreError};

words!(WorkerState);

/// A worker to register.
#[derive(Debug, Clone, Copy)]
pub struct NewWorker<'a> {
    /// Made at the start of the process.
    pub id: WorkerId,
    /// Where it runs and takes media: `node:port`.
    pub host: &'a str,
    /// The program's version.
    pub version: &'a str,
    /// Calls it can hold at once.
    pub lines: u32,
}

/// A worker as it stands.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Worker {
    /// Its id.
    pub id: WorkerId,
    /// Where it runs and takes media: `node:port`.
    pub host: String,
    /// The program's version.
    pub version: String,
    /// Calls it can hold at once.
    pub lines: i32,
    /// Calls it holds, as it last announced.
    pub busy: i32,
    /// Where it stands.
    pub state: WorkerState,
    /// Grows with every heartbeat; a reaper that sees it grow needs no clock of the worker's.
    pub heartbeat: i64,
    /// The database's time of the last heartbeat, milliseconds.
    pub heartbeat_db: i64,
    /// When it registered.
    pub started_at: Timestamp,
}

/// Capacity of the workers that live and take calls, as the dispatcher reckons it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LiveLines {
    /// Such workers.
    pub workers: i64,
    /// Calls they can hold at once.
    pub lines: i64,
    /// Of those, not taken by an open attempt. Whoever drains, stopped or died holds calls on lines that are not among these.
    pub free: i64,
}

impl Store {
    /// Makes a worker known.
    ///
    /// # Errors
    /// The id was used before, or the database cannot be written.
    pub async fn register_worker(&self, new: NewWorker<'_>, now: Timestamp) -> Result<(), StoreError> {
        const REGISTER: EngineSql = engine_sql!(
            "INSERT INTO worker (id, host, version, lines, state, heartbeat_db, started_at)
             VALUES ($1, $2, $3, $4, 'running', " now ", $5)"
        );
        let sql = REGISTER.on(&self.db);
        on_db!(self.db, write, tx => {
            let row = sqlx::query(sql).bind(new.id).bind(new.host).bind(new.version);
            row.bind(i64::from(new.lines)).bind(now).execute(tx).await?;
            Ok(())
        })
    }

    /// Moves the heartbeat and announces how many calls the worker holds; false when it was found dead meanwhile, and has to say
    /// first that it is not.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn heartbeat(&self, id: WorkerId, busy: u32) -> Result<bool, StoreError> {
        const BEAT: EngineSql = engine_sql!(
            "UPDATE worker SET heartbeat = heartbeat + 1, heartbeat_db = " now ", busy = $2 WHERE id = $1 AND state <> 'stopped'"
        );
        let sql = BEAT.on(&self.db);
        on_db!(self.db, statement, conn => {
            Ok(sqlx::query(sql).bind(id).bind(i64::from(busy)).execute(conn).await?.rows_affected() == 1)
        })
    }

    /// Moves a worker along its table: it drains, or has stopped for good. Whether that changed anything.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn set_worker_state(&self, id: WorkerId, state: WorkerState) -> Result<bool, StoreError> {
        const MOVE: EngineSql = engine_sql!("UPDATE worker SET state = $2 WHERE id = $1 AND state IN (" (each "$3") ")");
        let (sql, from) = (MOVE.on(&self.db), JsonText(sources(WORKER, state).into_iter().map(WorkerState::as_str).collect::<Vec<_>>()));
        on_db!(self.db, write, tx => {
            Ok(sqlx::query(sql).bind(id).bind(state).bind(from).execute(tx).await?.rows_affected() == 1)
        })
    }

    /// Every worker that has not stopped, oldest first; one that died is among them until the reaper has seen its heart stand still for
    /// a while.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM worker WHERE state <> 'stopped' ORDER BY id").fetch_all(conn).await?)
        })
    }

    /// Workers whose heartbeat moved within the last `within`, draining ones included.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn live_workers(&self, within: Duration) -> Result<Vec<Worker>, StoreError> {
        const LIVE: EngineSql = engine_sql!("SELECT * FROM worker WHERE state <> 'stopped' AND heartbeat_db >= " now " - $1 ORDER BY id");
        let sql = LIVE.on(&self.db);
        on_db!(self.db, read, conn => Ok(sqlx::query_as(sql).bind(millis(within)).fetch_all(conn).await?))
    }

    /// Lines of the workers that take calls and whose heartbeat moved within the last `within`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn live_lines(&self, within: Duration) -> Result<LiveLines, StoreError> {
        Ok(self.lines_and_open(within).await?.0)
    }
}
