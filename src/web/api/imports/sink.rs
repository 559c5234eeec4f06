//! Where the leads of a list go: into the store, with the place reached.

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use async_trait::async_trait;

use super::refused::Refused;
use crate::clock::SharedClock;
use crate::intake::{Counts, LeadRow, LeadSink, Stretch};
use crate::store::codec::{count, whole};
use crate::store::import::{Import, ImportBatch};
use crate::store::lead_insert::{ListLead, OnDuplicate};
use crate::store::{Store, StoreError};
use crate::telemetry::names;

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
        let leads = stretch.leads.into_iter().map(lead).collect();
        let piece = ImportBatch {
            from_byte,
            to_byte: progress.byte_offset,
            rows: progress.row_offset - count(self.import.row_offset),
            rejected: progress.aside.rejected,
            by_code: &by_code,
            rejects_bytes: self.refused.bytes,
            updated: progress.aside.updated,
            duplicates: progress.aside.duplicates,
            leads,
            on_duplicate: self.on_duplicate,
        };
        let inserted = self.store.append_import(&self.import, piece, self.clock.now()).await?.ok_or(SinkError::Overtaken)?;
        metrics::histogram!(names::IMPORT_TRANSACTION).record(begun.elapsed());
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
pub fn lead(row: LeadRow) -> ListLead {
    let LeadRow { phone_number, external_id, zones, consent_basis, not_before, variables, states, .. } = row;
    ListLead { external_id, phone_number, zones, variables, states, consent_basis, not_before }
}
