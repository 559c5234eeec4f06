//! Values that the agent's lines say and a list does not tell of its people, counted while it is read.

use std::collections::BTreeMap;

use super::super::ApiState;
use super::super::error::ApiError;
use super::super::unspoken;
use crate::domain::count::{counted, have};
use crate::domain::doubts::Doubts;
use crate::intake::columns::Columns;
use crate::mind::prompt::Spoken;
use crate::store::campaign::Campaign;

/// What lines say, looked for in the rows of a list.
#[derive(Debug, Clone, Default)]
pub struct Lacks {
    campaign: String,
    wanted: Vec<Wanted>,
}

#[derive(Debug, Clone)]
struct Wanted {
    spoken: Spoken,
    /// How rows spell it that have it; `None` where no column can, so that no row is looked at.
    key: Option<String>,
}

impl Lacks {
    /// What the lines of the campaign's agent say. Rows without `columns` have each their own.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of(api: &ApiState, campaign: &Campaign, columns: Option<&Columns>) -> Result<Self, ApiError> {
        let is_there = |name: &str| columns.is_none_or(|columns| columns.variables.iter().any(|(known, _)| known == name));
        let wanted = unspoken::said_by(api, campaign).await?.into_iter().map(|spoken| {
            let key = is_there(&spoken.name).then(|| format!("\"{}\":", spoken.name));
            Wanted { spoken, key }
        });
        Ok(Self { campaign: campaign.name.clone(), wanted: wanted.collect() })
    }

    /// What a row lacks, by the JSON of its variables: written without blanks, and without those that are empty. Of what no column has
    /// nothing is said here.
    pub fn of_row(&self, variables: &str) -> impl Iterator<Item = &str> {
        let lacks = move |wanted: &&Wanted| wanted.key.as_ref().is_some_and(|key| !variables.contains(key.as_str()));
        self.wanted.iter().filter(lacks).map(|wanted| wanted.spoken.name.as_str())
    }

    /// How many leads have none of which variable, of a list that brought so many.
    pub fn counts(&self, found: &Doubts, leads: u64) -> BTreeMap<String, u64> {
        let count = |wanted: &Wanted| match wanted.key {
            Some(_) => found.lacking.get(&wanted.spoken.name).copied().unwrap_or_default(),
            None => leads,
        };
        let counts = self.wanted.iter().map(|wanted| (wanted.spoken.name.clone(), count(wanted)));
        counts.filter(|(_, lacking)| *lacking > 0).collect()
    }

    /// The same in words.
    pub fn warnings(&self, found: &Doubts, leads: u64) -> Vec<String> {
        let counts = self.counts(found, leads);
        let told = |Wanted { spoken, key }: &Wanted| {
            let (name, lacking) = (&spoken.name, counts.get(&spoken.name)?);
            let who = match key {
                Some(_) => format!("{lacking} of {} {} no {name}", counted(found.rows, "row"), have(lacking)),
                None => format!("no column of the list is named {name}"),
            };
            Some(unspoken::lack(&who, spoken, &self.campaign))
        };
        self.wanted.iter().filter_map(told).collect()
    }
}
