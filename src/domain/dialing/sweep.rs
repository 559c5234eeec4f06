//! Rows that stood still too long: lost tickets ring again, waits end, sends past their deadline become unknown.

use crate::domain::attempt::AttemptState;
use crate::domain::dialing::Switches;

/// What the sweep looks at; all times are the database's own clock, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleRow {
    /// Where the attempt stands.
    pub state: AttemptState,
    /// The ticket's lease (`ready`).
    pub lease_until_db: i64,
    /// The send deadline (`sending`).
    pub deadline_db: Option<i64>,
    /// The end of the wait after a refusal (`refused`).
    pub rearm_db: Option<i64>,
    /// What stops dialing.
    pub switches: Switches,
}

/// What the sweep does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// Not yet due.
    Leave,
    /// Ring again: a new lease and a new ticket for the same send.
    Ring,
    /// Ready again with the next send number.
    Rearm,
    /// The campaign no longer dials: give it back.
    Withdraw,
    /// Nobody knows: reconcile.
    Unsure,
}

/// Decides for one row at database time `now_db`. While the queue is paused nothing is rung or armed again; afterwards
/// whatever has become due meanwhile is.
#[must_use]
pub fn sweep(row: &StaleRow, now_db: i64) -> Swept {
    let Switches { queue_paused, campaign_dials } = row.switches;
    match row.state {
        AttemptState::Ready | AttemptState::Refused if !campaign_dials => Swept::Withdraw,
        AttemptState::Ready | AttemptState::Refused if queue_paused => Swept::Leave,
        AttemptState::Ready if row.lease_until_db <= now_db => Swept::Ring,
        AttemptState::Refused if row.rearm_db.is_some_and(|at| at <= now_db) => Swept::Rearm,
        AttemptState::Sending if row.deadline_db.is_some_and(|at| at <= now_db) => Swept::Unsure,
        _ => Swept::Leave,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALS: Switches = Switches { queue_paused: false, campaign_dials: true };

    fn row(state: AttemptState) -> StaleRow {
        StaleRow { state, lease_until_db: 100, deadline_db: Some(100), rearm_db: Some(100), switches: DIALS }
    }

    #[test]
    fn each_state_is_swept_at_its_time_and_no_other_state_ever() {
        for state in AttemptState::ALL {
            let due = match state {
                AttemptState::Ready => Swept::Ring,
                AttemptState::Refused => Swept::Rearm,
                AttemptState::Sending => Swept::Unsure,
                _ => Swept::Leave,
            };
            assert_eq!(sweep(&row(*state), 99), Swept::Leave, "{state}");
            assert_eq!(sweep(&row(*state), 100), due, "{state}");
        }
    }

    #[test]
    fn a_campaign_that_stopped_gets_its_armed_leads_back_at_once() {
        for queue_paused in [false, true] {
            let switches = Switches { queue_paused, campaign_dials: false };
            for waits in [AttemptState::Ready, AttemptState::Refused] {
                assert_eq!(sweep(&StaleRow { switches, ..row(waits) }, 0), Swept::Withdraw, "{waits}");
            }
            assert_eq!(sweep(&StaleRow { switches, ..row(AttemptState::Sending) }, 0), Swept::Leave);
        }
    }

    #[test]
    fn while_the_queue_is_paused_nothing_is_rung_and_what_was_sent_is_still_looked_after() {
        let switches = Switches { queue_paused: true, campaign_dials: true };
        for state in AttemptState::ALL {
            let due = if *state == AttemptState::Sending { Swept::Unsure } else { Swept::Leave };
            assert_eq!(sweep(&StaleRow { switches, ..row(*state) }, 100), due, "{state}");
        }
    }
}
