//! Finding rows that stood still too long: lost tickets, ended waits, sends past their deadline, ends without an outcome.

use sqlx::FromRow;

use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{self, DialTimings, StaleRow, Switches};
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_part, on_db};
use crate::store::dial::row::change_state;
use crate::store::dial::sql::{NOW, execute, fetch_all, fetch_value, fetch_values, millis};
use crate::store::dial::withdraw::withdraw_stopped;
use crate::store::queue_control::dials_paused;
use crate::store::{Store, StoreError};

/// What the sweep did with a row; `Ring` needs a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// Ring a ticket for this send: its first ticket was lost, or the wait after a refusal is over.
    Ring {
        /// The send to ring.
        send_no: u32,
    },
    /// Given back: the campaign no longer dials.
    Withdrawn,
    /// Left to the reconciler.
    Unsure,
}

/// A row that was swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweptRow {
    /// Which attempt.
    pub attempt: AttemptId,
    /// What was done.
    pub swept: Swept,
}

#[derive(Debug, FromRow)]
struct Row {
    id: AttemptId,
    state: AttemptState,
    send_no: i32,
    lease_until_db: i64,
    send_deadline_db: Option<i64>,
    rearm_at_db: Option<i64>,
    campaign_state: CampaignState,
    queue_paused: bool,
}

/// What waits for a paused queue is not among them: it would take the places of those that have to be looked after. Which campaigns do
/// not dial is asked once, not for each row.
macro_rules! stale {
    ($engine:ident ($($columns:tt)+) $which:literal) => {
        concat!(
            "SELECT ", $($columns)+, "
             FROM attempt
             WHERE ", $which, "state IN ('ready', 'refused', 'sending')
                AND ((state <> 'sending' AND campaign_id IN (SELECT id FROM campaign WHERE state NOT IN ('running', 'draining')))
                OR (state = 'ready' AND lease_until_db <= $1 AND NOT ", dials_paused!(), ")
                OR (state = 'refused' AND rearm_at_db <= $1 AND NOT ", dials_paused!(), ")
                OR (state = 'sending' AND send_deadline_db <= $1))
             ORDER BY state_at LIMIT $2", engine_part!($engine skip_locked)
        )
    };
}
/// Columns of [`Row`].
macro_rules! stale_rows {
    ($engine:ident $which:literal) => {
        stale!($engine (
            "id, state, send_no, lease_until_db, send_deadline_db, rearm_at_db, ", dials_paused!(), " AS queue_paused,
                (SELECT state FROM campaign WHERE campaign.id = attempt.campaign_id) AS campaign_state"
        ) $which)
    };
}
/// All but those of a list of ids in hexadecimal.
macro_rules! all_but {
    ($stale:ident $($columns:tt)?) => {
        EngineSql {
            postgres: $stale!(postgres $($columns)?
                "upper(replace(CAST(id AS TEXT), '-', '')) NOT IN (SELECT jsonb_array_elements_text(CAST($3 AS JSONB))) AND "),
            sqlite: $stale!(sqlite $($columns)? "hex(id) NOT IN (SELECT value FROM json_each($3)) AND "),
        }
    };
}
const STALE: EngineSql = all_but!(stale_rows);
const STALE_ONE: EngineSql = EngineSql { postgres: stale_rows!(postgres "id = $3 AND "), sqlite: stale_rows!(sqlite "id = $3 AND ") };
/// Nothing of these rows is read that a broken one, or one of a later version, could have wrong.
pub(super) const STALE_IDS: EngineSql = all_but!(stale("id"));

macro_rules! unfinished {
    ($engine:ident $which:literal) => {
        concat!(
            "SELECT id FROM attempt WHERE ",
            $which,
            "state IN ('placed', 'ringing', 'talking', 'handed_off')
                AND provider_ended_at <= $1 AND (held_by IS NULL OR closed_at IS NOT NULL OR state = 'handed_off')
             ORDER BY state_at LIMIT $2"
        )
    };
}
const UNFINISHED: EngineSql = all_but!(unfinished);

/// Rows to look at.
enum Which<'a> {
    AllBut(&'a [AttemptId]),
    One(AttemptId),
}

impl Store {
    /// Sweeps up to `limit` rows, longest unmoved first.
    ///
    /// # Errors
    /// The database cannot be written; nothing was swept.
    pub async fn sweep(&self, limit: u32, timings: &DialTimings, now: Timestamp) -> Result<Vec<SweptRow>, StoreError> {
        self.sweep_all_but(&[], limit, timings, now).await
    }

