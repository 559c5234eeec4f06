//! Leads with the same zones under the same laws open and close together: one class, one look at the clock.

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::domain::campaign::CampaignSettings;
use crate::domain::law::{Jurisdiction, LawfulHours, Profile, jurisdiction, laws_for};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::domain::window::{Calendar, Open, open_in_all};

/// Leads that were written before there were classes: always looked at, the permit decides one by one.
pub const UNSORTED: i64 = 0;

/// A class of leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursClass {
    /// Made from what it depends on, so that every process gives it the same number.
    pub id: i64,
    /// IANA zones, sorted.
    pub zones: Vec<String>,
    /// Ids of the jurisdictions, blanks between them.
    pub laws: String,
}

impl HoursClass {
    /// The class of leads that are not sorted.
    #[must_use]
    pub const fn unsorted() -> Self {
        Self { id: UNSORTED, zones: Vec::new(), laws: String::new() }
    }

    /// The class of a lead.
    #[must_use]
    pub fn of(number: &PhoneNumber, states: &[&'static str], zones: &[String]) -> Self {
        let laws: Vec<&str> = laws_for(number, states, Profile::States).iter().map(|law| law.id).collect();
        let laws = laws.join(" ");
        let mut hash = Sha256::new();
        zones.iter().for_each(|zone| hash.update(format!("{zone} ")));
        hash.update(&laws);
        let digest: [u8; 32] = hash.finalize().into();
        let id = digest.first_chunk().map_or(UNSORTED, |first| i64::from_be_bytes(*first));
        Self { id, zones: zones.to_vec(), laws }
    }

    /// Whether its leads are worth a look now: calls to them may begin, or nobody can tell and the permit has to say why.
    #[must_use]
    pub fn is_open(&self, settings: &CampaignSettings, now: Timestamp) -> bool {
        let laws = self.jurisdictions(settings);
        let hours = LawfulHours { own: &settings.window, laws: &laws };
        self.places().is_none_or(|zones| zones.iter().all(|zone| hours.is_open(now, zone)))
    }

    /// Whether calls to this class may begin now, by the campaign's hours and the law's; otherwise when next.
    #[must_use]
    pub fn open(&self, settings: &CampaignSettings, now: Timestamp) -> Open {
        let laws = self.jurisdictions(settings);
        let hours = LawfulHours { own: &settings.window, laws: &laws };
        self.places().map_or(Open::Yes, |zones| open_in_all(&zones, &hours, now))
    }

    /// Its zones; `None` where they are not known.
    fn places(&self) -> Option<Vec<TimeZone>> {
        let zones: Option<Vec<TimeZone>> = self.zones.iter().map(|name| TimeZone::get(name).ok()).collect();
        zones.filter(|zones| self.id != UNSORTED && !zones.is_empty())
    }

    fn jurisdictions(&self, settings: &CampaignSettings) -> Vec<&'static Jurisdiction> {
        if settings.law.hours_lifted {
            return Vec::new();
        }
        let strict = settings.law.profile == Profile::Strict && self.laws.split(' ').any(|id| id == "us");
        self.laws.split(' ').chain(strict.then_some("us-strict")).filter_map(jurisdiction).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(number: &str, state: Option<&'static str>, zones: &[&str]) -> HoursClass {
        let zones: Vec<String> = zones.iter().map(ToString::to_string).collect();
        HoursClass::of(&PhoneNumber::from_e164(number).unwrap(), state.as_slice(), &zones)
    }

    #[test]
    fn only_what_decides_the_hours_tells_classes_apart() {
        let california = class("+14155550100", None, &["America/Los_Angeles"]);
        assert_eq!(california, class("+12135550101", Some("CA"), &["America/Los_Angeles"]));
        assert_eq!(california.id, class("+15035550100", None, &["America/Los_Angeles"]).id, "Oregon has no rule of its own");
        assert_ne!(california.id, class("+12065550100", None, &["America/Los_Angeles"]).id, "Washington has");
        assert_ne!(california.id, class("+14155550100", None, &["America/Denver"]).id);
        assert_ne!(california.id, UNSORTED);
    }
}
