//! Countries that the provider does not let a campaign call. It is remembered until somebody has permitted them and says so: leads
//! that come later would only be refused too.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::permit::{Denial, Gate};
use crate::domain::phone::PhoneNumber;
use crate::domain::zone::country_of_opening;

/// What the provider said to the first call of a country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedCountry {
    value: String,
    rule: String,
}

/// By country; a number of no country stands for those that begin like it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotPermitted(BTreeMap<String, RefusedCountry>);

impl RefusedCountry {
    /// The one text that all leads of the country have, those that wait now and those that come later.
    #[must_use]
    pub fn denial(&self) -> Denial {
        Denial { gate: Gate::Country, rule: self.rule.clone(), value: self.value.clone(), opens_at: None }
    }
}

impl NotPermitted {
    /// The refusal that holds for a number.
    #[must_use]
    pub fn of(&self, number: &PhoneNumber) -> Option<&RefusedCountry> {
        self.0.get(&*place(number.opening()))
    }

    /// Whether a refusal holds for numbers that begin with these four digits.
    #[must_use]
    pub fn refuses(&self, opening: &str) -> bool {
        self.0.contains_key(&*place(opening))
    }

    /// Whether nothing was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The country of a number, when it is refused: what [`Self::told_of`] is asked about.
    #[must_use]
    pub fn place_of(&self, number: &PhoneNumber) -> Option<&str> {
        self.0.get_key_value(&*place(number.opening())).map(|(place, _)| place.as_str())
    }

    /// Remembers that a call to this number was refused; the first refusal of a country stands. `said` is the provider's word.
    pub fn add(&mut self, number: &PhoneNumber, campaign: &str, said: &str) -> &RefusedCountry {
        let place = place(number.opening()).into_owned();
        let value = format!("calls to {place} are not permitted: {said}");
        let rule = format!("permit the country at the provider, then: callfleet leads retry --parked --campaign {campaign}");
        self.0.entry(place).or_insert(RefusedCountry { value, rule })
    }

    /// The country of this number was permitted; whether it was refused. Other countries stay as they are.
    pub fn remove(&mut self, number: &PhoneNumber) -> bool {
        self.0.remove(&*place(number.opening())).is_some()
    }

    /// What an operator should know, a sentence for each country.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        self.0.values().map(|refused| format!("{}; its leads are parked: {}", refused.value, refused.rule)).collect()
    }

    /// The same of leads that come later; `leads` says how many. Nothing when the country is refused no more.
    #[must_use]
    pub fn told_of(&self, place: &str, leads: &str) -> Option<String> {
        let refused = self.0.get(place)?;
        Some(format!("{leads} will not be called: {}; {}", refused.value, refused.rule))
    }
}

/// The four digits that a number begins with tell its country.
fn place(opening: &str) -> Cow<'static, str> {
    country_of_opening(opening).map_or_else(|| Cow::Owned(format!("numbers that begin with +{opening}")), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::from_e164(text).unwrap()
    }

    #[test]
    fn a_refusal_holds_for_its_country_alone_and_names_country_code_campaign_and_command() {
        let mut countries = NotPermitted::default();
        let why = countries.add(&number("+442079460000"), "spring", "the provider refused a call with code 21215").denial().why();
        assert_eq!(
            why,
            "country: calls to GB are not permitted: the provider refused a call with code 21215 \
             (permit the country at the provider, then: callfleet leads retry --parked --campaign spring)"
        );
        assert_eq!(countries.of(&number("+442079460999")).map(|refused| refused.denial().why()), Some(why.clone()));
        assert_eq!(countries.of(&number("+14155550123")), None);
        assert_eq!(countries.add(&number("+442079460001"), "spring", "another word").denial().why(), why, "the first stands");
    }

    #[test]
    fn a_country_that_was_permitted_is_forgotten_alone() {
        let [london, leeds, berlin] = ["+442079460000", "+441134960000", "+4930123456"].map(number);
        let mut countries = NotPermitted::default();
        for refused in [&london, &berlin] {
            countries.add(refused, "spring", "the provider refused a call with code 21215");
        }
        assert!(!countries.remove(&number("+14155550123")), "it was not refused");
        assert!(countries.remove(&leeds) && !countries.remove(&london), "they are of one country");
        assert!(countries.of(&london).is_none() && countries.of(&berlin).is_some());
    }

    #[test]
    fn a_number_of_no_country_stands_for_those_that_begin_like_it() {
        let mut countries = NotPermitted::default();
        countries.add(&number("+88161234567"), "spring", "the provider refused a call with code 21215");
        assert!(countries.of(&number("+88169999999")).is_some() && countries.of(&number("+88210000000")).is_none());
        assert_eq!(
            countries.told(),
            ["calls to numbers that begin with +8816 are not permitted: the provider refused a call with code 21215; its leads are \
              parked: permit the country at the provider, then: callfleet leads retry --parked --campaign spring"]
        );
    }
}
