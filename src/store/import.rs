//! Imports: how far a list has been read. The offset moves in the transaction that stores the leads, so a killed import
//! goes on exactly where it was.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use sqlx::FromRow;

pub use crate::domain::background::ImportState;
use crate::domain::background::{IMPORT, sources};
use crate::domain::doubts::Doubts;
use crate::domain::ids::{CampaignId, ImportId};
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::codec::{JsonText, count, whole, words};
use crate::store::db::{EngineSql, engine_sql, on_db};
use crate::store::lead_insert::{self, Inserted, ListBatch, ListImport, ListPlace, OnDuplicate};
use crate::store::{Store, StoreError};

words!(ImportState);

/// An import that is read stores rows every second or so; one that has stored none for so long is read by nobody.
const SILENT: Duration = Duration::from_secs(60);

/// One uploaded list.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Import {
    /// Its id, told by the name that the answer to the import gave it.
    #[serde(rename = "import_id")]
    pub id: ImportId,
    /// Whose list.
    pub campaign_id: CampaignId,
    /// The file's name as the operator knows it.
    pub file_name: String,
    /// The file's content, hashed.
    pub file_sha256: String,
    /// By which options and which version its rows are judged.
    #[serde(skip)]
    pub judged_by: String,
    /// Where it stands; the API tells one that was interrupted from one that runs.
    #[serde(skip)]
    pub state: ImportState,
    /// The stretch of the file at hand begins here; all rows before it are settled.
    pub byte_offset: i64,
    /// Rows that are settled: stored, refused or left out; those of the stretch at hand are among them.
    pub row_offset: i64,
    /// Leads of the stretch at hand that are stored, in the order of their numbers.
    #[serde(skip)]
    pub stretch_leads: i64,
    /// Where that stretch ends, when a part of it is stored.
    #[serde(skip)]
    pub stretch_end: i64,
    /// New leads, suppressed ones included.
    pub accepted: i64,
    /// Leads whose data was replaced.
    pub updated: i64,
    /// Rows left out because the number was there.
    pub duplicates: i64,
    /// Rows that were refused.
    pub rejected: i64,
    /// Refused rows by reason.
    pub by_code: JsonText<BTreeMap<String, u64>>,
    /// Rows that were taken and that somebody should look at; the API tells them in the words of the import's answer.
    #[serde(skip)]
    pub doubts: JsonText<Doubts>,
    /// Of the accepted ones, on a do-not-call list: stored, never called.
    pub suppressed: i64,
    /// Length of the file of refused rows that belongs to `byte_offset`.
    #[serde(skip)]
    pub rejects_bytes: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When rows were stored last; none yet, or by a version that did not tell.
    pub progress_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A place in a list. Its leads are stored stretch by stretch, those of a stretch in the order of their numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportPlace {
    /// Where the stretch begins in the file.
    pub byte_offset: u64,
    /// Leads of the stretch before this place.
    pub stretch_leads: u64,
    /// Where the stretch ends in the file; 0 when none of its leads is stored.
    pub stretch_end: u64,
}

impl ImportPlace {
    /// The beginning of a stretch.
    #[must_use]
    pub const fn at(byte_offset: u64) -> Self {
        Self { byte_offset, stretch_leads: 0, stretch_end: 0 }
    }
}

/// The next piece of a list.
#[derive(Debug, Clone)]
pub struct ImportBatch<'a> {
    /// Where the import must stand.
    pub from: ImportPlace,
    /// Where it stands behind the piece.
    pub to: ImportPlace,
    /// Rows that are settled by it, good and bad.
    pub rows: u64,
    /// Of those, refused.
    pub rejected: u64,
    /// Refused rows by reason, since the import began.
    pub by_code: &'a BTreeMap<String, u64>,
    /// Rows that somebody should look at, since the import began.
    pub doubts: &'a Doubts,
    /// Length of the file of refused rows behind this piece.
    pub rejects_bytes: u64,
    /// Of those, replaced by a later row of the stretch with the same number.
    pub updated: u64,
    /// Of those, left out because an earlier row of the stretch has the same number.
    pub duplicates: u64,
    /// The good ones.
    pub leads: ListBatch,
    /// What to do with numbers the campaign has.
    pub on_duplicate: OnDuplicate,
}

