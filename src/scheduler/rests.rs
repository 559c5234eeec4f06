//! Slow campaigns between two of their dials: since when nobody of theirs waits for a turn.
//!
//! Kept in memory. Of a campaign that this scheduler has not seen dial yet, the rows tell when it called last: a rest goes on
//! across schedulers, however often they begin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::dialing::rests_until;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;

/// What is known of their last dials. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Rests(Arc<Mutex<Known>>);

/// `None`: the campaign has called nobody yet.
type Known = HashMap<CampaignId, Option<Timestamp>>;

impl Rests {
    /// Forgets everything: another scheduler may have dialed meanwhile.
    pub(super) fn forget(&self) {
        self.known().clear();
    }

    /// Whether anything is known of this campaign.
    pub(super) fn knows(&self, campaign: CampaignId) -> bool {
        self.known().contains_key(&campaign)
    }

    /// What the rows tell.
    pub(super) fn learn(&self, campaign: CampaignId, last_call: Option<Timestamp>) {
        self.known().insert(campaign, last_call);
    }

    /// Somebody of this campaign waits for a turn: its last dial is yet to come.
    pub(super) fn note(&self, campaign: CampaignId, now: Timestamp) {
        self.known().insert(campaign, Some(now));
    }

    /// Until when a campaign rests that rests so long; `None` when it does not now. A clock that was put back ends the rest.
    pub(super) fn until(&self, campaign: CampaignId, rest: Duration, now: Timestamp) -> Option<Timestamp> {
        let last = (*self.known().get(&campaign)?)?;
        rests_until(last, rest, now)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_counted_from_the_last_call_and_the_last_time_that_somebody_waited() {
        let (rests, campaign, rest, at) = (Rests::default(), CampaignId::new(), Duration::from_millis(70), Timestamp::from_millis);
        assert!(rests.until(campaign, rest, at(5)).is_none() && !rests.knows(campaign), "nobody knows of anything before");
        rests.learn(campaign, None);
        assert!(rests.until(campaign, rest, at(5)).is_none() && rests.knows(campaign), "it has called nobody");
        rests.learn(campaign, Some(at(10)));
        assert_eq!((rests.until(campaign, rest, at(79)), rests.until(campaign, rest, at(80))), (Some(at(80)), None));
        rests.note(campaign, at(100));
        assert_eq!((rests.until(campaign, rest, at(100)), rests.until(campaign, rest, at(170))), (Some(at(170)), None));
        assert_eq!(rests.until(campaign, rest, at(99)), None, "the clock was put back");
        assert_eq!(rests.until(campaign, Duration::ZERO, at(100)), None);
        rests.forget();
        assert!(rests.until(campaign, rest, at(100)).is_none() && !rests.knows(campaign));
    }
}
