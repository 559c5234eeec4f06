//! How many attempts stand where, and since when the oldest: room of a campaign and alarms are made of these.

use std::time::Duration;

use sqlx::FromRow;

use crate::domain::attempt::AttemptState;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, EngineSql, engine_sql, on_db};
use crate::store::dial::sql::{fetch_all, fetch_value, millis};
use crate::store::worker::LiveLines;
use crate::store::{Store, StoreError};

/// Open attempts of one campaign in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct OpenCount {
    /// Which campaign.
    pub campaign: CampaignId,
    /// Which state.
    pub state: AttemptState,
    /// How many.
    pub attempts: i64,
}

/// The attempt that has stood longest in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct OldestRow {
    /// Which state.
    pub state: AttemptState,
    /// Since when.
    pub since: Timestamp,
}

/// Lines of all workers, beside open attempts of one campaign in one state; there may be none.
#[derive(Debug, FromRow)]
struct Beside {
    workers: i64,
    lines: i64,
    campaign: Option<CampaignId>,
    state: Option<AttemptState>,
    attempts: Option<i64>,
    taken: Option<i64>,
}

impl Beside {
    fn open(&self) -> Option<OpenCount> {
        Some(OpenCount { campaign: self.campaign?, state: self.state?, attempts: self.attempts? })
    }
}

const LINES_AND_OPEN: EngineSql = engine_sql!(
    "SELECT up.workers, up.lines, standing.campaign, standing.state, standing.attempts, standing.taken
     FROM (SELECT COUNT(*) AS workers, CAST(COALESCE(SUM(lines), 0) AS BIGINT) AS lines
           FROM worker WHERE state = 'running' AND heartbeat_db >= " now " - $1) AS up
       LEFT JOIN (SELECT campaign_id AS campaign, state, COUNT(*) AS attempts,
             COUNT(CASE WHEN state <> 'handed_off' AND (held_by IS NULL OR held_by IN
               (SELECT id FROM worker WHERE state = 'running' AND heartbeat_db >= " now " - $1)) THEN 1 END) AS taken
           FROM attempt WHERE state IN ('ready', 'sending', 'unknown', 'placed', 'ringing', 'talking', 'handed_off', 'refused')
           GROUP BY campaign_id, state) AS standing ON TRUE"
);

impl Store {
    /// Lines of the workers that take calls and whose heartbeat moved within the last `within`, and open attempts by campaign and
    /// state. An attempt that nobody holds yet takes one of the lines, and a call that was handed off none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lines_and_open(&self, within: Duration) -> Result<(LiveLines, Vec<OpenCount>), StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = LINES_AND_OPEN.for_conn(&conn);
            let rows = fetch_all!(conn, Beside, sql, millis(within));
            let taken: i64 = rows.iter().filter_map(|row| row.taken).sum();
            let (workers, lines) = rows.first().map_or((0, 0), |row| (row.workers, row.lines));
            let lines = LiveLines { workers, lines, free: (lines - taken).max(0) };
            Ok((lines, rows.iter().filter_map(Beside::open).collect()))
        })
    }

    /// Open attempts by campaign and state.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_counts(&self) -> Result<Vec<OpenCount>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT campaign_id AS campaign, state, COUNT(*) AS attempts FROM attempt
                       WHERE state IN ('ready', 'sending', 'unknown', 'placed', 'ringing', 'talking', 'handed_off', 'refused')
                       GROUP BY campaign_id, state";
            Ok(fetch_all!(conn, OpenCount, sql))
        })
    }

    /// Since when the oldest open attempt of each state stands there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn oldest_by_state(&self) -> Result<Vec<OldestRow>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT state, MIN(state_at) AS since FROM attempt
                       WHERE state IN ('ready', 'sending', 'unknown', 'placed', 'ringing', 'talking', 'handed_off', 'refused')
                       GROUP BY state";
            Ok(fetch_all!(conn, OldestRow, sql))
        })
    }

    /// Since when the oldest attempt is armed of which no call was made yet. One that is held back or refused and rung again changes
    /// its state each time, and would look young by that.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn oldest_unsent(&self) -> Result<Option<Timestamp>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT MIN(created_at) FROM attempt WHERE state IN ('ready', 'sending', 'refused')";
            Ok(fetch_value!(conn, Option<Timestamp>, sql))
        })
    }
}
