//! One import from the received file to its result.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;

use axum::http::StatusCode;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::super::ApiState;
use super::super::error::ApiError;
use super::refused::{self, Refused};
use super::sink::{SinkError, Tries, Writes};
use super::upload::disk;
use crate::domain::ids::{CampaignId, ImportId};
use crate::intake::finding::Finding;
use crate::intake::import::import;
use crate::intake::{self, FileError, ImportError, ImportOptions, LeadSink, Progress, Report, Sheet, preflight};
use crate::store::codec::count;
use crate::store::import::{Import, ImportState};
use crate::store::lead_insert::OnDuplicate;

/// What to import, where, and how.
pub struct Order {
    /// Where to.
    pub api: ApiState,
    /// Whose list.
    pub campaign: CampaignId,
    /// The file's name as the operator knows it.
    pub file_name: String,
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
    /// Rows that an earlier run of the same file had imported; they are counted above.
    resumed_after_row: u64,
    by_code: BTreeMap<String, u64>,
    /// The first refused rows.
    rejects: Vec<Finding>,
    warnings: Vec<String>,
    seconds: f64,
}

impl Order {
    /// Checks the whole file, then imports it.
    ///
    /// # Errors
    /// The file cannot be used (nothing was imported), or the import was cut off (send the file again to go on).
    pub async fn carry_out(self, mut file: File, stop: &CancellationToken) -> Result<Outcome, ApiError> {
        let sheet = preflight(&mut file).map_err(|error| bad_file(&error))?;
        if self.dry_run { self.try_out(file, &sheet, stop).await } else { self.write(file, &sheet, stop).await }
    }

    async fn try_out(self, mut file: File, sheet: &Sheet, stop: &CancellationToken) -> Result<Outcome, ApiError> {
        let id = ImportId::new();
        let sink = &mut Tries {
            store: self.api.store.clone(),
            campaign: self.campaign,
            on_duplicate: on_duplicate(&self.options),
            seen: HashSet::new(),
        };
        let (report, rejects) = self.read(id, &mut file, sheet, sink, &self.options, stop).await?;
        let warnings = self.warnings(&self.imports_of(sheet).await?);
        Ok(self.outcome(id, &report, rejects, warnings))
    }

    async fn write(self, mut file: File, sheet: &Sheet, stop: &CancellationToken) -> Result<Outcome, ApiError> {
        let earlier = self.imports_of(sheet).await?;
        let warnings = self.warnings(&earlier);
        let (store, clock) = (self.api.store.clone(), self.api.clock.clone());
        let import = match earlier.into_iter().find(|import| import.state == ImportState::Running) {
            Some(import) => import,
            None => store.start_import(self.campaign, &self.file_name, &sheet.sha256, clock.now()).await?,
        };
        let at = Progress { byte_offset: count(import.byte_offset), row_offset: count(import.row_offset), ..Progress::default() };
        let options = ImportOptions { resume: (at.row_offset > 0).then_some(at), ..self.options };
        let (id, on_duplicate) = (import.id, on_duplicate(&options));
        let mut sink = Writes { store: store.clone(), clock: clock.clone(), import, on_duplicate, at, suppressed: 0 };
        let (report, rejects) = self.read(id, &mut file, sheet, &mut sink, &options, stop).await?;
        store.end_import(id, ImportState::Done, clock.now()).await?;
        let before = &sink.import;
        Ok(Outcome {
            accepted: report.accepted + count(before.accepted),
            updated: report.updated + count(before.updated),
            duplicates: report.duplicates + count(before.duplicates),
            rejected: report.rejected + count(before.rejected),
            rows: report.rows + at.row_offset,
            resumed_after_row: at.row_offset,
            suppressed: sink.suppressed,
            ..self.outcome(id, &report, rejects, warnings)
        })
    }

    async fn read<S: LeadSink<Error = SinkError>>(
        &self,
        id: ImportId,
        file: &mut File,
        sheet: &Sheet,
        sink: &mut S,
        options: &ImportOptions,
        stop: &CancellationToken,
    ) -> Result<(Report, Vec<Finding>), ApiError> {
        let path = refused::path(&self.api.files, id);
        let mut refused = Refused::open(path, &sheet.columns, options.resume.is_some()).map_err(|error| disk(&error))?;
        let read = import(file, sheet, options, sink, &mut |finding, cells| refused.take(finding, cells), stop).await;
        let rejects = refused.close().map_err(|error| disk(&error))?;
        Ok((read.map_err(cut_off)?, rejects))
    }

    async fn imports_of(&self, sheet: &Sheet) -> Result<Vec<Import>, ApiError> {
        let mut imports = self.api.store.imports(self.campaign).await?;
        imports.retain(|import| import.file_sha256 == sheet.sha256);
        Ok(imports)
    }

    fn warnings(&self, earlier: &[Import]) -> Vec<String> {
        let done = earlier.iter().find(|import| import.state == ImportState::Done);
        done.map(|import| format!("the same file was imported before, at {}, as {}", import.created_at, import.file_name))
            .into_iter()
            .collect()
    }

    fn outcome(&self, import_id: ImportId, report: &Report, rejects: Vec<Finding>, warnings: Vec<String>) -> Outcome {
        Outcome {
            import_id,
            file_name: self.file_name.clone(),
            dry_run: self.dry_run,
            rows: report.rows,
            accepted: report.accepted,
            updated: report.updated,
            duplicates: report.duplicates,
            rejected: report.rejected,
            suppressed: 0,
            resumed_after_row: 0,
            by_code: report.by_code.clone(),
            rejects,
            warnings,
            seconds: report.seconds,
        }
    }
}

fn on_duplicate(options: &ImportOptions) -> OnDuplicate {
    match options.on_duplicate {
        intake::OnDuplicate::Skip => OnDuplicate::Skip,
        intake::OnDuplicate::Update => OnDuplicate::Update,
    }
}

fn bad_file(error: &FileError) -> ApiError {
    ApiError::unusable("bad_file", error.to_string(), "correct the file and import it again; nothing was imported")
}

fn cut_off(error: ImportError<SinkError>) -> ApiError {
    match error {
        ImportError::Write(SinkError::Store(error)) => error.into(),
        ImportError::Write(error @ SinkError::Overtaken) => ApiError::conflict("overtaken", error.to_string(), "wait for the other import"),
        ImportError::Read(error) => disk(&error),
        stopped @ ImportError::Stopped => {
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", stopped.to_string(), "send the same file again to go on")
        }
    }
}
