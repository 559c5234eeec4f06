//! Leads of countries that their campaign does not call: counted, and told with the command that helps.

use std::collections::BTreeMap;

use crate::domain::campaign::Countries;
use crate::domain::count::are;
use crate::domain::zone::country_of_opening;

/// Countries that are told by name; a list of more is rather the wrong list.
const NAMED: usize = 8;

/// How many leads lie in which country that is not called.
#[derive(Debug, Clone, Default)]
pub struct Abroad {
    /// Those that are called; empty when all are, or nobody knows yet.
    called: Vec<String>,
    /// All leads that were counted.
    leads: u64,
    /// Those of other countries; an empty name for numbers of no country.
    elsewhere: BTreeMap<String, u64>,
    /// How many of these are parked already and have a country: they come back when somebody says so.
    parked: u64,
}

impl Abroad {
    /// Of a campaign that calls these.
    #[must_use]
    pub fn of(countries: &Countries) -> Self {
        let called = match countries {
            Countries::Any => Vec::new(),
            Countries::Only(called) => called.clone(),
        };
        Self { called, ..Self::default() }
    }

    /// Whether every country is called, so that no lead can be in another one.
    #[must_use]
    pub const fn is_nowhere(&self) -> bool {
        self.called.is_empty()
    }

    /// Goes on behind so many leads, of which these were elsewhere; those of countries that are called by now are so no more.
    #[must_use]
    pub fn going_on(self, leads: u64, mut elsewhere: BTreeMap<String, u64>) -> Self {
        elsewhere.retain(|country, _| !self.calls((!country.is_empty()).then_some(country)));
        Self { leads, elsewhere, ..self }
    }

    /// Those of countries that are not called, by country; numbers of no country by an empty name.
    #[must_use]
    pub const fn elsewhere(&self) -> &BTreeMap<String, u64> {
        &self.elsewhere
    }

    /// All leads that were counted.
    #[must_use]
    pub const fn leads(&self) -> u64 {
        self.leads
    }

    /// Counts leads that are called, as whoever looked their numbers up knows.
    pub const fn add_called(&mut self, leads: u64) {
        self.leads += leads;
    }

    /// Counts leads whose numbers begin with these four digits; whether they are called.
    pub fn add(&mut self, opening: &str, leads: u64) -> bool {
        self.leads += leads;
        let country = country_of_opening(opening);
        if self.calls(country) {
            return true;
        }
        let country = country.unwrap_or_default();
        match self.elsewhere.get_mut(country) {
            Some(counted) => *counted += leads,
            None => drop(self.elsewhere.insert(country.to_owned(), leads)),
        }
        false
    }

    /// Tells how many of the leads that were counted so are parked.
    pub fn add_parked(&mut self, opening: &str, leads: u64) {
        let country = country_of_opening(opening);
        if country.is_some() && !self.calls(country) {
            self.parked += leads;
        }
    }

    fn calls(&self, country: Option<&str>) -> bool {
        self.is_nowhere() || country.is_some_and(|country| self.called.iter().any(|called| called == country))
    }

    /// How many will not be called.
    #[must_use]
    pub fn uncalled(&self) -> u64 {
        self.elsewhere.values().sum()
    }

    /// What an operator should know; `noun` says what was counted.
    #[must_use]
    pub fn told(&self, campaign: &str, noun: &str) -> Option<String> {
        let uncalled = self.uncalled();
        let (where_, called) = (self.places(), self.called.join(", "));
        (uncalled > 0).then(|| {
            format!(
                "{uncalled} of {} {} of {where_}, which this campaign does not call (countries = {called}): {}",
                self.leads,
                self.with_numbers(noun),
                self.helps(campaign)
            )
        })
    }

    /// `rows have numbers`, `rows has a number`, or of a single one `row has a number`.
    fn with_numbers(&self, noun: &str) -> String {
        let noun = if self.leads == 1 { noun.trim_end_matches('s') } else { noun };
        let verb = if self.uncalled() == 1 { "has a number" } else { "have numbers" };
        format!("{noun} {verb}")
    }

    /// No country that is added calls a number of none, and `any` for the sake of one would call the whole world.
    fn helps(&self, campaign: &str) -> String {
        const OF_NONE: &str = "are toll-free, not geographic or not assigned, and no country that is added calls them";
        let widened = self.widened().map(|countries| format!("callfleet campaign set {campaign} countries={countries}"));
        match (widened, self.elsewhere.contains_key("")) {
            (Some(set), false) => set + &self.brought_back(campaign),
            (Some(set), true) => format!("{set}{}; those of no known country {OF_NONE}", self.brought_back(campaign)),
            (None, _) => format!("they {OF_NONE}"),
        }
    }

    /// What else helps those that are parked.
    fn brought_back(&self, campaign: &str) -> String {
        match self.parked {
            0 => String::new(),
            parked => {
                let are = are(&parked);
                format!(", and for the {parked} of them that {are} parked: callfleet leads retry --parked --campaign {campaign}")
            }
        }
    }

    /// Most leads first.
    fn sorted(&self) -> Vec<(&str, u64)> {
        let mut places: Vec<_> = self.elsewhere.iter().map(|(country, leads)| (country.as_str(), *leads)).collect();
        places.sort_by_key(|(_, leads)| std::cmp::Reverse(*leads));
        places
    }

    /// `MX`, or `MX (400), CA (12), no known country (3)`.
    fn places(&self) -> String {
        let places = self.sorted();
        if let [(country, _)] = places[..] {
            return name(country).to_owned();
        }
        let named: Vec<String> = places.iter().take(NAMED).map(|(country, leads)| format!("{} ({leads})", name(country))).collect();
        let more = if places.len() > NAMED { format!(" and {} more", places.len() - NAMED) } else { String::new() };
        format!("{}{more}", named.join(", "))
    }

