//! Rows of a list that were taken and that somebody should look at: how many for each reason, and where the first of them stand.
//! They are kept with their import, so that one that was cut off tells them of its whole list.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use crate::word_enum;

/// Lines that are named for each reason.
const NAMED: usize = 10;

word_enum! {
    /// Why somebody should look at a row that was taken.
    pub enum DoubtCode {
        /// The campaign asks for a consent basis, and the row has none: it will not be called.
        NoConsentBasis = "no_consent_basis",
        /// The row says when consent was given, or where the record of it is, and not what it allows.
        ConsentWithoutBasis = "consent_without_basis",
        /// The campaign does not call the number's country.
        CountryNotCalled = "country_not_called",
        /// The provider does not let the campaign call the number's country.
        CountryNotPermitted = "country_not_permitted",
        /// A spreadsheet's mark of text stood in front of the number and was left out: it is in doubt what else the sheet has changed.
        LeadingApostrophe = "leading_apostrophe",
        /// The number is a figure that ends in five zeros, as a spreadsheet leaves them of one that it has rounded.
        RoundedFigure = "rounded_figure",
    }
}

/// What was found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Doubts {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows by reason; a row may have several.
    #[serde(deserialize_with = "known")]
    pub by_code: BTreeMap<DoubtCode, u64>,
    /// The first lines of each reason.
    #[serde(deserialize_with = "known")]
    pub lines: BTreeMap<DoubtCode, BTreeSet<u64>>,
    /// Rows of countries that are not called, by country; those of no known country by an empty name.
    pub abroad: BTreeMap<String, u64>,
    /// Rows of countries that the provider does not let the campaign call, by the name that its refusals have for them.
    pub not_permitted: BTreeMap<String, u64>,
    /// Rows without a value that the agent's lines say, by its name.
    pub lacking: BTreeMap<String, u64>,
}

impl Doubts {
    /// Counts a row. The leads of a long list come in the order of their numbers, so the first lines are not the first that come.
    pub fn add(&mut self, code: DoubtCode, line: u64) {
        *self.by_code.entry(code).or_default() += 1;
        let lines = self.lines.entry(code).or_default();
        if lines.len() < NAMED || lines.last().is_some_and(|last| line < *last) {
            lines.insert(line);
        }
        if lines.len() > NAMED {
            lines.pop_last();
        }
    }

    /// Counts a row that lacks a value.
    pub fn lack(&mut self, name: &str) {
        *self.lacking.entry(name.to_owned()).or_default() += 1;
    }

    /// How many rows there are of a reason.
    #[must_use]
    pub fn of(&self, code: DoubtCode) -> u64 {
        self.by_code.get(&code).copied().unwrap_or_default()
    }
}

/// By reason, without those that only a later version knows: it may have read the list while this one still runs beside it.
fn known<'de, D: Deserializer<'de>, V: Deserialize<'de>>(kept: D) -> Result<BTreeMap<DoubtCode, V>, D::Error> {
    let all = BTreeMap::<String, V>::deserialize(kept)?;
    Ok(all.into_iter().filter_map(|(code, found)| Some((code.parse().ok()?, found))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_are_kept_in_whatever_order_rows_come() {
        let mut doubts = Doubts::default();
        for at in 0..1_000 {
            doubts.add(DoubtCode::NoConsentBasis, 2 + at * 7_919 % 1_000);
        }
        doubts.add(DoubtCode::CountryNotCalled, 5);
        assert_eq!((doubts.of(DoubtCode::NoConsentBasis), doubts.of(DoubtCode::ConsentWithoutBasis)), (1_000, 0));
        assert_eq!(doubts.lines[&DoubtCode::NoConsentBasis], (2..2 + NAMED as u64).collect());
        assert_eq!(doubts.lines[&DoubtCode::CountryNotCalled], BTreeSet::from([5]));
    }

    #[test]
    fn the_page_explains_every_reason() {
        let page = include_str!("../../docs/leads.md");
        for code in DoubtCode::ALL {
            assert!(page.contains(&format!("| `{code}` |")), "{code}");
        }
    }

    #[test]
    fn they_come_back_as_they_were_kept_and_an_import_without_any_has_none() {
        let mut doubts = Doubts { rows: 7, abroad: BTreeMap::from([(String::new(), 1)]), ..Doubts::default() };
        doubts.add(DoubtCode::CountryNotCalled, 5);
        doubts.lack("city");
        let kept = serde_json::to_string(&doubts).unwrap();
        assert_eq!(serde_json::from_str::<Doubts>(&kept).unwrap(), doubts);
        assert_eq!(serde_json::from_str::<Doubts>("{}").unwrap(), Doubts::default());
    }

    #[test]
    fn a_reason_of_a_later_version_is_passed_over() {
        let later =
            r#"{ "rows": 4, "by_code": { "born_tomorrow": 3, "no_consent_basis": 1 }, "lines": { "born_tomorrow": [2] }, "more": 1 }"#;
        let read: Doubts = serde_json::from_str(later).unwrap();
        assert_eq!((read.rows, read.by_code, read.lines), (4, BTreeMap::from([(DoubtCode::NoConsentBasis, 1)]), BTreeMap::new()));
    }
}
