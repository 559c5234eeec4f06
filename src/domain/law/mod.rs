//! What the law says about when and how often a call may begin, as data: `rules.tsv`, one cited rule a row.
//!
//! Which rules hold is decided by the callee's number and the state a list gives; where several may hold, all of them do.
//! A campaign's own hours and caps are cut with these. None of this is legal advice.

mod holidays;
mod read;

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::civil::Date;

use crate::domain::count::counted;
use crate::domain::phone::PhoneNumber;
use crate::domain::window::{Calendar, CallingWindow, Hours};
use crate::domain::zone::{country_of, state_of};
use crate::word_enum;
use holidays::Yearly;

word_enum! {
    /// How the states of the United States are read.
    pub enum Profile {
        /// Hours and caps that suit every state whose law was checked, in all of them; narrower states are cut on top.
        Strict = "strict",
        /// Federal law and the callee's own state.
        States = "states",
    }
}

word_enum! {
    /// How well a rule is known.
    pub enum Source {
        /// From a legal guide that was checked against the text of the law.
        Checked = "checked",
        /// Taken from a trade page.
        Secondary = "secondary",
        /// Our own caution; no law says so.
        House = "house",
    }
}

/// How a campaign takes the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LawChoice {
    /// How the states are read.
    pub profile: Profile,
    /// The operator gave a reason to call outside the lawful hours.
    pub hours_lifted: bool,
    /// The operator gave a reason to call more often than the law says.
    pub caps_lifted: bool,
}

impl LawChoice {
    /// Strict, nothing lifted.
    pub const STRICT: Self = Self { profile: Profile::Strict, hours_lifted: false, caps_lifted: false };
    /// Everything lifted: calls to oneself, trials.
    pub const LIFTED: Self = Self { profile: Profile::Strict, hours_lifted: true, caps_lifted: true };
}

/// What a rule rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// How well it is known.
    pub source: Source,
    /// The text it stands in.
    pub text: &'static str,
    /// When it was last looked at.
    pub as_of: Date,
}

/// One rule about hours: on these weekdays (Monday first), or on the dates of a calendar.
#[derive(Debug, Clone)]
pub struct HoursRule {
    days: [bool; 7],
    dates: Option<&'static [Yearly]>,
    hours: Option<Hours>,
    from: Option<Date>,
    /// What it rests on.
    pub citation: Citation,
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl HoursRule {
    /// `Monday to Saturday 09:00-20:00`.
    fn words(&self) -> String {
        let named: Vec<&str> = DAYS.iter().zip(self.days).filter(|(_, on)| *on).map(|(day, _)| *day).collect();
        let days = match named[..] {
            [] => "on holidays".to_owned(),
            [one] => one.to_owned(),
            [first, .., last] => format!("{first} to {last}"),
        };
        let hours = self.hours.map_or("no calls".to_owned(), |hours| hours.to_string());
        let from = self.from.map(|from| format!(" from {from}")).unwrap_or_default();
        format!("{days} {hours}{from}")
    }

    fn holds_on(&self, date: Date) -> bool {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        let on_day = self.dates.map_or(self.days[weekday], |dates| dates.iter().any(|yearly| yearly.is(date)));
        on_day && self.from.is_none_or(|from| date >= from)
    }
}

/// At most so many calls to one number within a span, whoever calls.
#[derive(Debug, Clone)]
pub struct CapRule {
    /// How many.
    pub most: u32,
    /// Within this long.
    pub within: Duration,
    /// What it rests on.
    pub citation: Citation,
}

/// The rules of one place.
#[derive(Debug, Clone)]
pub struct Jurisdiction {
    /// `us-tx`.
    pub id: &'static str,
    hours: Vec<HoursRule>,
    /// Caps per number.
    pub caps: Vec<CapRule>,
    /// What consent it asks for, and where it says so.
    pub consent: Option<(&'static str, Citation)>,
    /// The registry of people who do not want to be called.
    pub registry: Option<Registry>,
}

/// A registry of people who do not want to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// The jurisdiction that keeps it, `us`.
    pub place: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// From this age in days on a list of it is too old to call by.
    pub most_days: i64,
    /// What that rests on.
    pub citation: Citation,
}

impl Jurisdiction {
    /// Every rule in words, with what it rests on.
    #[must_use]
    pub fn rules(&self) -> Vec<(String, &Citation)> {
        let hours = self.hours.iter().map(|rule| (rule.words(), &rule.citation));
        let caps = self
            .caps
            .iter()
            .map(|cap| (format!("at most {} to a number in {} h", counted(cap.most, "call"), cap.within.as_secs() / 3_600), &cap.citation));
        let consent = self.consent.iter().map(|(what, citation)| (format!("consent: {what}"), citation));
        let registry =
            self.registry.iter().map(|one| (format!("registry: {}, less than {} days old", one.name, one.most_days), &one.citation));
        hours.chain(caps).chain(consent).chain(registry).collect()
    }
}

static BOOK: LazyLock<read::Book> = LazyLock::new(|| read::book(include_str!("rules.tsv")));

/// The jurisdictions a callee may be under: by the number's country and area code, and by the states of the address a list
/// gives ([`Address::states`](crate::domain::zone::Address::states)). Empty for countries without data.
#[must_use]
pub fn laws_for(number: &PhoneNumber, states: &[&'static str], profile: Profile) -> Vec<&'static Jurisdiction> {
    let Some(country) = country_of(number) else { return Vec::new() };
    let book: &'static read::Book = &BOOK;
    if country != "US" {
        return book.of_country(country).into_iter().collect();
    }
    let mut laws: Vec<&'static Jurisdiction> = book.get("us").into_iter().collect();
    if profile == Profile::Strict {
        laws.extend(book.get("us-strict"));
    }
    let by_area = state_of(number);
    for state in by_area.into_iter().chain(states.iter().copied().filter(|state| by_area != Some(*state))) {
        laws.extend(book.of_state(state));
    }
    laws
}

/// The registry of people who do not want to be called that a country's law names (ISO 3166).
#[must_use]
pub fn registry_of(country: &str) -> Option<&'static Registry> {
    let book: &'static read::Book = &BOOK;
    book.of_country(country)?.registry.as_ref()
}

/// A registry by the jurisdiction that keeps it.
#[must_use]
pub fn registry(place: &str) -> Option<&'static Registry> {
    jurisdiction(place)?.registry.as_ref()
}

/// Every registry, by its jurisdiction.
#[must_use]
pub fn registries() -> Vec<&'static Registry> {
    jurisdictions().into_iter().filter_map(|place| place.registry.as_ref()).collect()
}

