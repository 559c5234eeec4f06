//! How old the do-not-call lists are, as far as that stops a campaign or soon will, which it lacks, and which are not complete.

use jiff::civil::Date;

use super::ApiState;
use super::dnc::today;
use super::dnc_unfinished;
use super::error::ApiError;
use crate::domain::campaign::{CampaignSettings, Countries};
use crate::domain::count::counted;
use crate::domain::dnc::{Freshness, ListDate};
use crate::domain::law::{Registry, registries, registry_of};
use crate::store::campaign::Campaign;
use crate::store::dnc::DncList;

/// What the lists mean for a campaign's dialing, one sentence a list.
#[derive(Debug, Default)]
pub struct ListAges {
    /// Too old: nobody is called.
    pub stale: Vec<String>,
    /// To be renewed before nobody is called any more.
    pub ageing: Vec<String>,
    /// Registries that calls without consent ask for and of which there is no list.
    pub missing: Vec<String>,
    /// Not complete: their import is going on or broke off.
    pub incomplete: Vec<String>,
    /// How many lists concern the campaign.
    pub lists: usize,
    /// How many there are.
    pub imported: usize,
}

impl ListAges {
    /// The lists that concern a campaign, as they are today; all of them when its settings cannot be read.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of(api: &ApiState, campaign: &Campaign) -> Result<Self, ApiError> {
        let lists: Vec<ListDate> = api.store.dnc_lists().await?.iter().map(DncList::date).collect();
        let settings = campaign.checked_settings().ok();
        let countries = settings.as_ref().map_or(&Countries::Any, |settings| &settings.countries);
        let missing = settings.as_ref().map_or_else(Vec::new, |settings| missing(&lists, settings));
        let incomplete = dnc_unfinished::warnings(api, &lists, countries).await?;
        let mut ages = Self { missing, incomplete, imported: lists.len(), ..Self::default() };
        for list in lists.iter().filter(|list| list.concerns(countries)) {
            ages.lists += 1;
            ages.look_at(list, list.age(today(api)));
        }
        Ok(ages)
    }

    fn look_at(&mut self, list: &ListDate, age: Option<Freshness>) {
        let name = &list.name;
        match age {
            Some(Freshness::Fresh) => {}
            Some(Freshness::Warn { days }) => self.ageing.push(told_ageing(list, days)),
            Some(Freshness::Stale { days }) => {
                self.stale.push(format!("the do-not-call list {name} is {days} days old, so nobody is called: import a newer one"));
            }
            None => {
                self.stale.push(format!("the date of the do-not-call list {name} cannot be read, so nobody is called: import it again"));
            }
        }
    }

    /// Refuses to start by a list that is too old.
    ///
    /// # Errors
    /// There is one.
    pub fn must_be_new_enough(&self) -> Result<(), ApiError> {
        if self.stale.is_empty() {
            return Ok(());
        }
        let fix = "callfleet dnc import FILE --scrub-date DAY --list NAME, or give the list up: callfleet dnc remove NAME --reason WHY";
        Err(ApiError::conflict("stale_dnc_list", self.stale.join("\n"), fix))
    }

    /// Everything an operator has to do about the lists.
    #[must_use]
    pub fn warnings(self) -> Vec<String> {
        self.stale.into_iter().chain(self.missing).chain(self.incomplete).chain(self.ageing).collect()
    }

    /// One sentence for `explain`.
    #[must_use]
    pub fn told(&self) -> String {
        let all = self.stale.iter().chain(&self.missing).chain(&self.incomplete).chain(&self.ageing);
        let told: Vec<&str> = all.map(String::as_str).collect();
        match (told.is_empty(), self.lists) {
            (false, _) => told.join("; "),
            (true, 0) if self.imported > 0 => "no do-not-call list concerns the countries it calls".to_owned(),
            (true, 0) => "no do-not-call list is imported: nobody is left out but those who opted out".to_owned(),
            (true, lists) => format!("{} in use, none old", counted(lists, "list")),
        }
    }
}

fn told_ageing(list: &ListDate, days: i64) -> String {
    format!("the do-not-call list {} is {days} days old: from day {} on nobody is called; renew it", list.name, list.most_days())
}

/// Says of a list that was just imported that it has to be renewed soon.
#[must_use]
pub fn soon_too_old(list: &ListDate, today: Date) -> Option<String> {
    match list.age(today) {
        Some(Freshness::Warn { days }) => Some(told_ageing(list, days)),
        Some(Freshness::Fresh | Freshness::Stale { .. }) | None => None,
    }
}

/// Where the law keeps a registry of numbers, calling people of whom nobody says that they agreed asks for it.
fn missing(lists: &[ListDate], settings: &CampaignSettings) -> Vec<String> {
    if settings.require_consent {
        return Vec::new();
    }
    let mut asked: Vec<&Registry> = match &settings.countries {
        Countries::Any => registries(),
        Countries::Only(countries) => countries.iter().filter_map(|country| registry_of(country)).collect(),
    };
    asked.dedup_by_key(|registry| registry.place);
    asked.retain(|registry| lists.iter().all(|list| list.registry() != Some(*registry)));
    asked.into_iter().map(lacks).collect()
}

fn lacks(registry: &Registry) -> String {
    let Registry { place, name, most_days, citation } = registry;
    format!(
        "no list of {name} is imported; calls without consent ask for one that is less than {most_days} days old ({}): \
         callfleet dnc import FILE --scrub-date DAY --registry {place}",
        citation.text
    )
}
