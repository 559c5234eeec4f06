//! One import from the received file to its result.

use std::collections::BTreeMap;
use std::fs::File;

use axum::http::StatusCode;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::super::ApiState;
use super::super::error::ApiError;
use super::super::extract::Actor;
use super::super::idle;
use super::diff::{Diff, Tries};
use super::doubtful::{Doubtful, DoubtsJson};
use super::lacks::Lacks;
use super::list::List;
use super::refused::{self, Refused};
use super::sink::{SinkError, Writes};
use super::upload::disk;
use crate::domain::doubts::Doubts;
use crate::domain::ids::ImportId;
use crate::domain::time::Timestamp;
use crate::intake::finding::Finding;
use crate::intake::import::import;
use crate::intake::{self, ImportError, ImportOptions, Progress, Sheet};
use crate::store::campaign::Campaign;
use crate::store::codec::count;
use crate::store::import::{Import, ImportPlace, ImportState};
use crate::store::lead_insert::OnDuplicate;

/// What to import, where, and how.
pub struct Order {
    /// Where to.
    pub api: ApiState,
    /// Whose list.
    pub campaign: Campaign,
    /// The file's name as the operator knows it.
    pub file_name: String,
    /// Who brings it.
    pub actor: Actor,
    /// How.
    pub options: ImportOptions,
    /// Import nothing.
    pub dry_run: bool,
}

/// What an import did; `accepted`, `updated`, `duplicates` and `rejected` add up to `rows`.
#[derive(Debug, Serialize)]
pub struct Outcome {
    import_id: ImportId,
    file_name: String,
    dry_run: bool,
    rows: u64,
    accepted: u64,
    updated: u64,
    duplicates: u64,
    rejected: u64,
    /// Of the accepted ones, on a do-not-call list: stored, never called.
    suppressed: u64,
    /// Rows that an earlier run of the same file had settled; they are counted above.
    resumed_after_row: u64,
    by_code: BTreeMap<String, u64>,
    /// Rows that were not refused and that somebody should look at.
    #[serde(flatten)]
    doubts: DoubtsJson,
    /// Of the leads that are new or updated, those without a variable that the agent's lines say, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    lacking: BTreeMap<String, u64>,
    /// The first refused rows.
    rejects: Vec<Finding>,
    /// Of a dry run: what would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<Diff>,
    /// What is as it should be, and good to know.
    notes: Vec<String>,
    warnings: Vec<String>,
    seconds: f64,
}

impl Outcome {
    /// What the import's row says.
    fn of(done: Import, file_name: &str) -> Self {
        Self {
            import_id: done.id,
            file_name: file_name.to_owned(),
            dry_run: false,
            rows: count(done.row_offset),
            accepted: count(done.accepted),
            updated: count(done.updated),
            duplicates: count(done.duplicates),
            rejected: count(done.rejected),
            suppressed: count(done.suppressed),
            resumed_after_row: 0,
            by_code: done.by_code.0,
            doubts: done.doubts.0.into(),
            lacking: BTreeMap::new(),
            rejects: Vec::new(),
            diff: None,
            notes: Vec::new(),
            warnings: Vec::new(),
            seconds: 0.0,
        }
    }
}

impl Order {
    /// Imports a file that was checked, or tries it.
    ///
    /// # Errors
    /// The import was cut off (send the file again to go on).
    pub async fn carry_out(self, list: List, begun_at: Option<Timestamp>, stop: &CancellationToken) -> Result<Outcome, ApiError> {
        let List { file, sheet } = list;
        if self.dry_run { self.try_out(file, &sheet, stop).await } else { self.write(file, &sheet, begun_at, stop).await }
    }

    async fn try_out(self, file: File, sheet: &Sheet, stop: &CancellationToken) -> Result<Outcome, ApiError> {
        let id = ImportId::new();
        let refused = self.refused(id, sheet, 0)?;
        let doubtful = self.doubtful(sheet, Doubts::default()).await?;
        let (store, on_duplicate) = (self.api.store.clone(), on_duplicate(&self.options));
        let mut sink = Tries::new(store, self.campaign.id, doubtful, on_duplicate, refused, self.options.now);
        let report = import(file, sheet, self.options, &mut sink, stop).await.map_err(cut_off)?;
        let mut warnings = warnings(sheet, &self.imports_of(sheet).await?);
        let leads = report.accepted + report.updated;
        warnings.extend(sink.doubtful.warnings(leads));
        let notes = sink.doubtful.note().into_iter().collect();
        let by_code = report.by_code.into_iter().map(|(code, rows)| (code.to_string(), rows)).collect();
        Ok(Outcome {
            import_id: id,
            file_name: self.file_name.clone(),
            dry_run: true,
            rows: report.rows,
            accepted: report.accepted,
            updated: report.updated,
            duplicates: report.duplicates,
            rejected: report.rejected,
            suppressed: sink.suppressed,
            resumed_after_row: 0,
            by_code,
            doubts: sink.doubtful.doubts().into(),
            lacking: sink.doubtful.lacking(leads),
            rejects: sink.refused.shown,
            diff: Some(sink.diff),
            notes,
            warnings,
            seconds: report.seconds,
        })
    }

