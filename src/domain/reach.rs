//! Leads of countries that their campaign will not call: it does not name them, or the provider does not let it. A list has many rows
//! and few beginnings of numbers, so a beginning that is called is looked up once.

use std::collections::BTreeMap;

use crate::domain::abroad::Abroad;
use crate::domain::count::counted;
use crate::domain::doubts::{DoubtCode, Doubts};
use crate::domain::not_permitted::NotPermitted;
use crate::domain::phone::PhoneNumber;

/// Four digits, as a figure.
const OPENINGS: usize = 10_000;

/// How far a campaign reaches, and how many leads lie beyond.
#[derive(Debug, Clone)]
pub struct Reach {
    abroad: Abroad,
    not_permitted: NotPermitted,
    /// Leads of countries that are not permitted, by the name that their refusals have for them.
    refused: BTreeMap<String, u64>,
    /// Beginnings that were looked up and are called; none at all where everybody is.
    called: Vec<bool>,
}

impl Reach {
    /// Goes on behind what an earlier run found.
    #[must_use]
    pub fn of(abroad: Abroad, not_permitted: NotPermitted, found: &Doubts) -> Self {
        let is_everywhere = abroad.is_nowhere() && not_permitted.is_empty();
        let called = if is_everywhere { Vec::new() } else { vec![false; OPENINGS] };
        let abroad = abroad.going_on(found.rows, found.abroad.clone());
        Self { abroad, not_permitted, refused: found.not_permitted.clone(), called }
    }

    /// Counts a lead; why its country will not be called.
    pub fn add(&mut self, number: &PhoneNumber) -> Option<DoubtCode> {
        let at = figure(number.opening());
        if self.called.get(at).is_none_or(|called| *called) {
            self.abroad.add_called(1);
            return None;
        }
        let found = self.look_up(number);
        self.called[at] = found.is_none();
        found
    }

    /// Counts a lead whose country is of no concern.
    pub const fn pass(&mut self) {
        self.abroad.add_called(1);
    }

    /// As the gate does: the campaign's own choice comes first.
    fn look_up(&mut self, number: &PhoneNumber) -> Option<DoubtCode> {
        if !self.abroad.add(number.opening(), 1) {
            return Some(DoubtCode::CountryNotCalled);
        }
        let place = self.not_permitted.place_of(number)?;
        match self.refused.get_mut(place) {
            Some(leads) => *leads += 1,
            None => drop(self.refused.insert(place.to_owned(), 1)),
        }
        Some(DoubtCode::CountryNotPermitted)
    }

    /// What was found so far, with these other doubts.
    #[must_use]
    pub fn with(&self, doubts: Doubts) -> Doubts {
        Doubts { abroad: self.abroad.elsewhere().clone(), not_permitted: self.refused.clone(), ..doubts }
    }

    /// What an operator should know of it; `noun` says what was counted.
    #[must_use]
    pub fn told(&self, campaign: &str, noun: &str) -> Vec<String> {
        let all = counted(self.abroad.leads(), noun);
        let refused = |(place, leads): (&String, &u64)| self.not_permitted.told_of(place, &format!("{leads} of {all}"));
        self.abroad.told(campaign, &format!("{noun}s")).into_iter().chain(self.refused.iter().filter_map(refused)).collect()
    }
}

fn figure(opening: &str) -> usize {
    opening.bytes().fold(0, |figure, digit| figure * 10 + usize::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::campaign::Countries;

    const REFUSED: &str = "the provider refused a call with code 21215";

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::from_e164(text).unwrap()
    }

    fn only(called: &[&str]) -> Abroad {
        Abroad::of(&Countries::Only(called.iter().map(ToString::to_string).collect()))
    }

    fn not_permitted(numbers: &[&str]) -> NotPermitted {
        let mut countries = NotPermitted::default();
        for refused in numbers {
            countries.add(&number(refused), "spring", REFUSED);
        }
        countries
    }

    fn added(reach: &mut Reach, numbers: &[&str]) -> Vec<Option<DoubtCode>> {
        numbers.iter().map(|added| reach.add(&number(added))).collect()
    }

    #[test]
    fn every_lead_is_told_by_what_keeps_it_from_being_called_first() {
        let mut reach = Reach::of(only(&["US", "GB"]), not_permitted(&["+442079460000", "+525512345678"]), &Doubts::default());
        let numbers = ["+14155550100", "+442079460001", "+525512345678", "+14155550101", "+442079460002", "+14165550100", "+88161234567"];
        let found = added(&mut reach, &numbers);
        let (no, refused) = (Some(DoubtCode::CountryNotCalled), Some(DoubtCode::CountryNotPermitted));
        assert_eq!(found, [None, refused, no, None, refused, no, no]);
        assert_eq!(
            reach.told("spring", "row"),
            [
                "3 of 7 rows have numbers of no known country (1), CA (1), MX (1), which this campaign does not call (countries = US, GB): \
                 callfleet campaign set spring countries=US,GB,CA,MX; those of no known country are toll-free, not geographic or not \
                 assigned, and no country that is added calls them",
                "2 of 7 rows will not be called: calls to GB are not permitted: the provider refused a call with code 21215; permit the \
                 country at the provider, then: callfleet leads retry --parked --campaign spring",
            ]
        );
    }

    #[test]
    fn who_calls_everybody_is_kept_only_from_what_the_provider_refused() {
        let mut everywhere = Reach::of(Abroad::of(&Countries::Any), NotPermitted::default(), &Doubts::default());
        assert!(added(&mut everywhere, &["+14155550100", "+525512345678", "+88161234567"]).iter().all(Option::is_none));
        assert!(everywhere.told("spring", "row").is_empty() && everywhere.with(Doubts::default()) == Doubts::default());
        let mut refused = Reach::of(Abroad::of(&Countries::Any), not_permitted(&["+88161234567"]), &Doubts::default());
        let found = added(&mut refused, &["+88161234567", "+88210000000", "+14155550100"]);
        assert_eq!(found, [Some(DoubtCode::CountryNotPermitted), None, None]);
        let told = "1 of 3 rows will not be called: calls to numbers that begin with +8816 are not permitted: ";
        assert!(refused.told("spring", "row")[0].starts_with(told), "{refused:?}");
    }

    #[test]
    fn counting_goes_on_where_an_earlier_run_stopped_and_what_was_permitted_meanwhile_is_told_no_more() {
        let begun = || {
            let mut begun = Reach::of(only(&["US"]), not_permitted(&["+14155550100"]), &Doubts::default());
            added(&mut begun, &["+14155550100", "+525512345678"]);
            begun.with(Doubts { rows: 2, ..Doubts::default() })
        };
        let mut gone_on = Reach::of(only(&["US"]), not_permitted(&["+14155550100"]), &begun());
        added(&mut gone_on, &["+12125550100"]);
        assert!(gone_on.told("spring", "row")[1].starts_with("2 of 3 rows will not be called: calls to US"), "{gone_on:?}");
        let permitted = Reach::of(only(&["US"]), NotPermitted::default(), &begun());
        assert_eq!(permitted.told("spring", "row").len(), 1, "{permitted:?}");
    }
}
