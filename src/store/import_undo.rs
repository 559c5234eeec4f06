//! Taking an import back: its leads go, and what it replaced comes back, page by page, so that nobody else waits long.

use serde::Serialize;

use crate::domain::ids::{CampaignId, ImportId, LeadId};
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::db::on_db;
use crate::store::import::{Import, ImportState};
use crate::store::{Store, StoreError};

/// Leads of one transaction.
const PAGE: i64 = 2_000;

/// Leads that are named when they stay as they are.
const NAMED: usize = 20;

/// Whether an import can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoStart {
    /// There is no such import.
    Missing,
    /// So many of its leads have been dialed, or are about to be.
    Dialed(i64),
    /// It is marked as undone, without an end: nothing more is read into it, and [`Store::finish_undo`] does the rest.
    Begun(Box<Import>),
}

/// The part of a page, `$2` to `$3`, that the import `$1` changed without having brought it.
macro_rules! changed {
    () => {
        "b.import_id = $1 AND b.lead_id > $2 AND b.lead_id <= $3 AND (lead.import_id IS NULL OR lead.import_id <> $1)"
    };
}
/// A lead of which the former values are no longer wanted: it is being called, was called by the values of the import, or has
/// newer ones.
macro_rules! moved_on {
    () => {
        "(lead.state = 'active'
            OR EXISTS (SELECT 1 FROM attempt a WHERE a.lead_id = b.lead_id AND a.created_at >= b.replaced_at)
            OR EXISTS (SELECT 1 FROM lead_before later
                WHERE later.lead_id = b.lead_id AND later.import_id <> $1 AND later.replaced_at >= b.replaced_at))"
    };
}

/// What taking an import back did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// Leads that were taken off the list.
    pub removed: u64,
    /// Leads that got their former values back.
    pub restored: u64,
    /// Leads that stay as they are: a later import changed them, they are being called, or they were dialed meanwhile.
    pub kept: u64,
    /// The first of those.
    pub kept_leads: Vec<LeadId>,
}

impl Undone {
    fn keep(&mut self, leads: &[LeadId]) {
        self.kept += leads.len() as u64;
        let room = NAMED - self.kept_leads.len();
        self.kept_leads.extend(leads.iter().take(room));
    }
}

