//! Where batches of leads go: into the store with the place reached, or nowhere when an import is only tried.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::time::Instant;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::clock::SharedClock;
use crate::domain::ids::CampaignId;
use crate::domain::phone::PhoneNumber;
use super::refused::{Refused, SHOWN};
use crate::intake::finding::Finding;
use crate::intake::{Counts, LeadRow, LeadSink, Stretch};
use crate::store::codec::{JsonText, count, whole};
use crate::store::import::{Import, ImportBatch};
use crate::store::lead_insert::{NewLead, OnDuplicate};
use crate::store::{Store, StoreError};

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The database refused or is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of refused rows cannot be written.
    #[error("the refused rows cannot be written: {0}")]
    Refused(#[from] io::Error),
    /// Another request imports the same file.
    #[error("another import of the same file is going on")]
    Overtaken,
}

/// Writes stretches.
pub struct Writes {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// The import's row, with the place reached.
    pub import: Import,
    /// What to do with numbers the campaign has.
    pub on_duplicate: OnDuplicate,
    /// Where refused rows go.
    pub refused: Refused,
}

#[async_trait]
impl LeadSink for Writes {
    type Error = SinkError;

    async fn write(&mut self, stretch: Stretch) -> Result<Counts, SinkError> {
        let begun = Instant::now();
        self.refused.take(&stretch).await?;
        let by_code = self.by_code(&stretch);
        let (progress, from_byte) = (stretch.progress, count(self.import.byte_offset));
        let leads: Vec<NewLead> = stretch.leads.into_iter().map(lead).collect();
        let piece = ImportBatch {
            from_byte,
            to_byte: progress.byte_offset,
            rows: progress.row_offset - count(self.import.row_offset),
            rejected: progress.aside.rejected,
            by_code: &by_code,
            rejects_bytes: self.refused.bytes,
            updated: progress.aside.updated,
            duplicates: progress.aside.duplicates,
            leads: &leads,
            on_duplicate: self.on_duplicate,
        };
        let inserted = self.store.append_import(&self.import, piece, self.clock.now()).await?.ok_or(SinkError::Overtaken)?;
        metrics::histogram!("callfleet_import_transaction_seconds").record(begun.elapsed());
        self.import.byte_offset = whole(progress.byte_offset);
        self.import.row_offset = whole(progress.row_offset);
        self.import.by_code.0 = by_code;
        let accepted = inserted.accepted + inserted.suppressed;
        Ok(Counts { accepted, rejected: 0, updated: inserted.updated, duplicates: inserted.duplicates })
    }
}

impl Writes {
    /// Refused rows by reason, this stretch included.
    fn by_code(&self, stretch: &Stretch) -> BTreeMap<String, u64> {
        let mut by_code = self.import.by_code.0.clone();
        for (code, rows) in &stretch.by_code {
            *by_code.entry(code.to_string()).or_default() += rows;
        }
        by_code
    }
}

/// A row that was judged, as the store takes it.
pub fn lead(row: LeadRow) -> NewLead {
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
    /// Numbers of earlier stretches.
    pub seen: HashSet<PhoneNumber>,
    /// The first refused rows.
    pub refused: Vec<Finding>,
}

#[async_trait]
impl LeadSink for Tries {
    type Error = SinkError;

    async fn write(&mut self, stretch: Stretch) -> Result<Counts, SinkError> {
        let room = SHOWN - self.refused.len();
        self.refused.extend(stretch.findings.into_iter().take(room));
        let numbers: Vec<PhoneNumber> = stretch.leads.into_iter().map(|row| row.phone_number).collect();
        let there: HashSet<PhoneNumber> = self.store.numbers_on_list(self.campaign, &numbers).await?.into_iter().collect();
        let known = numbers.iter().filter(|number| there.contains(number) || self.seen.contains(number)).count() as u64;
        let accepted = numbers.len() as u64 - known;
        self.seen.extend(numbers);
        let (updated, duplicates) = if self.on_duplicate == OnDuplicate::Update { (known, 0) } else { (0, known) };
        Ok(Counts { accepted, rejected: 0, updated, duplicates })
    }
}
