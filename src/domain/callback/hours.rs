//! When a promise can be kept: the campaign's hours cut with the law's, in every zone the callee may be in. The permit asks
//! the same when the promise is due.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::campaign::CampaignSettings;
use crate::domain::law::{Jurisdiction, LawfulHours, laws_for};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::domain::window::{Calendar, CallingWindow, Hours};

/// The hours of one callee.
#[derive(Debug, Clone)]
pub struct PromiseHours {
    own: CallingWindow,
    laws: Vec<&'static Jurisdiction>,
    zones: Vec<String>,
}

impl PromiseHours {
    /// Hours in one zone, whatever the law says.
    #[must_use]
    pub fn own(own: CallingWindow, zone: &str) -> Self {
        Self { own, laws: Vec::new(), zones: vec![zone.to_owned()] }
    }

    /// Those of a lead: `states` are the ones of its address, `zones` all that it may be in.
    #[must_use]
    pub fn of(settings: &CampaignSettings, number: &PhoneNumber, states: &[&'static str], zones: &[String]) -> Self {
        let laws = if settings.law.hours_lifted { Vec::new() } else { laws_for(number, states, settings.law.profile) };
        Self { own: settings.window.clone(), laws, zones: zones.to_vec() }
    }

    /// The zone whose clock words are read on where they name none. Which of several it is can only be told aloud.
    #[must_use]
    pub fn clock(&self) -> &str {
        self.zones.first().map_or("UTC", String::as_str)
    }

    /// Every zone, the clock first; `None` where one of them is not known, so that nothing can be promised.
    pub(super) fn places(&self) -> Option<Vec<TimeZone>> {
        let zones: Option<Vec<TimeZone>> = self.zones.iter().map(|name| TimeZone::get(name).ok()).collect();
        zones.filter(|zones| !zones.is_empty())
    }

    pub(super) fn is_open_in(&self, zones: &[TimeZone], moment: Timestamp) -> bool {
        zones.iter().all(|zone| self.is_open(moment, zone))
    }
}

impl Calendar for PromiseHours {
    fn hours_on(&self, date: Date) -> Option<Hours> {
        LawfulHours { own: &self.own, laws: &self.laws }.hours_on(date)
    }
}

#[cfg(test)]
mod tests;