    /// What `countries` would be with them; `None` when none of them has a country.
    fn widened(&self) -> Option<String> {
        let known: Vec<&str> =
            self.sorted().into_iter().map(|(country, _)| country).filter(|country| !country.is_empty()).take(NAMED).collect();
        if known.is_empty() {
            return None;
        }
        let called = self.called.iter().map(String::as_str);
        Some(called.chain(known).collect::<Vec<_>>().join(","))
    }
}

const fn name(country: &str) -> &str {
    if country.is_empty() { "no known country" } else { country }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(countries: &Countries, openings: &[(&str, u64)]) -> Option<String> {
        let mut abroad = Abroad::of(countries);
        for (opening, leads) in openings {
            abroad.add(opening, *leads);
        }
        abroad.told("spring", "leads")
    }

    fn only(called: &[&str]) -> Countries {
        Countries::Only(called.iter().map(ToString::to_string).collect())
    }

    /// Countries that are called, leads by the openings of their numbers, what is told.
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, u64)], &'a str);

    #[test]
    fn leads_of_other_countries_are_told_with_what_calls_them() {
        let cases: [Case<'_>; 4] = [
            (
                &["US"],
                &[("1415", 588), ("5255", 412)],
                "412 of 1000 leads have numbers of MX, which this campaign does not call (countries = US): \
                 callfleet campaign set spring countries=US,MX",
            ),
            (
                &["US", "GB"],
                &[("1416", 2), ("5255", 9), ("1800", 1), ("4420", 1)],
                "12 of 13 leads have numbers of MX (9), CA (2), no known country (1), which this campaign does not call \
                 (countries = US, GB): callfleet campaign set spring countries=US,GB,MX,CA; those of no known country are \
                 toll-free, not geographic or not assigned, and no country that is added calls them",
            ),
            (
                &["US"],
                &[("1800", 3)],
                "3 of 3 leads have numbers of no known country, which this campaign does not call (countries = US): \
                 they are toll-free, not geographic or not assigned, and no country that is added calls them",
            ),
            (
                &["US"],
                &[
                    ("4420", 1),
                    ("4930", 1),
                    ("3314", 1),
                    ("3906", 1),
                    ("3491", 1),
                    ("4143", 1),
                    ("4613", 1),
                    ("4525", 1),
                    ("4721", 1),
                    ("5255", 2),
                ],
                "11 of 11 leads have numbers of MX (2), CH (1), DE (1), DK (1), ES (1), FR (1), GB (1), IT (1) and 2 more, which this \
                 campaign does not call (countries = US): callfleet campaign set spring countries=US,MX,CH,DE,DK,ES,FR,GB,IT",
            ),
        ];
        for (called, openings, expected) in cases {
            assert_eq!(told(&only(called), openings).as_deref(), Some(expected));
        }
    }

    #[test]
    fn one_is_not_many() {
        for (leads, begins) in [(1, "1 of 1 lead has a number of MX, which"), (2, "2 of 2 leads have numbers of MX, which")] {
            let told = told(&only(&["US"]), &[("5255", leads)]).unwrap();
            assert!(told.starts_with(begins), "{told}");
        }
    }

    #[test]
    fn those_that_are_parked_already_are_told_what_brings_them_back() {
        let mut abroad = Abroad::of(&only(&["US"]));
        for (opening, leads, parked) in [("1415", 588, 7), ("5255", 412, 3)] {
            abroad.add(opening, leads);
            abroad.add_parked(opening, parked);
        }
        let told = "412 of 1000 leads have numbers of MX, which this campaign does not call (countries = US): \
                    callfleet campaign set spring countries=US,MX, and for the 3 of them that are parked: \
                    callfleet leads retry --parked --campaign spring";
        assert_eq!(abroad.told("spring", "leads").as_deref(), Some(told));
        let mut one = Abroad::of(&only(&["US"]));
        one.add("5255", 1);
        one.add_parked("5255", 1);
        assert!(one.told("spring", "leads").unwrap().contains(", and for the 1 of them that is parked: "), "{one:?}");
    }

    #[test]
    fn counting_goes_on_where_an_earlier_run_stopped() {
        let mut begun = Abroad::of(&only(&["US"]));
        assert_eq!(["5255", "1415", "1800"].map(|opening| begun.add(opening, 1)), [false, true, false]);
        let mut gone_on = Abroad::of(&only(&["US"])).going_on(3, begun.elsewhere().clone());
        gone_on.add("5255", 2);
        let told = "4 of 5 leads have numbers of MX (3), no known country (1), which";
        assert!(gone_on.told("spring", "leads").unwrap().starts_with(told), "{gone_on:?}");
    }

    #[test]
    fn a_country_that_was_added_before_counting_goes_on_is_told_no_more() {
        let found = || BTreeMap::from([("MX".to_owned(), 2), (String::new(), 1)]);
        let told = Abroad::of(&only(&["US", "MX"])).going_on(5, found()).told("spring", "leads").unwrap();
        assert!(told.starts_with("1 of 5 leads has a number of no known country, which"), "{told}");
        for everywhere in [Abroad::of(&Countries::Any), Abroad::default()] {
            assert_eq!(everywhere.going_on(5, found()).told("spring", "leads"), None);
        }
    }

    #[test]
    fn who_calls_everybody_or_has_no_numbers_yet_is_told_nothing() {
        for countries in [Countries::Any, only(&[]), only(&["MX"])] {
            assert_eq!(told(&countries, &[("5255", 3)]), None, "{countries:?}");
        }
    }
}
