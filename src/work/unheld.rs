//! Calls that the rows give to this worker and that it does not hold.
//!
//! The claim of a stream may be committed and its answer lost: then the stream was refused, the caller heard the apology, and
//! the row waits for a holder that lives and knows nothing of it. Neither the reaper, who looks at hearts, nor anybody else
//! would ever close it; the worker itself can.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::ids::AttemptId;
use crate::store::dial::HeldCall;

/// Longer than a claim is waited for: until then its answer may still come.
pub const SURE_AFTER: Duration = Duration::from_secs(15);

/// The calls that are seen so.
#[derive(Debug)]
pub struct Unheld {
    sure_after: Duration,
    /// By attempt and the fence of its hold.
    since: HashMap<(AttemptId, i32), Instant>,
}

impl Unheld {
    /// None so far; one is sure to be so after this.
    pub fn after(sure_after: Duration) -> Self {
        Self { sure_after, since: HashMap::new() }
    }

    /// One look at the rows of this worker: those that nobody here has held for long.
    pub fn look(&mut self, rows: Vec<HeldCall>, holds: impl Fn(AttemptId) -> bool, now: Instant) -> Vec<HeldCall> {
        let unheld: Vec<HeldCall> = rows.into_iter().filter(|row| !holds(row.attempt)).collect();
        self.since.retain(|key, _| unheld.iter().any(|row| (row.attempt, row.epoch) == *key));
        let is_sure = |row: &HeldCall| now.duration_since(*self.since.entry((row.attempt, row.epoch)).or_insert(now)) >= self.sure_after;
        unheld.into_iter().filter(is_sure).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::WorkerId;

    fn row(attempt: AttemptId, epoch: i32) -> HeldCall {
        HeldCall { attempt, epoch, call_sid: None, worker: WorkerId::new(), heartbeat: Some(1) }
    }

    #[test]
    fn a_call_counts_as_unheld_only_after_it_was_so_for_long() {
        let (mut unheld, begun, attempt) = (Unheld::after(SURE_AFTER), Instant::now(), AttemptId::new());
        let mut look =
            |epoch, holds: bool, at_s| unheld.look(vec![row(attempt, epoch)], |_| holds, begun + Duration::from_secs(at_s)).len();
        assert_eq!((look(1, false, 0), look(1, false, 14), look(1, false, 15)), (0, 0, 1));
        assert_eq!((look(2, false, 16), look(2, false, 30), look(2, false, 31)), (0, 0, 1), "another hold is another look");
        assert_eq!((look(2, true, 32), look(2, false, 33), look(2, false, 40)), (0, 0, 0), "it was held meanwhile");
    }
}
