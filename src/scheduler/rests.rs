//! Slow campaigns between two of their dials: since when nobody of theirs waits for a turn.
//!
//! Kept in memory. A scheduler that has just begun does not know when they dialed last, so each rests once more, as the pacer
//! lets everybody wait once when it may have forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;

/// What is known of their last dials. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Rests(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    begun: Option<Timestamp>,
    waited: HashMap<CampaignId, Timestamp>,
}

impl Rests {
    /// Forgets everything: this scheduler begins now.
    pub(super) fn begin(&self, now: Timestamp) {
        *self.known() = Known { begun: Some(now), waited: HashMap::new() };
    }

    /// Somebody of this campaign waits for a turn: its last dial is yet to come.
    pub(super) fn note(&self, campaign: CampaignId, now: Timestamp) {
        self.known().waited.insert(campaign, now);
    }

    /// Until when a campaign rests that rests so long; `None` when it does not now. A clock that was put back ends the rest.
    pub(super) fn until(&self, campaign: CampaignId, rest: Duration, now: Timestamp) -> Option<Timestamp> {
        let known = self.known();
        let last = known.waited.get(&campaign).copied().or(known.begun)?;
        (last <= now && now < last + rest).then(|| last + rest)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_counted_from_the_last_time_that_somebody_waited() {
        let (rests, campaign, rest, at) = (Rests::default(), CampaignId::new(), Duration::from_millis(70), Timestamp::from_millis);
        assert_eq!(rests.until(campaign, rest, at(5)), None, "nobody knows of anything before");
        rests.begin(at(10));
        assert_eq!((rests.until(campaign, rest, at(79)), rests.until(campaign, rest, at(80))), (Some(at(80)), None));
        rests.note(campaign, at(100));
        assert_eq!((rests.until(campaign, rest, at(100)), rests.until(campaign, rest, at(170))), (Some(at(170)), None));
        assert_eq!(rests.until(campaign, rest, at(99)), None, "the clock was put back");
        assert_eq!(rests.until(campaign, Duration::ZERO, at(100)), None);
    }
}
