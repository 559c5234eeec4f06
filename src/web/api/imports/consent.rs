//! Rows that do not say why the person may be called, where the campaign asks for it.

use super::super::start::requires_consent;
use crate::domain::count::counted;
use crate::store::campaign::Campaign;

/// Rows that can be used, and those among them without a consent basis.
#[derive(Debug, Clone, Copy, Default)]
pub struct Consent {
    rows: u64,
    without: u64,
}

impl Consent {
    /// Counts more rows.
    pub const fn add(&mut self, rows: u64, without: u64) {
        self.rows += rows;
        self.without += without;
    }

    /// What the operator should know of them.
    pub fn warning(self, campaign: &Campaign) -> Option<String> {
        let Self { rows, without } = self;
        let matters = without > 0 && requires_consent(campaign);
        matters.then(|| format!("{without} of {} have no consent_basis; leads without one will not be called", counted(rows, "row")))
    }
}