    /// The same, except for those that are known to keep a batch from being moved.
    ///
    /// # Errors
    /// The database cannot be written, or a row not be moved; nothing was swept.
    pub async fn sweep_all_but(
        &self,
        aside: &[AttemptId],
        limit: u32,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<Vec<SweptRow>, StoreError> {
        on_db!(self.db, write, tx => sweep(tx.into(), Which::AllBut(aside), limit, timings, now).await)
    }

    /// What [`Store::sweep_all_but`] would look at, in its order; for when one of them keeps it from moving any.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn stale(&self, aside: &[AttemptId], limit: u32) -> Result<Vec<AttemptId>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let (clock, stale) = (NOW.for_conn(&conn), STALE_IDS.for_conn(&conn));
            let now_db = fetch_value!(conn, i64, clock);
            Ok(fetch_values!(conn, AttemptId, stale, now_db, i64::from(limit), hexadecimal(aside)))
        })
    }

    /// Sweeps one row, if it still stands too long.
    ///
    /// # Errors
    /// The database cannot be written, or the row not be moved.
    pub async fn sweep_one(&self, attempt: AttemptId, timings: &DialTimings, now: Timestamp) -> Result<Option<SweptRow>, StoreError> {
        on_db!(self.db, write, tx => Ok(sweep(tx.into(), Which::One(attempt), 1, timings, now).await?.pop()))
    }

    /// Attempts whose call ended before `before`, whose both sides are over and whose outcome nobody has folded: ring the
    /// finishing job again. Those that are left `aside` take no places.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn unfinished(&self, aside: &[AttemptId], before: Timestamp, limit: u32) -> Result<Vec<AttemptId>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = UNFINISHED.for_conn(&conn);
            Ok(fetch_values!(conn, AttemptId, sql, before, i64::from(limit), hexadecimal(aside)))
        })
    }
}

fn hexadecimal(attempts: &[AttemptId]) -> JsonText<Vec<String>> {
    JsonText(attempts.iter().map(|id| format!("{:X}", id.0.simple())).collect())
}

/// Of these rows, those that stand too long.
async fn sweep(
    mut conn: Conn<'_>,
    which: Which<'_>,
    limit: u32,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<Vec<SweptRow>, StoreError> {
    let (clock, stale, one) = (NOW.for_conn(&conn), STALE.for_conn(&conn), STALE_ONE.for_conn(&conn));
    let now_db = fetch_value!(conn, i64, clock);
    let rows = match which {
        Which::AllBut(aside) => fetch_all!(conn, Row, stale, now_db, i64::from(limit), hexadecimal(aside)),
        Which::One(attempt) => fetch_all!(conn, Row, one, now_db, i64::from(limit), attempt),
    };
    let mut swept = Vec::new();
    for row in rows {
        if let Some(done) = sweep_row(conn.reborrow(), &row, now_db, timings, now).await? {
            swept.push(SweptRow { attempt: row.id, swept: done });
        }
    }
    Ok(swept)
}

async fn sweep_row(mut conn: Conn<'_>, row: &Row, now_db: i64, timings: &DialTimings, now: Timestamp) -> Result<Option<Swept>, StoreError> {
    let lease = now_db + millis(timings.ticket_lease);
    let send_no = u32::try_from(row.send_no).unwrap_or(0);
    Ok(match dialing::sweep(&row.stale(), now_db) {
        dialing::Swept::Leave => None,
        dialing::Swept::Ring => {
            execute!(conn, "UPDATE attempt SET lease_until_db = $2 WHERE id = $1 AND state = 'ready'", row.id, lease);
            Some(Swept::Ring { send_no })
        }
        dialing::Swept::Rearm => {
            rearm(conn, row, lease, now).await?;
            Some(Swept::Ring { send_no: send_no + 1 })
        }
        dialing::Swept::Withdraw => withdraw_stopped(conn, row.id, timings, now).await?.then_some(Swept::Withdrawn),
        dialing::Swept::Unsure => {
            let moved = change_state(conn, row.id, AttemptState::Sending, AttemptState::Unknown, now).await?;
            moved.then_some(Swept::Unsure)
        }
    })
}

async fn rearm(mut conn: Conn<'_>, row: &Row, lease: i64, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        conn,
        "UPDATE attempt SET state = 'ready', send_no = send_no + 1, lease_until_db = $2, rearm_at_db = NULL, state_at = $3
         WHERE id = $1 AND state = 'refused'",
        row.id,
        lease,
        now
    );
    Ok(())
}

impl Row {
    const fn stale(&self) -> StaleRow {
        StaleRow {
            state: self.state,
            lease_until_db: self.lease_until_db,
            deadline_db: self.send_deadline_db,
            rearm_db: self.rearm_at_db,
            switches: Switches {
                queue_paused: self.queue_paused,
                campaign_dials: matches!(self.campaign_state, CampaignState::Running | CampaignState::Draining),
            },
        }
    }
}
