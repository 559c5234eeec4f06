//! Which class of calling hours a campaign goes on with: few leads fit into a look, and classes take turns over many of them.
//!
//! Kept in memory. Another scheduler begins anywhere in the circle, and every class comes within one round all the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::hours_class::HoursClass;
use crate::domain::ids::CampaignId;

/// The class of each campaign that had its turn last. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Rotation(Arc<Mutex<HashMap<CampaignId, i64>>>);

impl Rotation {
    /// A fresh lead of this class was its campaign's last one.
    pub(super) fn note(&self, campaign: CampaignId, class: i64) {
        self.last().insert(campaign, class);
    }

    /// A campaign's classes in the order of their turns: first the one behind the last, open or not.
    pub(super) fn go_on(&self, campaign: CampaignId, classes: &mut [HoursClass]) {
        let last = self.last().get(&campaign).copied();
        let next = classes.iter().position(|class| Some(class.id) == last).map_or(0, |at| at + 1);
        classes.rotate_left(next);
    }

    fn last(&self) -> std::sync::MutexGuard<'_, HashMap<CampaignId, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_turn_before_one_has_another() {
        let (rotation, campaign, other) = (Rotation::default(), CampaignId::new(), CampaignId::new());
        let order = |campaign| {
            let mut classes = [3, 5, 8].map(|id| HoursClass { id, ..HoursClass::unsorted() });
            rotation.go_on(campaign, &mut classes);
            classes.map(|class| class.id)
        };
        assert_eq!(order(campaign), [3, 5, 8]);
        for (last, then) in [(3, [5, 8, 3]), (5, [8, 3, 5]), (8, [3, 5, 8]), (4, [3, 5, 8])] {
            rotation.note(campaign, last);
            assert_eq!((order(campaign), order(other)), (then, [3, 5, 8]), "after {last}");
        }
    }
}
