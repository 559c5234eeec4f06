//! What the demo leaves behind: results, transcripts, the truth and the database, in a folder of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use axum::body::Body;
use axum::http::Request;

use super::stage;
use crate::boot::App;
use crate::call::transcript;
use crate::domain::ids::CampaignId;
use crate::store::Store;
use crate::store::dial::{AttemptView, CallFilter};

/// Says that a folder's contents are a demo's and may be replaced by the next one.
const MARK: &str = ".callfleet-demo";
/// What a demo writes.
const OURS: &[&str] = &["callfleet.db", "callfleet.db-wal", "callfleet.db-shm", "results.csv", "truth.jsonl"];
const TRANSCRIPTS: &str = "transcripts";
/// Calls that get a transcript file.
const CALLS: u32 = 200_000;

/// An empty folder for this run. A folder with somebody else's files is refused.
///
/// # Errors
/// The folder cannot be written, or is not a demo's.
pub fn prepare(asked: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = asked.map_or_else(|| PathBuf::from("data/demo"), Path::to_path_buf);
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let is_empty = folder.read_dir()?.next().is_none();
    if !is_empty && !folder.join(MARK).exists() {
        bail!("{} is not empty and no demo's folder; choose another one with --data", folder.display());
    }
    clear(&folder)?;
    std::fs::create_dir_all(folder.join(TRANSCRIPTS))?;
    std::fs::write(folder.join(MARK), "A folder of `callfleet demo`: the next demo replaces what is in it.\n")?;
    Ok(folder)
}

fn clear(folder: &Path) -> anyhow::Result<()> {
    for name in OURS {
        let file = folder.join(name);
        if file.exists() {
            std::fs::remove_file(&file).with_context(|| format!("{} cannot be replaced", file.display()))?;
        }
    }
    let transcripts = folder.join(TRANSCRIPTS);
    if transcripts.exists() {
        std::fs::remove_dir_all(&transcripts).with_context(|| format!("{} cannot be replaced", transcripts.display()))?;
    }
    Ok(())
}

/// Writes the results and one transcript per call that was held.
///
/// # Errors
/// The database cannot be read or a file cannot be written.
pub async fn write(folder: &Path, app: &App, campaign: CampaignId) -> anyhow::Result<()> {
    let results = stage::ask(app, Request::get("/v1/campaigns/demo/leads.csv").body(Body::empty())?).await?;
    std::fs::write(folder.join("results.csv"), results).context("results.csv cannot be written")?;
    write_transcripts(folder, &app.store, campaign).await
}

async fn write_transcripts(folder: &Path, store: &Store, campaign: CampaignId) -> anyhow::Result<()> {
    let filter = CallFilter { campaign: Some(campaign), ..CallFilter::default() };
    for call in store.attempts(filter, CALLS).await?.iter().filter(|call| call.held_by.is_some()) {
        let lead = store.lead(call.lead_id).await?.context("a call without a lead")?;
        let name = lead.external_id.unwrap_or_else(|| lead.id.to_string());
        let events: Vec<_> = store.call_events(call.id).await?.into_iter().map(|stored| stored.event).collect();
        let file = folder.join(TRANSCRIPTS).join(format!("{name}-{}.txt", call.attempt_no));
        std::fs::write(&file, text(call, &transcript::readable(&events)))
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn text(call: &AttemptView, transcript: &str) -> String {
    let word = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    format!(
        "call      {}\nattempt   {}\noutcome   {} ({})\nduration  {} s\n\n{transcript}",
        call.id,
        call.attempt_no,
        word(call.disposition.map(|disposition| disposition.to_string())),
        word(call.reason.map(|reason| reason.to_string())),
        call.duration_s.unwrap_or(0),
    )
}
