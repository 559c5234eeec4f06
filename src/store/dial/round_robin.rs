//! Leads of one moment: a list stands whole classes of calling hours behind each other, and is called in all of them from the
//! beginning.

use std::collections::HashMap;

use super::due::DueLead;

/// By time. Of one moment comes the first lead of each class, then the second of each; classes go in the order given, and the leads
/// of a class stay in theirs.
pub(super) fn round_robin(leads: Vec<DueLead>, classes: &[i64]) -> Vec<DueLead> {
    let places: HashMap<i64, usize> = classes.iter().copied().zip(0..).collect();
    let mut rounds = HashMap::new();
    let mut turns = Vec::with_capacity(leads.len());
    for lead in leads {
        let round = rounds.entry((lead.due_at, lead.class)).or_insert(0_u32);
        *round += 1;
        turns.push(((lead.due_at, *round, places.get(&lead.class)), lead));
    }
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, lead)| lead).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::DialKind;
    use crate::domain::ids::LeadId;
    use crate::domain::time::Timestamp;

    fn due(class: i64, at: i64) -> DueLead {
        DueLead { lead: LeadId::new(), class, kind: DialKind::Fresh, due_at: Timestamp::from_millis(at) }
    }

    #[test]
    fn classes_take_turns_within_a_moment_and_a_later_moment_waits_for_the_whole_of_the_earlier_one() {
        let leads = vec![due(7, 0), due(7, 0), due(7, 0), due(7, 5), due(2, 0), due(2, 5), due(9, 5), due(9, 5)];
        let order = [0, 4, 1, 2, 6, 3, 5, 7].map(|nth: usize| leads[nth]);
        assert_eq!(round_robin(leads, &[9, 7, 2]), order);
    }
}
