//! Leads that wait to be stored, in the order in which a database likes them.

use std::collections::HashSet;

use super::ListLead;
use crate::domain::hours_class::HoursClass;
use crate::domain::ids::LeadId;
use crate::domain::phone::PhoneNumber;
use crate::store::{StoreError, hours_class};

/// A lead with the id it gets if it is new, and whether it is on a do-not-call list.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub(super) id: LeadId,
    pub(super) lead: ListLead,
    pub(super) suppressed: bool,
    pub(super) hours_class: i64,
}

impl Fresh {
    pub(super) const fn state(&self) -> &'static str {
        if self.suppressed { "suppressed" } else { "new" }
    }

    pub(super) fn disposition(&self) -> Option<&'static str> {
        self.suppressed.then_some("dnc")
    }
}

/// Leads that are ready to be stored: everything that needs no database is done.
///
/// Ids grow in the order of the list; the rows stand in the order of their numbers, so that the index of numbers is walked
/// once instead of jumped about in, and two imports at once take their locks in the same order.
#[derive(Debug, Clone)]
pub struct ListBatch {
    pub(super) rows: Vec<Fresh>,
    pub(super) classes: Vec<HoursClass>,
}

impl ListBatch {
    /// Gives them ids and sorts them.
    ///
    /// # Errors
    /// A lead's zones are no JSON list.
    pub fn of(leads: Vec<ListLead>) -> Result<Self, StoreError> {
        let (ids, classes) = hours_class::sort(&leads)?;
        // the states have told the class of hours and are not stored: their room goes before the rows wait
        let fresh = |(lead, hours_class)| Fresh {
            id: LeadId::new(),
            lead: ListLead { states: Vec::new(), ..lead },
            suppressed: false,
            hours_class,
        };
        let mut rows: Vec<Fresh> = leads.into_iter().zip(ids).map(fresh).collect();
        rows.sort_by(|one, other| one.lead.phone_number.cmp(&other.lead.phone_number));
        Ok(Self { rows, classes })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All of them, in the order of their numbers.
    pub fn leads(&self) -> impl Iterator<Item = &ListLead> {
        self.rows.iter().map(|row| &row.lead)
    }

    /// One statement may update a row only once, so of several rows with one number the last one speaks.
    pub(super) fn keep_last_of_each_number(&mut self) {
        self.rows.dedup_by(|later, kept| {
            let same = later.lead.phone_number == kept.lead.phone_number;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
    }

    /// Marks those that must not be called, and says which they are.
    pub(super) fn suppress(&mut self, never: &HashSet<PhoneNumber>) -> HashSet<LeadId> {
        let marked = self.rows.iter_mut().filter(|row| !never.is_empty() && never.contains(&row.lead.phone_number));
        marked
            .map(|row| {
                row.suppressed = true;
                row.id
            })
            .collect()
    }
}