impl Import {
    /// Whether nobody reads it on: a process that is killed, and a sender who goes away, leave it running.
    #[must_use]
    pub fn is_interrupted(&self, now: Timestamp) -> bool {
        self.state == ImportState::Running && self.progress_at.unwrap_or(self.created_at) + SILENT < now
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> ImportPlace {
        let (byte_offset, stretch_leads, stretch_end) = (count(self.byte_offset), count(self.stretch_leads), count(self.stretch_end));
        ImportPlace { byte_offset, stretch_leads, stretch_end }
    }
}

impl Store {
    /// Begins an import, and tells the audit who did. What is gone on with was begun by somebody already.
    ///
    /// # Errors
    /// The campaign does not exist, or the database cannot be written.
    pub async fn start_import(
        &self,
        campaign: CampaignId,
        file_name: &str,
        file_sha256: &str,
        judged_by: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<Import, StoreError> {
        on_db!(self.db, write, tx => {
            let import: Import = sqlx::query_as(
                "INSERT INTO import (id, campaign_id, file_name, file_sha256, judged_by, state, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *",
            )
            .bind(ImportId::new()).bind(campaign).bind(file_name).bind(file_sha256).bind(judged_by).bind(ImportState::Running).bind(now)
            .fetch_one(&mut *tx).await?;
            let (subject, detail) = (format!("campaign/{campaign}"), format!("{file_name} as import {}", import.id));
            audit::append(tx.into(), NewAudit { actor, action: "leads.import", subject: &subject, detail: &detail }, now).await?;
            Ok(import)
        })
    }

    /// An import by its id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn import(&self, id: ImportId) -> Result<Option<Import>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM import WHERE id = $1").bind(id).fetch_optional(conn).await?)
        })
    }

    /// The imports of a campaign, newest first: to go on with one, or to warn that a file was read before.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn imports(&self, campaign: CampaignId) -> Result<Vec<Import>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM import WHERE campaign_id = $1 ORDER BY id DESC").bind(campaign).fetch_all(conn).await?)
        })
    }

    /// The imports of a campaign that are not at their end, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn running_imports(&self, campaign: CampaignId) -> Result<Vec<Import>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT * FROM import WHERE campaign_id = $1 AND state = 'running' ORDER BY id DESC";
            Ok(sqlx::query_as(sql).bind(campaign).fetch_all(conn).await?)
        })
    }

    /// Stores the next piece of a list and moves the place, both or neither. `None`: the import does not stand at
    /// `from` any more (another process reads the same list) and nothing was stored.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn append_import(&self, import: &Import, batch: ImportBatch<'_>, now: Timestamp) -> Result<Option<Inserted>, StoreError> {
        let begun = ListImport { id: import.id, begun_at: import.created_at };
        let place = ListPlace { campaign: import.campaign_id, import: Some(begun), on_duplicate: batch.on_duplicate };
        on_db!(self.db, write, tx => {
            let moved = sqlx::query(
                "UPDATE import SET byte_offset = $4, stretch_leads = $5, stretch_end = $6, row_offset = row_offset + $7,
                   rejected = rejected + $8, by_code = $9, rejects_bytes = $10, doubts = $11,
                   progress_at = $12
                 WHERE id = $1 AND byte_offset = $2 AND stretch_leads = $3 AND state = 'running'",
            )
            .bind(import.id).bind(whole(batch.from.byte_offset)).bind(whole(batch.from.stretch_leads))
            .bind(whole(batch.to.byte_offset)).bind(whole(batch.to.stretch_leads)).bind(whole(batch.to.stretch_end))
            .bind(whole(batch.rows)).bind(whole(batch.rejected)).bind(JsonText(batch.by_code)).bind(whole(batch.rejects_bytes))
            .bind(JsonText(batch.doubts)).bind(now).execute(&mut *tx).await?;
            if moved.rows_affected() == 0 {
                return Ok(None);
            }
            let sum = lead_insert::insert((&mut *tx).into(), place, batch.leads, now).await?;
            sqlx::query(
                "UPDATE import SET accepted = accepted + $2, updated = updated + $3, duplicates = duplicates + $4, suppressed = suppressed + $5
                 WHERE id = $1",
            )
            .bind(import.id).bind(whole(sum.accepted + sum.suppressed)).bind(whole(sum.updated + batch.updated)).bind(whole(sum.duplicates + batch.duplicates))
            .bind(whole(sum.suppressed)).execute(tx).await?;
            Ok(Some(sum))
        })
    }

    /// Ends an import along its table; whether that changed anything.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn end_import(&self, id: ImportId, state: ImportState, now: Timestamp) -> Result<bool, StoreError> {
        const MOVE: EngineSql = engine_sql!("UPDATE import SET state = $2, ended_at = $3 WHERE id = $1 AND state IN (" (each "$4") ")");
        let (sql, from) = (MOVE.on(&self.db), JsonText(sources(IMPORT, state).into_iter().map(ImportState::as_str).collect::<Vec<_>>()));
        on_db!(self.db, write, tx => {
            Ok(sqlx::query(sql).bind(id).bind(state).bind(now).bind(from).execute(tx).await?.rows_affected() == 1)
        })
    }
}
