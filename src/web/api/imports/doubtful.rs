//! Rows that are stored and that somebody should look at: they will not be called as the campaign stands, since nobody says why the
//! person may be called or the number belongs to a country it does not call, or may not; or what they say of consent proves nothing, or
//! their number was not read as it was written, or they lack what the agent's lines say.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;

use super::super::start::requires_consent;
use super::lacks::Lacks;
use crate::domain::abroad::Abroad;
use crate::domain::count::{counted, have};
use crate::domain::doubts::{DoubtCode, Doubts};
use crate::domain::ids::CampaignId;
use crate::domain::phone::PhoneNumber;
use crate::domain::reach::Reach;
use crate::intake::LeadRow;
use crate::store::campaign::Campaign;
use crate::store::lead_insert::{ListLead, OnDuplicate};
use crate::store::{Store, StoreError};

/// What an answer says of such rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DoubtsJson {
    /// Rows by reason; a row may have several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    doubts_by_code: BTreeMap<DoubtCode, u64>,
    /// The first lines of each reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    doubt_lines: BTreeMap<DoubtCode, BTreeSet<u64>>,
}

impl From<Doubts> for DoubtsJson {
    fn from(doubts: Doubts) -> Self {
        Self { doubts_by_code: doubts.by_code, doubt_lines: doubts.lines }
    }
}

/// What a row is looked at for.
pub struct Seen<'a> {
    line: u64,
    number: &'a PhoneNumber,
    apostrophe: bool,
    rounded: bool,
    has_basis: bool,
    has_proof: bool,
    variables: &'a str,
}

impl<'a> From<&'a LeadRow> for Seen<'a> {
    fn from(row: &'a LeadRow) -> Self {
        let (has_basis, has_proof) = (row.consent_basis.is_some(), row.consent_proof.is_some());
        let (number, variables) = (&row.phone_number, row.variables.as_str());
        Self { line: row.line, number, apostrophe: row.apostrophe, rounded: row.rounded, has_basis, has_proof, variables }
    }
}

impl<'a> From<&'a ListLead> for Seen<'a> {
    fn from(lead: &'a ListLead) -> Self {
        let (has_basis, has_proof) = (lead.consent_basis.is_some(), lead.consent_proof.is_some());
        let (number, variables) = (&lead.phone_number, lead.variables.as_str());
        Self { line: lead.line, number, apostrophe: lead.apostrophe, rounded: lead.rounded, has_basis, has_proof, variables }
    }
}

/// Looks at rows that can be used.
#[derive(Debug, Clone)]
pub struct Doubtful {
    campaign: String,
    requires_consent: bool,
    reach: Reach,
    lacks: Lacks,
    doubts: Doubts,
}

impl Doubtful {
    /// Goes on behind what an earlier run found. Of a draft without caller numbers nobody knows yet which countries it calls.
    pub fn of(campaign: &Campaign, lacks: Lacks, found: Doubts) -> Self {
        let abroad = campaign.checked_settings().map(|settings| Abroad::of(&settings.countries)).unwrap_or_default();
        let reach = Reach::of(abroad, campaign.not_permitted.clone().unwrap_or_default().0, &found);
        Self { campaign: campaign.name.clone(), requires_consent: requires_consent(campaign), reach, lacks, doubts: found }
    }

    /// Looks at more rows. Those whose leads are there already and stay as they are, as `stays` says, are counted and not doubted.
    pub fn add<'a, R: Into<Seen<'a>>>(&mut self, rows: impl Iterator<Item = R>, stays: impl Fn(&PhoneNumber) -> bool) {
        for row in rows {
            let row: Seen<'a> = row.into();
            if stays(row.number) {
                self.pass();
            } else {
                self.look_at(&row);
            }
        }
    }

