//! How old a do-not-call list may be, and whose calls wait for a newer one.
//!
//! The registry a list comes from says how old it may be ([`Registry`], data of the law); a list that names none is held to
//! [`HOUSE_DAYS`]. Calls stop on the last of these days and not after it, so that a day's end in another zone, or a call that
//! was armed before midnight, is never too late. A list of a registry concerns campaigns that call its country, a list without
//! one concerns all.

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::campaign::Countries;
use crate::domain::law::{Citation, Registry, registries, registry, registry_of};

/// A list has to be renewed soon from so many days before nobody is called by it.
pub const WARN_BEFORE: i64 = 6;

/// How old a list without a registry may be.
pub const HOUSE_DAYS: i64 = 31;

/// What the age of a list means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "freshness", rename_all = "snake_case")]
pub enum Freshness {
    /// New enough.
    Fresh,
    /// To be renewed before dialing stops.
    Warn {
        /// Its age.
        days: i64,
    },
    /// Too old to call anybody by it.
    Stale {
        /// Its age.
        days: i64,
    },
}

/// The age of a list that was written on `scrub_date` and may be used before it is `most_days` old; a date that is still to
/// come counts as today.
#[must_use]
pub fn freshness(scrub_date: Date, today: Date, most_days: i64) -> Freshness {
    match scrub_date.duration_until(today).as_hours() / 24 {
        days if days >= most_days => Freshness::Stale { days },
        days if days >= most_days - WARN_BEFORE => Freshness::Warn { days },
        _ => Freshness::Fresh,
    }
}

/// A list, as far as its age decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDate {
    /// Its name.
    pub name: String,
    /// The registry it comes from, as it is stored.
    pub registry: Option<String>,
    /// The day on which its publisher wrote it, `YYYY-MM-DD`.
    pub scrub_date: String,
}

impl ListDate {
    /// The registry it comes from; none too when this binary does not know it.
    #[must_use]
    pub fn registry(&self) -> Option<&'static Registry> {
        registry(self.registry.as_deref()?)
    }

    /// From this age on nobody is called by it.
    #[must_use]
    pub fn most_days(&self) -> i64 {
        self.registry().map_or(HOUSE_DAYS, |registry| registry.most_days)
    }

    /// `None` when its date cannot be read: then it is of no age that anybody may rely on.
    #[must_use]
    pub fn age(&self, today: Date) -> Option<Freshness> {
        Some(freshness(self.scrub_date.parse().ok()?, today, self.most_days()))
    }

    /// Whether a campaign that calls these countries waits for it.
    #[must_use]
    pub fn concerns(&self, countries: &Countries) -> bool {
        let (Some(own), Countries::Only(called)) = (self.registry(), countries) else { return true };
        called.iter().filter_map(|country| registry_of(country)).any(|registry| registry.place == own.place)
    }
}

/// A list by which nobody may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleList {
    /// Its name.
    pub name: String,
    /// Its age; unknown when its date cannot be read.
    pub days: Option<i64>,
    /// How old it may be.
    pub most_days: i64,
    /// Where its registry's law says so.
    pub citation: Option<&'static Citation>,
}

/// The first list that is too old for a campaign that calls these countries.
#[must_use]
pub fn too_old(lists: &[ListDate], countries: &Countries, today: Date) -> Option<StaleList> {
    let stale = |list: &ListDate| {
        let days = match list.age(today) {
            None => None,
            Some(Freshness::Stale { days }) => Some(days),
            Some(Freshness::Fresh | Freshness::Warn { .. }) => return None,
        };
        let citation = list.registry().map(|registry| &registry.citation);
        Some(StaleList { name: list.name.clone(), days, most_days: list.most_days(), citation })
    };
    lists.iter().filter(|list| list.concerns(countries)).find_map(stale)
}

/// Whether any list may be too old when the oldest of all was written on this day.
#[must_use]
pub fn may_be_too_old(oldest: &str, today: Date) -> bool {
    let strictest = registries().iter().map(|registry| registry.most_days).min().map_or(HOUSE_DAYS, |days| days.min(HOUSE_DAYS));
    oldest.parse().map_or(true, |oldest| matches!(freshness(oldest, today, strictest), Freshness::Stale { .. }))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn lists_age_by_the_day() {
        let scrubbed = date(2026, 11, 1);
        let cases = [
            (date(2026, 10, 30), 31, Freshness::Fresh),
            (date(2026, 11, 1), 31, Freshness::Fresh),
            (date(2026, 11, 25), 31, Freshness::Fresh),
            (date(2026, 11, 26), 31, Freshness::Warn { days: 25 }),
            (date(2026, 12, 1), 31, Freshness::Warn { days: 30 }),
            (date(2026, 12, 2), 31, Freshness::Stale { days: 31 }),
            (date(2027, 11, 1), 31, Freshness::Stale { days: 365 }),
            (date(2026, 11, 22), 28, Freshness::Fresh),
            (date(2026, 11, 23), 28, Freshness::Warn { days: 22 }),
            (date(2026, 11, 29), 28, Freshness::Stale { days: 28 }),
        ];
        for (today, most, expected) in cases {
            assert_eq!(freshness(scrubbed, today, most), expected, "{today} of {most}");
        }
    }

    #[test]
    fn a_leap_day_and_the_turn_of_the_year_count_as_days() {
        assert_eq!(freshness(date(2028, 2, 15), date(2028, 3, 11), 31), Freshness::Warn { days: 25 });
        assert_eq!(freshness(date(2026, 12, 15), date(2027, 1, 15), 31), Freshness::Stale { days: 31 });
    }

    fn list(registry: Option<&str>, scrub_date: &str) -> ListDate {
        ListDate { name: "one".to_owned(), registry: registry.map(str::to_owned), scrub_date: scrub_date.to_owned() }
    }

    fn only(countries: &[&str]) -> Countries {
        Countries::Only(countries.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_registry_has_its_own_limit() {
        let limits = [("us", 31), ("ca", 31), ("gb", 28)].map(|(id, days)| (list(Some(id), "2026-11-01").most_days(), days));
        assert!(limits.iter().all(|(own, days)| own == days), "{limits:?}");
        assert_eq!(list(None, "2026-11-01").most_days(), HOUSE_DAYS);
    }

    #[test]
    fn a_stale_list_stops_the_campaigns_it_concerns() {
        let today = date(2026, 11, 30);
        let too_old = |list: &ListDate, countries: &Countries| too_old(std::slice::from_ref(list), countries, today);
        let british = list(Some("gb"), "2026-11-01");
        assert_eq!(too_old(&british, &only(&["US", "CA"])), None);
        for countries in [only(&["US", "GB"]), Countries::Any] {
            let stale = too_old(&british, &countries).unwrap();
            assert_eq!((stale.days, stale.most_days, stale.citation.is_some()), (Some(29), 28, true));
        }
        assert_eq!(too_old(&list(None, "2026-11-01"), &only(&["GB"])), None, "29 days");
        assert!(too_old(&list(None, "2026-10-30"), &only(&["DE"])).is_some(), "a list without a registry concerns everybody");
        assert_eq!(too_old(&list(Some("us"), "someday"), &only(&["US"])).unwrap().days, None);
    }

    #[test]
    fn the_oldest_list_tells_whether_it_is_worth_a_look() {
        let today = date(2026, 11, 30);
        assert!(!may_be_too_old("2026-11-03", today));
        assert!(may_be_too_old("2026-11-02", today) && may_be_too_old("someday", today));
    }
}