/// A jurisdiction by its id.
#[must_use]
pub fn jurisdiction(id: &str) -> Option<&'static Jurisdiction> {
    BOOK.get(id)
}

/// Every jurisdiction, by id.
#[must_use]
pub fn jurisdictions() -> Vec<&'static Jurisdiction> {
    let mut all: Vec<_> = BOOK.jurisdictions.values().collect();
    all.sort_unstable_by_key(|one| one.id);
    all
}

/// A campaign's own hours cut with those of the law.
#[derive(Debug, Clone, Copy)]
pub struct LawfulHours<'a> {
    /// The campaign's.
    pub own: &'a CallingWindow,
    /// The law's; none when the campaign has lifted them.
    pub laws: &'a [&'static Jurisdiction],
}

impl Calendar for LawfulHours<'_> {
    fn hours_on(&self, date: Date) -> Option<Hours> {
        let own = self.own.hours_on(date)?;
        rules_on(self.laws, date).try_fold(own, |hours, (_, rule)| hours.and(rule.hours?))
    }
}

impl LawfulHours<'_> {
    /// The law that narrows the campaign's hours most on a date, where one does.
    #[must_use]
    pub fn narrowed_by(&self, date: Date) -> Option<(&'static str, &'static HoursRule)> {
        let own = self.own.hours_on(date)?;
        let narrows = |rule: &HoursRule| rule.hours.and_then(|hours| hours.and(own)) != Some(own);
        let length = |rule: &HoursRule| rule.hours.and_then(|hours| hours.and(own)).map_or(0, |hours| hours.close - hours.open);
        rules_on(self.laws, date).filter(|(_, rule)| narrows(rule)).min_by_key(|(_, rule)| length(rule))
    }
}

fn rules_on<'a>(laws: &'a [&'static Jurisdiction], date: Date) -> impl Iterator<Item = (&'static str, &'static HoursRule)> + 'a {
    let all = laws.iter().copied().flat_map(|law| law.hours.iter().map(move |rule| (law.id, rule)));
    all.filter(move |(_, rule)| rule.holds_on(date))
}

/// Calendars by name, as they are read.
type Calendars = HashMap<&'static str, &'static [Yearly]>;

#[cfg(test)]
mod tests;
