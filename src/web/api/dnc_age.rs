//! How old the do-not-call lists are, as far as that stops a campaign or soon will. All lists hold in all campaigns, so the
//! oldest one decides, as it does in the permit.

use super::ApiState;
use super::dnc::today;
use super::error::ApiError;
use crate::domain::campaign::{CampaignSettings, Countries};
use crate::domain::count::counted;
use crate::domain::dnc::{Freshness, STALE_DAYS, WARN_DAYS, freshness};
use crate::domain::law::registry_of;
use crate::store::dnc::DncList;

/// What the lists' ages mean for dialing, one sentence a list.
#[derive(Debug, Default)]
pub struct ListAges {
    /// Too old: nobody is called.
    pub stale: Vec<String>,
    /// To be renewed before nobody is called any more.
    pub ageing: Vec<String>,
    /// How many lists there are.
    pub lists: usize,
}

impl ListAges {
    /// The lists as they are today.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of(api: &ApiState) -> Result<Self, ApiError> {
        let (today, lists) = (today(api), api.store.dnc_lists().await?);
        let mut ages = Self { lists: lists.len(), ..Self::default() };
        for list in &lists {
            ages.look_at(list, list.scrub_date.parse().ok().map(|scrubbed| freshness(scrubbed, today)));
        }
        Ok(ages)
    }

    /// A date that cannot be read is of no age that anybody may rely on.
    fn look_at(&mut self, list: &DncList, age: Option<Freshness>) {
        let name = &list.name;
        match age {
            Some(Freshness::Fresh) => {}
            Some(Freshness::Warn { days }) => self
                .ageing
                .push(format!("the do-not-call list {name} is {days} days old: from the {STALE_DAYS}st day on nobody is called; renew it")),
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
        self.stale.into_iter().chain(self.ageing).collect()
    }

    /// One sentence for `explain`.
    #[must_use]
    pub fn told(&self) -> String {
        let told: Vec<&str> = self.stale.iter().chain(&self.ageing).map(String::as_str).collect();
        match (told.is_empty(), self.lists) {
            (false, _) => told.join("; "),
            (true, 0) => "no do-not-call list is imported: nobody is left out but those who opted out".to_owned(),
            (true, lists) => format!("{} in use, none older than {} days", counted(lists, "list"), WARN_DAYS - 1),
        }
    }
}

/// Where the law keeps a registry of numbers, calling people of whom nobody says that they agreed asks for it.
#[must_use]
pub fn missing_registry(ages: &ListAges, settings: &CampaignSettings) -> Option<String> {
    if ages.lists > 0 || settings.require_consent {
        return None;
    }
    let asked = match &settings.countries {
        Countries::Any => "calls without consent ask for the registries of the countries called".to_owned(),
        Countries::Only(countries) => {
            let (registry, citation) = countries.iter().find_map(|country| registry_of(country))?;
            format!("calls without consent ask for {registry} ({})", citation.text)
        }
    };
    Some(format!("no do-not-call list is imported; {asked}: callfleet dnc import FILE --scrub-date DAY"))
}
