//! Where the leads of a list go: into the store, with the place reached.

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use async_trait::async_trait;

use super::doubtful::{Doubtful, staying};
use super::refused::Refused;
use crate::clock::SharedClock;
use crate::intake::{Counts, LeadRow, LeadSink, Piece};
use crate::store::codec::whole;
use crate::store::import::{Import, ImportBatch, ImportPlace, ImportState};
use crate::store::lead_insert::{ListBatch, ListLead, OnDuplicate};
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
    /// It was taken back while it was being read.
    #[error("the import was taken back while it was being read")]
    TakenBack,
}

/// Writes pieces.
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
    /// Rows that somebody should look at.
    pub doubtful: Doubtful,
}

#[async_trait]
impl LeadSink for Writes {
    type Error = SinkError;
    type Leads = ListBatch;

    fn ready(leads: Vec<LeadRow>) -> Result<ListBatch, SinkError> {
        Ok(ListBatch::of(leads.into_iter().map(lead).collect())?)
    }

    async fn write(&mut self, piece: Piece<ListBatch>) -> Result<Counts, SinkError> {
        let begun = Instant::now();
        self.refused.take(&piece).await?;
        let by_code = self.by_code(&piece);
        let Piece { leads, aside, progress, .. } = piece;
        let there = {
            let doubted = self.doubtful.doubted(leads.leads());
            staying(&self.store, self.import.campaign_id, self.on_duplicate, &doubted).await?
        };
        self.doubtful.add(leads.leads(), |number| there.contains(number));
        let doubts = self.doubtful.doubts();
        let (byte_offset, stretch_leads, stretch_end) = (progress.byte_offset, progress.stretch_leads, progress.stretch_end);
        let batch = ImportBatch {
            from: self.import.place(),
            to: ImportPlace { byte_offset, stretch_leads, stretch_end },
            rows: leads.len() as u64 + aside.rows(),
            rejected: aside.rejected,
            by_code: &by_code,
            doubts: &doubts,
            rejects_bytes: self.refused.bytes,
            updated: aside.updated,
            duplicates: aside.duplicates,
            leads,
            on_duplicate: self.on_duplicate,
        };
        let Some(inserted) = self.store.append_import(&self.import, batch, self.clock.now()).await? else {
            return Err(self.not_ours().await?);
        };
        metrics::histogram!(names::IMPORT_TRANSACTION).record(begun.elapsed());
        self.import.byte_offset = whole(byte_offset);
        self.import.stretch_leads = whole(stretch_leads);
        self.import.stretch_end = whole(stretch_end);
        self.import.by_code.0 = by_code;
        let accepted = inserted.accepted + inserted.suppressed;
        Ok(Counts { accepted, rejected: 0, updated: inserted.updated, duplicates: inserted.duplicates })
    }
}

impl Writes {
    /// Why the import does not stand where this request left it.
    async fn not_ours(&self) -> Result<SinkError, SinkError> {
        let state = self.store.import(self.import.id).await?.map(|import| import.state);
        Ok(if state == Some(ImportState::Undone) { SinkError::TakenBack } else { SinkError::Overtaken })
    }

    /// Refused rows by reason, this piece included.
    fn by_code(&self, piece: &Piece<ListBatch>) -> BTreeMap<String, u64> {
        let mut by_code = self.import.by_code.0.clone();
        for (code, rows) in &piece.by_code {
            *by_code.entry(code.to_string()).or_default() += rows;
        }
        by_code
    }
}

/// A row that was judged, as the store takes it.
pub fn lead(row: LeadRow) -> ListLead {
    ListLead {
        line: row.line,
        external_id: row.external_id,
        phone_number: row.phone_number,
        apostrophe: row.apostrophe,
        rounded: row.rounded,
        zones: row.zones,
        variables: row.variables,
        states: row.states,
        consent_basis: row.consent_basis,
        consent_proof: row.consent_proof,
        priority: row.priority,
        not_before: row.not_before,
    }
}
