//! `callfleet leads import`: sends the file, shows how far it is, and says what became of every row.

mod result;

use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::path::Path;

use anyhow::Context;
use axum::body::Body;
use axum::http::Method;
use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

pub use self::result::reject_text;
use self::result::result_text;
use super::client::{Answer, Client};
use super::ending::sentence;
use super::leads::save;
use super::output::{Output, cell, items, line};
use super::path::ApiPath;
use super::progress::Progress;
use super::refused::Refused;

const PIECE: usize = 64 * 1024;

/// What was typed.
#[derive(Debug)]
pub struct Order<'a> {
    /// Into which campaign.
    pub campaign: &'a str,
    /// The list.
    pub file: &'a Path,
    /// Replace the data of leads that are there.
    pub update: bool,
    /// Import nothing.
    pub dry_run: bool,
    /// The sheet of a workbook.
    pub sheet: Option<&'a str>,
    /// The country of national numbers.
    pub region: Option<&'a str>,
    /// Where refused rows go.
    pub rejects: Option<&'a Path>,
}

/// Imports.
///
/// # Errors
/// The file cannot be read or used, or there is no place for refused rows; nothing was imported then.
pub async fn run(order: &Order<'_>, client: &Client, output: Output) -> anyhow::Result<()> {
    let file = File::open(order.file).await.with_context(|| format!("{} cannot be read", order.file.display()))?;
    let about = file.metadata().await?;
    anyhow::ensure!(!about.is_dir(), "{} is a folder; give the list's file", order.file.display());
    if let Some(to) = order.rejects {
        must_be_another(order.file, to)?;
        must_be_writable(to)?;
    }
    let length = about.len();
    let sent = client.ask(Method::POST, order.path(), Some("text/csv"), Body::from_stream(pieces(file)));
    let answer = if std::io::stderr().is_terminal() && !output.json {
        order.progress(length).until(sent, async || reached(order, client).await).await
    } else {
        sent.await
    };
    let answer = order.answered(answer)?;
    let refused = answer.json["rejected"].as_u64().unwrap_or(0) > 0;
    // before anything is shown: whoever reads that may go away (`| head`), and the command ends there
    let about_rejects = match order.rejects {
        Some(to) if refused => save_rejects(order, client, &answer.json, to).await.map(Some),
        Some(to) => remove_earlier(to),
        None => Ok(None),
    };
    output.show(&answer, |result| result_text(result, order))?;
    if let Some(told) = about_rejects?.filter(|_| !output.json) {
        line(&told)?;
    }
    Ok(())
}

/// Whoever mends refused rows and imports that file may well name it for the rows that are refused again: the others would be gone.
fn must_be_another(list: &Path, to: &Path) -> anyhow::Result<()> {
    let same = std::fs::canonicalize(to).is_ok_and(|to| std::fs::canonicalize(list).is_ok_and(|list| list == to));
    anyhow::ensure!(!same, "{} is the list itself, and nothing was imported; give --rejects another file", to.display());
    Ok(())
}

/// Refused rows of a list that is in are had from the API alone. A file that was not there is not left behind; what is no file, like a
/// pipe, is left alone until there is something to write.
fn must_be_writable(to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written, and nothing was imported", to.display());
    let known = std::fs::metadata(to).ok();
    if known.as_ref().is_none_or(|known| known.is_file() || known.is_dir()) {
        drop(OpenOptions::new().write(true).create(true).truncate(false).open(to).with_context(cannot)?);
    }
    if known.is_none() { std::fs::remove_file(to).with_context(cannot) } else { Ok(()) }
}

async fn save_rejects(order: &Order<'_>, client: &Client, answer: &Value, to: &Path) -> anyhow::Result<String> {
    let id = cell(&answer["import_id"]);
    let saved = save(client, ApiPath::new(&["v1", "campaigns", order.campaign, "imports", &id, "rejects"]), Some(to)).await;
    saved.context("the list was read to its end, but its refused rows were not saved")?;
    Ok(format!("the refused rows are in {}; mend them and import that file", to.display()))
}

/// Where no row is refused, the refused rows of an earlier import would look like those of this one. What is no file is left alone.
fn remove_earlier(to: &Path) -> anyhow::Result<Option<String>> {
    if !std::fs::metadata(to).is_ok_and(|known| known.is_file()) {
        return Ok(None);
    }
    let cannot = || format!("the list was read to its end and no row was refused, but {} from before cannot be removed", to.display());
    std::fs::remove_file(to).with_context(cannot)?;
    Ok(Some(format!("no row was refused; {}, which was there before, is removed", to.display())))
}

impl Order<'_> {
    fn progress(&self, length: u64) -> Progress {
        let doing = if self.dry_run { "checking" } else { "importing" };
        Progress { doing, template: "{msg} {bar:30} {bytes}/{total_bytes} {eta}", of: length }
    }

    /// The answer, or why there is none. What a process wrote before it went away stays.
    fn answered(&self, answer: anyhow::Result<Answer>) -> anyhow::Result<Answer> {
        let fix = if self.dry_run { "try it again" } else { "send the same file again: it goes on where it was" };
        answer.map_err(|error| refused_or_cut_off(error, fix))
    }

    fn path(&self) -> ApiPath {
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned());
        ApiPath::new(&["v1", "campaigns", self.campaign, "imports"])
            .with("file_name", name)
            .with("update", self.update.then_some(true))
            .with("dry_run", self.dry_run.then_some(true))
            .with("sheet", self.sheet)
            .with("region", self.region)
    }
}

/// Why a file that was sent has no answer: the API's refusal as it is, anything else with what helps.
pub fn refused_or_cut_off(error: anyhow::Error, fix: &str) -> anyhow::Error {
    if error.is::<Refused>() { error } else { Refused::on_the_way(sentence(&error), fix).into() }
}

/// A file, piece by piece.
pub fn pieces(file: File) -> impl stream::Stream<Item = std::io::Result<Bytes>> + Send {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    })
}

/// Bytes that are imported; 0 before the import has begun and when nobody can say.
async fn reached(order: &Order<'_>, client: &Client) -> u64 {
    let Ok(answer) = client.get(ApiPath::new(&["v1", "campaigns", order.campaign, "imports"])).await else { return 0 };
    let running = items(&answer.json["imports"]).iter().find(|import| import["state"] == "running");
    running.and_then(|import| import["byte_offset"].as_u64()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    pub(super) fn order(dry_run: bool) -> Order<'static> {
        let file = Path::new("leads.csv");
        Order { campaign: "spring", file, update: false, dry_run, sheet: None, region: None, rejects: None }
    }

    fn told(order: &Order<'_>, error: anyhow::Error) -> (String, String) {
        let Refused { message, fix, .. } = order.answered(Err(error)).unwrap_err().downcast().unwrap();
        (message, fix)
    }

    #[test]
    fn who_was_cut_off_is_told_to_send_the_file_again() {
        let cut_off = || anyhow::anyhow!("connection closed").context("the process broke the connection off");
        let (message, fix) = told(&order(false), cut_off());
        assert_eq!(message, "the process broke the connection off: connection closed");
        assert_eq!(fix, "send the same file again: it goes on where it was");
        assert_eq!(told(&order(true), cut_off()).1, "try it again", "a dry run has written nothing");
        let refused = Refused::of(StatusCode::CONFLICT, r#"{"error":{"message":"overtaken","fix":"wait"}}"#.to_owned());
        assert_eq!(told(&order(false), refused.into()), ("overtaken".to_owned(), "wait".to_owned()));
    }
}
