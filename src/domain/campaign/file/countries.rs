//! Which countries a campaign calls: those it names, else those of its own numbers.

use super::problem::Problems;
use super::{CampaignFile, SettingError};
use crate::domain::campaign::Countries;
use crate::domain::phone::PhoneNumber;
use crate::domain::zone::{country_of, country_with_numbers_of, has_numbers};

/// What to write.
const CODES: &str = "write ISO 3166 codes like US or GB, or any";

impl CampaignFile {
    pub(super) fn countries(&self, problems: &mut Problems) -> Countries {
        if self.calls_any_country() {
            return Countries::Any;
        }
        for wrong in self.countries.iter().filter(|text| !is_code(text.trim())) {
            problems.add(SettingError::new("countries", wrong, CODES));
        }
        let mut only: Vec<String> = self.countries.iter().map(|text| text.trim().to_ascii_uppercase()).collect();
        if only.is_empty() {
            let own = self.caller_numbers.iter().filter_map(|text| PhoneNumber::from_e164(text.trim()).ok());
            only = own.filter_map(|number| country_of(&number)).map(ToOwned::to_owned).collect();
            only.sort_unstable();
            only.dedup();
        }
        Countries::Only(only)
    }

    /// Codes that no number belongs to: for their sake nobody would ever be called.
    pub(super) fn countries_without_numbers(&self) -> Vec<SettingError> {
        if self.calls_any_country() {
            return Vec::new();
        }
        let written = self.countries.iter().map(|text| text.trim()).filter(|text| is_code(text));
        written.filter_map(without_numbers).collect()
    }

    fn calls_any_country(&self) -> bool {
        self.countries.iter().any(|country| country.eq_ignore_ascii_case("any"))
    }
}

fn is_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic())
}

fn without_numbers(written: &str) -> Option<SettingError> {
    let code = written.to_ascii_uppercase();
    if has_numbers(&code) {
        return None;
    }
    let instead = country_with_numbers_of(&code).map_or_else(|| CODES.to_owned(), |meant| format!("did you mean {meant}?"));
    Some(SettingError::new("countries", written, format!("no calling code is of this country; {instead}")))
}