impl Store {
    /// Begins to take an import back, if none of its leads was dialed: neither one that it brought, nor one that it changed and
    /// that was called by the new values. Safe to repeat, and to go on with after a stop.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn begin_undo(&self, id: ImportId, actor: &str, now: Timestamp) -> Result<UndoStart, StoreError> {
        const DIALED: &str = "SELECT COUNT(DISTINCT a.lead_id) FROM attempt a JOIN lead l ON l.id = a.lead_id
               LEFT JOIN lead_before b ON b.import_id = $2 AND b.lead_id = a.lead_id
             WHERE a.campaign_id = $1 AND (l.import_id = $2 OR a.created_at >= b.replaced_at)";
        on_db!(self.db, write, tx => {
            let Some(import): Option<Import> = sqlx::query_as("SELECT * FROM import WHERE id = $1").bind(id).fetch_optional(&mut *tx).await?
            else { return Ok(UndoStart::Missing) };
            if import.state == ImportState::Undone {
                return Ok(UndoStart::Begun(Box::new(import)));
            }
            let dialed: i64 = sqlx::query_scalar(DIALED).bind(import.campaign_id).bind(id).fetch_one(&mut *tx).await?;
            if dialed > 0 {
                return Ok(UndoStart::Dialed(dialed));
            }
            sqlx::query("UPDATE import SET state = $2, ended_at = NULL WHERE id = $1")
                .bind(id).bind(ImportState::Undone).execute(&mut *tx).await?;
            let subject = format!("campaign/{}", import.campaign_id);
            let detail = format!("import {id}: {} new and {} updated leads", import.accepted, import.updated);
            let undo = NewAudit { actor, action: "import.undo", subject: &subject, detail: &detail };
            audit::append(tx.into(), undo, now).await?;
            Ok(UndoStart::Begun(Box::new(import)))
        })
    }

    /// Takes the leads of an undone import off the list and gives back what it replaced.
    ///
    /// # Errors
    /// The database cannot be written; what was done stays done, and the rest can be done later.
    pub async fn finish_undo(&self, import: &Import, now: Timestamp) -> Result<Undone, StoreError> {
        let mut undone = Undone::default();
        let mut after = LeadId(uuid::Uuid::nil());
        while let Some(upto) = self.remove_page(import, after, &mut undone).await? {
            after = upto;
        }
        after = LeadId(uuid::Uuid::nil());
        while let Some(upto) = self.restore_page(import, after, &mut undone, now).await? {
            after = upto;
        }
        on_db!(self.db, statement, conn => {
            let ended = sqlx::query("UPDATE import SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL");
            ended.bind(import.id).bind(now).execute(conn).await?;
            Ok(())
        })?;
        Ok(undone)
    }

    /// The imports of a campaign of which the taking back is not at its end, newest first: what is left of their leads is called.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn half_undone_imports(&self, campaign: CampaignId) -> Result<Vec<Import>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT * FROM import WHERE campaign_id = $1 AND state = 'undone' AND ended_at IS NULL ORDER BY id DESC";
            Ok(sqlx::query_as(sql).bind(campaign).fetch_all(conn).await?)
        })
    }

    /// Removes the next leads that the import brought; the last one looked at.
    async fn remove_page(&self, import: &Import, after: LeadId, undone: &mut Undone) -> Result<Option<LeadId>, StoreError> {
        const PAGE_END: &str = "SELECT id FROM (SELECT id FROM lead WHERE campaign_id = $1 AND import_id = $2 AND id > $3
               ORDER BY id LIMIT $4) AS page ORDER BY id DESC LIMIT 1";
        const REMOVE: &str = "DELETE FROM lead WHERE campaign_id = $1 AND import_id = $2 AND id > $3 AND id <= $4
               AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.lead_id = lead.id)
               AND NOT EXISTS (SELECT 1 FROM lead_before later WHERE later.lead_id = lead.id AND later.import_id <> $2)";
        const LEFT: &str = "SELECT id FROM lead WHERE campaign_id = $1 AND import_id = $2 AND id > $3 AND id <= $4 ORDER BY id";
        let (campaign, id) = (import.campaign_id, import.id);
        on_db!(self.db, write, tx => {
            let upto: Option<LeadId> = sqlx::query_scalar(PAGE_END).bind(campaign).bind(id).bind(after).bind(PAGE).fetch_optional(&mut *tx).await?;
            let Some(upto) = upto else { return Ok(None) };
            let removed = sqlx::query(REMOVE).bind(campaign).bind(id).bind(after).bind(upto).execute(&mut *tx).await?;
            undone.removed += removed.rows_affected();
            undone.keep(&sqlx::query_scalar::<_, LeadId>(LEFT).bind(campaign).bind(id).bind(after).bind(upto).fetch_all(tx).await?);
            Ok(Some(upto))
        })
    }

    /// Gives the next leads that the import changed their former values; the last one looked at.
    async fn restore_page(
        &self,
        import: &Import,
        after: LeadId,
        undone: &mut Undone,
        now: Timestamp,
    ) -> Result<Option<LeadId>, StoreError> {
        const PAGE_END: &str = "SELECT lead_id FROM (SELECT lead_id FROM lead_before WHERE import_id = $1 AND lead_id > $2
               ORDER BY lead_id LIMIT $3) AS page ORDER BY lead_id DESC LIMIT 1";
        const STAY: &str = concat!(
            "SELECT b.lead_id FROM lead_before b JOIN lead ON lead.id = b.lead_id WHERE ",
            changed!(),
            " AND ",
            moved_on!(),
            " ORDER BY b.lead_id"
        );
        const RESTORE: &str = concat!(
            "UPDATE lead SET external_id = b.external_id, zones = b.zones, variables = b.variables,
               consent_basis = b.consent_basis, consent_at = b.consent_at, consent_ref = b.consent_ref,
               priority = COALESCE(b.priority, lead.priority), hours_class = b.hours_class, updated_at = $4,
               next_attempt_at = CASE WHEN lead.state = 'new' THEN COALESCE(b.next_attempt_at, lead.next_attempt_at)
                 ELSE lead.next_attempt_at END
             FROM lead_before b WHERE b.lead_id = lead.id AND ",
            changed!(),
            " AND NOT ",
            moved_on!()
        );
        const FORGET: &str = "DELETE FROM lead_before WHERE import_id = $1 AND lead_id > $2 AND lead_id <= $3";
        let id = import.id;
        on_db!(self.db, write, tx => {
            let upto: Option<LeadId> = sqlx::query_scalar(PAGE_END).bind(id).bind(after).bind(PAGE).fetch_optional(&mut *tx).await?;
            let Some(upto) = upto else { return Ok(None) };
            undone.keep(&sqlx::query_scalar::<_, LeadId>(STAY).bind(id).bind(after).bind(upto).fetch_all(&mut *tx).await?);
            let restored = sqlx::query(RESTORE).bind(id).bind(after).bind(upto).bind(now).execute(&mut *tx).await?;
            undone.restored += restored.rows_affected();
            sqlx::query(FORGET).bind(id).bind(after).bind(upto).execute(tx).await?;
            Ok(Some(upto))
        })
    }
}
