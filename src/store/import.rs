//! Imports: how far a list has been read. The offset moves in the transaction that stores the leads, so a killed import
//! goes on exactly where it was.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::FromRow;

pub use crate::domain::background::ImportState;
use crate::domain::background::{IMPORT, sources};
use crate::domain::ids::{CampaignId, ImportId};
use crate::domain::time::Timestamp;
use crate::store::codec::{JsonText, whole, words};
use crate::store::db::{EngineSql, engine_sql, on_db};
use crate::store::lead_insert::{self, Inserted, ListLead, ListPlace, OnDuplicate};
use crate::store::{Store, StoreError};

words!(ImportState);

/// One uploaded list.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Whose list.
    pub campaign_id: CampaignId,
    /// The file's name as the operator knows it.
    pub file_name: String,
    /// The file's content, hashed.
    pub file_sha256: String,
    /// Where it stands.
    pub state: ImportState,
    /// Bytes of the file whose rows are stored.
    pub byte_offset: i64,
    /// Rows of the file that are stored or were refused.
    pub row_offset: i64,
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
    /// Of the accepted ones, on a do-not-call list: stored, never called.
    pub suppressed: i64,
    /// Length of the file of refused rows that belongs to `byte_offset`.
    #[serde(skip)]
    pub rejects_bytes: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// The next piece of a list.
#[derive(Debug, Clone)]
pub struct ImportBatch<'a> {
    /// Where the piece begins in the file; must be where the import stands.
    pub from_byte: u64,
    /// Where it ends.
    pub to_byte: u64,
    /// Rows in it, good and bad.
    pub rows: u64,
    /// Of those, refused.
    pub rejected: u64,
    /// Refused rows by reason, since the import began.
    pub by_code: &'a BTreeMap<String, u64>,
    /// Length of the file of refused rows behind this piece.
    pub rejects_bytes: u64,
    /// Of those, replaced by a later row of the piece with the same number.
    pub updated: u64,
    /// Of those, left out because an earlier row of the piece has the same number.
    pub duplicates: u64,
    /// The good ones.
    pub leads: Vec<ListLead>,
    /// What to do with numbers the campaign has.
    pub on_duplicate: OnDuplicate,
}

impl Store {
    /// Begins an import.
    ///
    /// # Errors
    /// The campaign does not exist, or the database cannot be written.
    pub async fn start_import(
        &self,
        campaign: CampaignId,
        file_name: &str,
        file_sha256: &str,
        now: Timestamp,
    ) -> Result<Import, StoreError> {
        on_db!(self.db, write, tx => {
            Ok(sqlx::query_as(
                "INSERT INTO import (id, campaign_id, file_name, file_sha256, state, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6) RETURNING *",
            )
            .bind(ImportId::new()).bind(campaign).bind(file_name).bind(file_sha256).bind(ImportState::Running).bind(now)
            .fetch_one(tx).await?)
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

    /// Stores the next piece of a list and moves the offset, both or neither. `None`: the import does not stand at
    /// `from_byte` any more (another process reads the same list) and nothing was stored.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn append_import(&self, import: &Import, batch: ImportBatch<'_>, now: Timestamp) -> Result<Option<Inserted>, StoreError> {
        let place = ListPlace { campaign: import.campaign_id, import: Some(import.id), on_duplicate: batch.on_duplicate };
        on_db!(self.db, write, tx => {
            let moved = sqlx::query(
                "UPDATE import SET byte_offset = $3, row_offset = row_offset + $4, rejected = rejected + $5, by_code = $6, rejects_bytes = $7
                 WHERE id = $1 AND byte_offset = $2 AND state = 'running'",
            )
            .bind(import.id).bind(whole(batch.from_byte)).bind(whole(batch.to_byte)).bind(whole(batch.rows)).bind(whole(batch.rejected))
            .bind(JsonText(batch.by_code)).bind(whole(batch.rejects_bytes))
            .execute(&mut *tx).await?;
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
