//! The claim: one worker wins the right to send once. Everything is asked again here, because a ticket may be old.

use crate::domain::attempt::AttemptState;
use crate::domain::permit::{Denial, DialPermit, Gate};

/// What becomes of a ticket at the claim.
#[derive(Debug)]
pub enum Claim {
    /// Send once, with this right.
    Claimed(DialPermit),
    /// The row moved on, the ticket is a repeat, or the queue is paused (the row stays and is rung again): acknowledge and
    /// forget.
    Stale,
    /// A gate closed since the attempt was armed: give it back.
    Withdraw(Denial),
}

/// Which of the switches that stop dialing are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// The queue of dials is paused: what is armed waits.
    pub queue_paused: bool,
    /// The campaign dials: else what is armed is given back.
    pub campaign_dials: bool,
}

/// Decides a claim of `ticket_send_no` on a row in `state` at `send_no`.
#[must_use]
pub fn claim(state: AttemptState, send_no: u32, ticket_send_no: u32, switches: Switches, permit: Result<DialPermit, Denial>) -> Claim {
    if state != AttemptState::Ready || send_no != ticket_send_no || switches.queue_paused {
        return Claim::Stale;
    }
    match permit {
        _ if !switches.campaign_dials => Claim::Withdraw(not_dialling()),
        Ok(permit) => Claim::Claimed(permit),
        Err(denial) => Claim::Withdraw(denial),
    }
}

/// The campaign was paused, halted or cancelled after the attempt was armed.
#[must_use]
pub fn not_dialling() -> Denial {
    let rule = "only a running campaign calls".to_owned();
    Denial { gate: Gate::Campaign, rule, value: "the campaign does not dial".to_owned(), opens_at: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn closed() -> Denial {
        Denial { gate: Gate::Hours, rule: "day".to_owned(), value: "night".to_owned(), opens_at: Some(Timestamp::from_millis(9)) }
    }

    fn try_claim(state: AttemptState, row: u32, ticket: u32, campaign_dials: bool) -> Claim {
        claim(state, row, ticket, Switches { queue_paused: false, campaign_dials }, Err(closed()))
    }

    #[test]
    fn only_the_ready_row_of_this_very_send_is_claimed() {
        for state in AttemptState::ALL {
            for ticket in 1..=3 {
                let stale = matches!(try_claim(*state, 2, ticket, true), Claim::Stale);
                assert_eq!(stale, *state != AttemptState::Ready || ticket != 2, "{state} ticket {ticket}");
            }
        }
    }

    #[test]
    fn a_paused_queue_leaves_the_attempt_as_it_is_whatever_else_holds() {
        for campaign_dials in [true, false] {
            let paused = Switches { queue_paused: true, campaign_dials };
            assert!(matches!(claim(AttemptState::Ready, 1, 1, paused, Err(closed())), Claim::Stale), "{paused:?}");
        }
    }

    #[test]
    fn a_closed_gate_or_a_campaign_that_stopped_gives_the_attempt_back() {
        assert!(matches!(try_claim(AttemptState::Ready, 1, 1, true), Claim::Withdraw(denial) if denial == closed()));
        assert!(matches!(try_claim(AttemptState::Ready, 1, 1, false), Claim::Withdraw(denial) if denial.gate == Gate::Campaign));
    }
}