    /// The numbers of those rows that are doubted, unless their leads stay as they are.
    pub fn doubted<'a, R: Into<Seen<'a>>>(&self, rows: impl Iterator<Item = R>) -> Vec<&'a PhoneNumber> {
        let (mut trial, mut doubted) = (self.clone(), Vec::new());
        for row in rows {
            let row: Seen<'a> = row.into();
            if trial.look_at(&row) {
                doubted.push(row.number);
            }
        }
        doubted
    }

    fn pass(&mut self) {
        self.doubts.rows += 1;
        self.reach.pass();
    }

    /// Whether anything is doubtful in the row.
    fn look_at(&mut self, row: &Seen<'_>) -> bool {
        self.doubts.rows += 1;
        let unasked = (self.requires_consent && !row.has_basis).then_some(DoubtCode::NoConsentBasis);
        let unfounded = (row.has_proof && !row.has_basis).then_some(DoubtCode::ConsentWithoutBasis);
        let marked = row.apostrophe.then_some(DoubtCode::LeadingApostrophe);
        let rounded = row.rounded.then_some(DoubtCode::RoundedFigure);
        let codes = [unasked, unfounded, self.reach.add(row.number), marked, rounded];
        for code in codes.into_iter().flatten() {
            self.doubts.add(code, row.line);
        }
        let mut is_doubtful = codes.iter().any(Option::is_some);
        for name in self.lacks.of_row(row.variables) {
            self.doubts.lack(name);
            is_doubtful = true;
        }
        is_doubtful
    }

    /// What was found, to be kept and told.
    pub fn doubts(&self) -> Doubts {
        self.reach.with(self.doubts.clone())
    }

    /// How many leads have none of a variable that the agent's lines say, of a list that brought so many.
    pub fn lacking(&self, leads: u64) -> BTreeMap<String, u64> {
        self.lacks.counts(&self.doubts, leads)
    }

    /// What the operator should know of a list that brought so many leads.
    pub fn warnings(&self, leads: u64) -> Vec<String> {
        let rows = counted(self.doubts.rows, "row");
        let unasked = self
            .found(DoubtCode::NoConsentBasis)
            .map(|found| format!("{found} of {rows} {} no consent_basis; leads without one will not be called", have(&found)));
        let unfounded = self.found(DoubtCode::ConsentWithoutBasis).map(|found| {
            let have = have(&found);
            format!("{found} of {rows} {have} a consent_at or consent_ref and no consent_basis, which alone says why they may be called")
        });
        // a column that was rounded shows in most of its rows; of honest numbers one in some ten thousands ends so
        let rounded = self.found(DoubtCode::RoundedFigure).filter(|found| found * 100 >= self.doubts.rows).map(|found| {
            let zeros = "a number that ends in five zeros, as a spreadsheet leaves them of one that it has rounded";
            format!("{found} of {rows} {} {zeros}; compare with the original list", have(&found))
        });
        let lacking = self.lacks.warnings(&self.doubts, leads);
        unasked.into_iter().chain(unfounded).chain(rounded).chain(self.reach.told(&self.campaign, "row")).chain(lacking).collect()
    }

    /// What was done to numbers so that they can be called.
    pub fn note(&self) -> Option<String> {
        let found = self.found(DoubtCode::LeadingApostrophe)?;
        let (rows, have) = (counted(self.doubts.rows, "row"), have(&found));
        Some(format!("{found} of {rows} {have} an apostrophe in front of the number, as spreadsheets mark text; it was left out"))
    }

    fn found(&self, code: DoubtCode) -> Option<u64> {
        Some(self.doubts.of(code)).filter(|found| *found > 0)
    }
}

/// Those of [doubted](Doubtful::doubted) numbers whose leads are there already and stay as they are. A list without doubts asks for none.
///
/// # Errors
/// The database cannot be read.
pub async fn staying(
    store: &Store,
    campaign: CampaignId,
    on_duplicate: OnDuplicate,
    doubted: &[&PhoneNumber],
) -> Result<HashSet<PhoneNumber>, StoreError> {
    if doubted.is_empty() || on_duplicate == OnDuplicate::Update {
        return Ok(HashSet::new());
    }
    store.listed_among(campaign, doubted).await
}