    async fn write(self, file: File, sheet: &Sheet, begun_at: Option<Timestamp>, stop: &CancellationToken) -> Result<Outcome, ApiError> {
        let earlier = self.imports_of(sheet).await?;
        // this very request was carried out and only its answer was lost
        let carried_out = |import: &&Import| import.state == ImportState::Done && begun_at.is_some_and(|at| import.created_at >= at);
        if let Some(done) = earlier.iter().find(carried_out) {
            return Ok(Outcome::of(done.clone(), &self.file_name));
        }
        let mut warnings = warnings(sheet, &earlier);
        let (store, clock) = (self.api.store.clone(), self.api.clock.clone());
        let import_row = self.go_on(earlier, sheet, &mut warnings).await?;
        let (id, resumed_after_row) = (import_row.id, count(import_row.row_offset));
        let ImportPlace { byte_offset, stretch_leads, stretch_end } = import_row.place();
        let at = Progress { byte_offset, row_offset: resumed_after_row, stretch_leads, stretch_end };
        let options = ImportOptions { now: import_row.created_at, resume: (resumed_after_row > 0).then_some(at), ..self.options };
        let refused = self.refused(id, sheet, count(import_row.rejects_bytes))?;
        let on_duplicate = on_duplicate(&options);
        let doubtful = self.doubtful(sheet, import_row.doubts.0.clone()).await?;
        let mut sink = Writes { store: store.clone(), clock: clock.clone(), import: import_row, on_duplicate, refused, doubtful };
        let report = tokio::select! {
            report = import(file, sheet, options, &mut sink, stop) => report.map_err(cut_off)?,
            never = store.keep_log_short() => match never {},
        };
        store.end_import(id, ImportState::Done, clock.now()).await?;
        let done = store.import(id).await?.ok_or_else(|| gone(id))?;
        let rejects = sink.refused.shown;
        let leads = count(done.accepted) + count(done.updated);
        let lacking = sink.doubtful.lacking(leads);
        warnings.extend(sink.doubtful.warnings(leads));
        // a long list may have outlasted its campaign
        let campaign = store.campaign(self.campaign.id).await?.unwrap_or(self.campaign);
        warnings.extend(idle::warning(&campaign));
        let notes = sink.doubtful.note().into_iter().chain(idle::note(&campaign)).collect();
        let seconds = report.seconds;
        Ok(Outcome { resumed_after_row, lacking, rejects, notes, warnings, seconds, ..Outcome::of(done, &self.file_name) })
    }

    /// The import that was cut off, or a new one. What is stored of a list that was judged otherwise cannot be passed over by counting:
    /// the list is read again from its beginning, and finds its numbers there.
    async fn go_on(&self, earlier: Vec<Import>, sheet: &Sheet, warnings: &mut Vec<String>) -> Result<Import, ApiError> {
        let (store, now, judged_by) = (&self.api.store, self.api.clock.now(), self.options.judged_by());
        for import in earlier.into_iter().filter(|import| import.state == ImportState::Running) {
            if import.judged_by == judged_by {
                return Ok(import);
            }
            store.end_import(import.id, ImportState::Failed, now).await?;
            warnings.push(read_anew(&import));
        }
        Ok(store.start_import(self.campaign.id, &self.file_name, &sheet.sha256, &judged_by, self.actor.0, now).await?)
    }

    /// Looks at rows behind what an earlier run found.
    async fn doubtful(&self, sheet: &Sheet, found: Doubts) -> Result<Doubtful, ApiError> {
        let lacks = Lacks::of(&self.api, &self.campaign, Some(&sheet.columns)).await?;
        Ok(Doubtful::of(&self.campaign, lacks, found))
    }

    fn refused(&self, id: ImportId, sheet: &Sheet, bytes: u64) -> Result<Refused, ApiError> {
        Refused::new(refused::path(&self.api.files, id), &sheet.columns, bytes).map_err(|error| disk(&error))
    }

    async fn imports_of(&self, sheet: &Sheet) -> Result<Vec<Import>, ApiError> {
        let mut imports = self.api.store.imports(self.campaign.id).await?;
        imports.retain(|import| import.file_sha256 == sheet.sha256);
        Ok(imports)
    }
}

/// What the operator should know before relying on the result.
fn warnings(sheet: &Sheet, earlier: &[Import]) -> Vec<String> {
    let done = earlier.iter().find(|import| import.state == ImportState::Done);
    let again = done.map(|import| format!("the same file was imported before, at {}, as {}", import.created_at, import.file_name));
    again.into_iter().chain(sheet.columns.remarks().into_iter().map(|remark| remark.message)).collect()
}

fn read_anew(import: &Import) -> String {
    format!(
        "an import of this file was cut off after {} of its rows, with other options or by another version of callfleet; the file was read \
         from its beginning, and the numbers that were stored then count as there already",
        import.row_offset
    )
}

fn on_duplicate(options: &ImportOptions) -> OnDuplicate {
    match options.on_duplicate {
        intake::OnDuplicate::Skip => OnDuplicate::Skip,
        intake::OnDuplicate::Update => OnDuplicate::Update,
    }
}

fn cut_off(error: ImportError<SinkError>) -> ApiError {
    match error {
        ImportError::Write(SinkError::Store(error)) => error.into(),
        ImportError::Write(SinkError::Refused(error)) => disk(&error),
        ImportError::Write(error @ SinkError::Overtaken) => ApiError::conflict("overtaken", error.to_string(), "wait for the other import"),
        ImportError::Write(error @ SinkError::TakenBack) => {
            ApiError::conflict("taken_back", error.to_string(), "its leads are off the list; to import it after all, send the file again")
        }
        ImportError::Read(error) => disk(&error),
        stopped @ ImportError::Stopped => {
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", stopped.to_string(), "send the same file again to go on")
        }
    }
}

fn gone(id: ImportId) -> ApiError {
    ApiError::conflict("gone", format!("the row of import {id} was deleted meanwhile"), "import the file again")
}
