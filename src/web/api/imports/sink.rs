//! Where batches of leads go: into the store with the place reached, or nowhere when an import is only tried.

use std::collections::HashSet;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::clock::SharedClock;
use crate::domain::ids::CampaignId;
use crate::domain::phone::PhoneNumber;
use crate::intake::{Counts, LeadRow, LeadSink, Progress};
use crate::store::codec::JsonText;
use crate::store::import::{Import, ImportBatch};
use crate::store::lead_insert::{NewLead, OnDuplicate};
use crate::store::{Store, StoreError};

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The database refused or is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another request imports the same file.
    #[error("another import of the same file is going on")]
    Overtaken,
}

/// Writes batches.
pub struct Writes {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// The import's row, with the place reached before this run.
    pub import: Import,
    /// What to do with numbers the campaign has.
    pub on_duplicate: OnDuplicate,
    /// The place reached.
    pub at: Progress,
    /// New leads that are on a do-not-call list.
    pub suppressed: u64,
}

#[async_trait]
impl LeadSink for Writes {
    type Error = SinkError;

    async fn write(&mut self, batch: Vec<LeadRow>, progress: Progress) -> Result<Counts, SinkError> {
        let leads: Vec<NewLead> = batch.into_iter().map(lead).collect();
        let piece = ImportBatch {
            from_byte: self.at.byte_offset,
            to_byte: progress.byte_offset,
            rows: progress.row_offset - self.at.row_offset,
            rejected: progress.aside.rejected,
            updated: progress.aside.updated,
            duplicates: progress.aside.duplicates,
            leads: &leads,
            on_duplicate: self.on_duplicate,
        };
        let inserted = self.store.append_import(&self.import, piece, self.clock.now()).await?.ok_or(SinkError::Overtaken)?;
        self.at = progress;
        self.suppressed += inserted.suppressed;
        let accepted = inserted.accepted + inserted.suppressed;
        Ok(Counts { accepted, rejected: 0, updated: inserted.updated, duplicates: inserted.duplicates })
    }
}

fn lead(row: LeadRow) -> NewLead {
    let variables: Map<String, Value> = row.variables.into_iter().map(|(name, text)| (name, Value::String(text))).collect();
    NewLead {
        external_id: row.external_id,
        phone_number: row.phone_number,
        zones: JsonText(row.zones),
        variables: JsonText(variables),
        consent_basis: row.consent_basis,
        not_before: row.not_before,
    }
}

/// Only counts what would happen.
pub struct Tries {
    /// Rows.
    pub store: Store,
    /// Whose list.
    pub campaign: CampaignId,
    /// What would be done with numbers the campaign has.
    pub on_duplicate: OnDuplicate,
    /// Numbers of earlier batches.
    pub seen: HashSet<PhoneNumber>,
}

#[async_trait]
impl LeadSink for Tries {
    type Error = SinkError;

    async fn write(&mut self, batch: Vec<LeadRow>, _: Progress) -> Result<Counts, SinkError> {
        let numbers: Vec<PhoneNumber> = batch.into_iter().map(|row| row.phone_number).collect();
        let there: HashSet<PhoneNumber> = self.store.numbers_on_list(self.campaign, &numbers).await?.into_iter().collect();
        let known = numbers.iter().filter(|number| there.contains(number) || self.seen.contains(number)).count() as u64;
        let accepted = numbers.len() as u64 - known;
        self.seen.extend(numbers);
        let (updated, duplicates) = if self.on_duplicate == OnDuplicate::Update { (known, 0) } else { (0, known) };
        Ok(Counts { accepted, rejected: 0, updated, duplicates })
    }
}
