//! Rows that are stored and will not be called as the campaign stands: nobody says why the person may be called, or the number
//! belongs to a country it does not call.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::start::requires_consent;
use crate::domain::abroad::Abroad;
use crate::domain::count::counted;
use crate::domain::phone::PhoneNumber;
use crate::store::campaign::Campaign;

/// Why a row that was taken will not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtCode {
    /// The campaign asks for a consent basis, and the row has none.
    NoConsentBasis,
    /// The campaign does not call the number's country.
    CountryNotCalled,
}

/// What an answer says of such rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Doubts {
    /// Rows by reason; a row may have both.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    doubts_by_code: BTreeMap<DoubtCode, u64>,
}

/// Counts rows that can be used.
#[derive(Debug, Clone)]
pub struct Uncalled {
    campaign: String,
    requires_consent: bool,
    rows: u64,
    without_consent: u64,
    abroad: Abroad,
}

impl Uncalled {
    /// No row yet. Of a draft without caller numbers nobody knows yet which countries it calls.
    pub fn of(campaign: &Campaign) -> Self {
        let abroad = campaign.checked_settings().map(|settings| Abroad::of(&settings.countries)).unwrap_or_default();
        let (campaign, requires_consent) = (campaign.name.clone(), requires_consent(campaign));
        Self { campaign, requires_consent, rows: 0, without_consent: 0, abroad }
    }

    /// Counts more rows: their numbers, and whether they have a consent basis.
    pub fn add<'a>(&mut self, rows: impl Iterator<Item = (&'a PhoneNumber, bool)>) {
        for (number, has_consent) in rows {
            self.rows += 1;
            self.without_consent += u64::from(self.requires_consent && !has_consent);
            self.abroad.add(number.opening(), 1);
        }
    }

    /// How many rows, by reason.
    pub fn doubts(&self) -> Doubts {
        let counts = [(DoubtCode::NoConsentBasis, self.without_consent), (DoubtCode::CountryNotCalled, self.abroad.uncalled())];
        Doubts { doubts_by_code: counts.into_iter().filter(|(_, rows)| *rows > 0).collect() }
    }

    /// What the operator should know of them.
    pub fn warnings(&self) -> Vec<String> {
        let Self { rows, without_consent: without, .. } = self;
        let unasked = (*without > 0)
            .then(|| format!("{without} of {} have no consent_basis; leads without one will not be called", counted(*rows, "row")));
        unasked.into_iter().chain(self.abroad.told(&self.campaign, "rows")).collect()
    }
}
