//! Traces that nobody needs any more, removed a few at a time: calls that were named, signals to holders, jobs that are done, last
//! words of processes.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// How long it stays known what a holder was told.
const SIGNALS: Duration = Duration::from_secs(14 * 86_400);
/// How long a closed attempt's calls stay known: far longer than the provider's list shows a call late.
const CALLS: Duration = Duration::from_secs(30 * 86_400);
/// How long done jobs are listed.
const JOBS: Duration = Duration::from_secs(14 * 86_400);
/// How long the last word of a process that died is told.
const OBSTACLES: Duration = Duration::from_secs(3_600);

/// Each removes at most `$2` rows older than `$1`.
const STEPS: [(&str, Duration); 5] = [
    // written by versions before; the table goes when none of them can be running any more (docs/decisions/015)
    (
        "DELETE FROM webhook_inbox WHERE (provider, dedupe_key) IN
            (SELECT provider, dedupe_key FROM webhook_inbox WHERE received_at < $1 LIMIT $2)",
        SIGNALS,
    ),
    (
        "DELETE FROM seen_call WHERE (provider, call_sid) IN (SELECT s.provider, s.call_sid FROM seen_call s
            JOIN attempt a ON a.id = s.attempt_id WHERE s.seen_at < $1 AND a.state IN ('ended', 'withdrawn', 'absent') LIMIT $2)",
        CALLS,
    ),
    ("DELETE FROM call_signal WHERE id IN (SELECT id FROM call_signal WHERE created_at < $1 LIMIT $2)", SIGNALS),
    ("DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state = 'done' AND run_at < $1 LIMIT $2)", JOBS),
    ("DELETE FROM obstacle WHERE (process, kind) IN (SELECT process, kind FROM obstacle WHERE until_db < $1 LIMIT $2)", OBSTACLES),
];

impl Store {
    /// Removes up to `limit` old rows of each kind; how many in all. Call again while it removes something.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn prune(&self, limit: u32, now: Timestamp) -> Result<u64, StoreError> {
        let mut removed = 0;
        for (sql, keep) in STEPS {
            let done: Result<u64, StoreError> = on_db!(self.db, statement, conn => {
                Ok(sqlx::query(sql).bind(now - keep).bind(i64::from(limit)).execute(conn).await?.rows_affected())
            });
            removed += done?;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::STEPS;
    use crate::store::contract::support::{on_both_engines, plan};

    on_both_engines! {
        async fn old_rows_are_found_by_their_age(store: Store) {
            let by_age = ["webhook_inbox_", "seen_call_", "call_signal_age", "job_due", "obstacle_age"];
            for ((statement, _), index) in STEPS.iter().zip(by_age) {
                let plan = plan(&store, &statement.replace("$1", "1").replace("$2", "1")).await;
                assert!(plan.contains(index), "{statement}\n{plan}");
            }
        }
    }
}
