//! What keeps processes from dialing, as they last said it. A word holds for a while, by the database's own clock, and is
//! repeated while it is true: whoever dies in the middle leaves a word that is known to be old.

use std::time::Duration;

use sqlx::FromRow;

use crate::domain::ids::WorkerId;
use crate::domain::obstacle::{Obstacle, Said};
use crate::store::codec::{count, millis, words};
use crate::store::db::{EngineSql, engine_sql, on_db};
use crate::store::{Store, StoreError};

words!(Obstacle);

#[derive(Debug, FromRow)]
struct Row {
    process: WorkerId,
    kind: String,
    detail: String,
    age_ms: i64,
    holds_ms: i64,
}

impl Row {
    /// `None` when a later version knows the kind, and this one does not.
    fn said(self) -> Option<Said> {
        let since = |ms| Duration::from_millis(count(ms));
        let Self { process, kind, detail, age_ms, holds_ms } = self;
        Some(Said { process, obstacle: kind.parse().ok()?, detail, age: since(age_ms), holds: since(holds_ms) })
    }
}

impl Store {
    /// A process met an obstacle, or still does; its word holds for this long, or longer if it said so before.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn say_obstacle(&self, process: WorkerId, obstacle: Obstacle, detail: &str, holds: Duration) -> Result<(), StoreError> {
        const SAY: EngineSql = engine_sql!(
            "INSERT INTO obstacle (process, kind, detail, said_db, until_db) VALUES ($1, $2, $3, " now ", " now " + $4)
             ON CONFLICT (process, kind) DO UPDATE SET detail = excluded.detail, said_db = excluded.said_db,
               until_db = CASE WHEN obstacle.until_db > excluded.until_db THEN obstacle.until_db ELSE excluded.until_db END"
        );
        let sql = SAY.on(&self.db);
        on_db!(self.db, statement, conn => {
            sqlx::query(sql).bind(process).bind(obstacle).bind(detail).bind(millis(holds)).execute(conn).await?;
            Ok(())
        })
    }

    /// A process does not meet an obstacle any more.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn unsay_obstacle(&self, process: WorkerId, obstacle: Obstacle) -> Result<(), StoreError> {
        on_db!(self.db, statement, conn => {
            let row = sqlx::query("DELETE FROM obstacle WHERE process = $1 AND kind = $2");
            row.bind(process).bind(obstacle).execute(conn).await?;
            Ok(())
        })
    }

    /// Every word that stands, the latest first; old ones are among them until they are pruned.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn obstacles(&self) -> Result<Vec<Said>, StoreError> {
        const SAID: EngineSql = engine_sql!(
            "SELECT process, kind, detail, " now " - said_db AS age_ms, until_db - " now " AS holds_ms FROM obstacle ORDER BY said_db DESC"
        );
        let sql = SAID.on(&self.db);
        on_db!(self.db, read, conn => {
            let rows: Vec<Row> = sqlx::query_as(sql).fetch_all(conn).await?;
            Ok(rows.into_iter().filter_map(Row::said).collect())
        })
    }
}
