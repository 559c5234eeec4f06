//! `callfleet leads import`: sends the file, shows how far it is, and says what became of every row.

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

use super::client::{Answer, Client};
use super::ending::sentence;
use super::leads::save;
use super::output::{Output, cell, items, line, warnings_and_notes};
use super::path::ApiPath;
use super::progress::Progress;
use super::refused::Refused;
use crate::domain::count::counted;

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

fn result_text(result: &Value, order: &Order<'_>) -> String {
    let count = |key: &str| result[key].as_u64().unwrap_or(0);
    let verb = if order.dry_run { "would be imported" } else { "imported" };
    let mut text = format!("{}: {} {verb}", counted(count("rows"), "row"), count("accepted"));
    for (key, words) in [("updated", "updated"), ("duplicates", "already there"), ("rejected", "refused")] {
        if count(key) > 0 {
            text.push_str(&format!(", {} {words}", count(key)));
        }
    }
    if count("suppressed") > 0 {
        text.push_str(&format!("\n{} of them are on a do-not-call list and will not be called", count("suppressed")));
    }
    if count("resumed_after_row") > 0 {
        text.push_str(&format!("\nan earlier run had done {} of them; this one went on there", counted(count("resumed_after_row"), "row")));
    }
    text.push_str(&warnings_and_notes(result));
    text.push_str(&doubts_text(result));
    let shown = items(&result["rejects"]);
    for reject in shown {
        text.push_str(&format!("\n{}", reject_text(reject)));
    }
    text.push_str(&more_text(result, count("rejected").saturating_sub(shown.len() as u64), order.rejects.is_some()));
    text.push_str(&diff_text(result, order));
    if let Some(id) = result["import_id"].as_str().filter(|_| !order.dry_run && count("accepted") + count("updated") > 0) {
        text.push_str(&format!("\nto take it back before its first dial: callfleet leads undo {id}"));
    }
    text
}

/// How many refused rows are not shown, and what all of them have.
fn more_text(result: &Value, more: u64, written: bool) -> String {
    if more == 0 {
        return String::new();
    }
    let codes = result["by_code"].as_object().into_iter().flatten();
    let codes: Vec<String> = codes.map(|(code, rows)| format!("{rows} {code}")).collect();
    let advice = if written { "" } else { "; --rejects FILE writes them all" };
    format!("\n…and {more} more{advice}; in all {}", codes.join(", "))
}

/// `no_consent_basis: lines 2, 5, 9 and 14 more`, one line for each reason.
fn doubts_text(result: &Value) -> String {
    let mut text = String::new();
    for (code, lines) in result["doubt_lines"].as_object().into_iter().flatten() {
        text.push_str(&format!("\n  {code}: {}", lines_text(lines, &result["doubts_by_code"][code])));
    }
    text
}

/// `lines 2, 5, 9 and 14 more`.
fn lines_text(lines: &Value, all: &Value) -> String {
    let lines: Vec<String> = items(lines).iter().map(cell).collect();
    let more = all.as_u64().unwrap_or(0).saturating_sub(lines.len() as u64);
    let noun = if lines.len() == 1 { "line" } else { "lines" };
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{noun} {}{more}", lines.join(", "))
}

/// The first rows of each kind that a dry run would change, and how many there are besides.
fn diff_text(result: &Value, order: &Order<'_>) -> String {
    let (diff, mut text) = (&result["diff"], String::new());
    let (count, besides) = (|key: &str| result[key].as_u64().unwrap_or(0), |key: &str| diff[key].as_u64().unwrap_or(0));
    let (updated, there) = if order.update { (besides("repeated"), 0) } else { (0, besides("repeated")) };
    let updated = count("updated").saturating_sub(besides("unchanged") + updated);
    let there = count("duplicates").saturating_sub(there);
    let kinds = [("new", count("accepted"), "new"), ("updated", updated, "would be updated"), ("duplicate", there, "already there")];
    for (kind, all, words) in kinds {
        let rows = items(&diff[kind]);
        text.extend(rows.iter().map(|row| format!("\n{}: {words}{}", place_text(row), changes_text(row))));
        let more = all.saturating_sub(rows.len() as u64);
        if more > 0 && !rows.is_empty() {
            text.push_str(&format!("\n…and {more} more: {words}"));
        }
    }
    if besides("repeated") > 0 {
        let which = if order.update { "last" } else { "first" };
        let lines = lines_text(&diff["repeated_lines"], &diff["repeated"]);
        text.push_str(&format!("\n  {lines}: another row has the same number; the {which} one holds"));
    }
    if besides("unchanged") > 0 {
        text.push_str(&format!("\n{} would change nothing", counted(besides("unchanged"), "row")));
    }
    text
}

/// `  line 7, +1415***0100 a-7`.
fn place_text(row: &Value) -> String {
    let own = cell(&row["external_id"]);
    let own = if own.is_empty() { own } else { format!(" {own}") };
    format!("  line {}, {}{own}", row["line"], cell(&row["phone_number"]))
}

/// ` (first_name: Ann → Anna)`.
fn changes_text(row: &Value) -> String {
    let changes = row["changes"].as_object().into_iter().flatten();
    let changes: Vec<String> = changes.map(|(name, change)| format!("{name}: {} → {}", cell(&change[0]), cell(&change[1]))).collect();
    if changes.is_empty() { String::new() } else { format!(" ({})", changes.join(", ")) }
}

/// `line 7, phone: 4155***00 is too short (write it with area code)`.
pub fn reject_text(reject: &Value) -> String {
    let column = cell(&reject["column"]);
    let place = if column.is_empty() { String::new() } else { format!(", {column}") };
    let (value, message) = (cell(&reject["value_masked"]), cell(&reject["message"]));
    let value = if value.is_empty() { String::new() } else { format!(" `{value}`") };
    format!("  line {}{place}{value}: {message} ({})", reject["line"], cell(&reject["suggestion"]))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::json;

    use super::*;

    fn order(dry_run: bool) -> Order<'static> {
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

    #[test]
    fn rows_that_are_not_shown_are_counted_under_those_of_their_kind() {
        let row = |line: u32, id: Value| json!({ "line": line, "phone_number": "+1415***0100", "external_id": id });
        let reject =
            json!({ "line": 4, "column": "phone", "value_masked": "***", "message": "too few digits", "suggestion": "write all of it" });
        let result = json!({
            "rows": 46, "accepted": 31, "updated": 5, "duplicates": 0, "rejected": 10, "by_code": { "missing_phone": 3, "too_short": 7 },
            "rejects": [reject],
            "diff": { "new": [row(2, Value::Null)], "updated": [row(3, json!("b-1"))], "duplicate": [], "unchanged": 4 },
        });
        let told = result_text(&result, &order(true));
        let lines: Vec<&str> = told.lines().skip(1).collect();
        let expected = [
            "  line 4, phone `***`: too few digits (write all of it)",
            "…and 9 more; --rejects FILE writes them all; in all 3 missing_phone, 7 too_short",
            "  line 2, +1415***0100: new",
            "…and 30 more: new",
            "  line 3, +1415***0100 b-1: would be updated",
            "4 rows would change nothing",
        ];
        assert_eq!(lines, expected);
        let written = Order { rejects: Some(Path::new("rejected.csv")), ..order(true) };
        assert!(result_text(&result, &written).contains("\n…and 9 more; in all 3 missing_phone"));
    }

    #[test]
    fn rows_whose_number_another_one_has_are_told_by_line_and_counted_under_no_other_kind() {
        let there = json!({ "line": 4, "phone_number": "+1415***0100", "external_id": "a-1" });
        let mut result = json!({
            "rows": 4, "accepted": 0, "updated": 4, "duplicates": 0, "rejected": 0,
            "diff": { "new": [], "updated": [there], "duplicate": [], "unchanged": 0, "repeated": 3, "repeated_lines": [2, 3] },
        });
        let update = Order { update: true, ..order(true) };
        let lines = "lines 2, 3 and 1 more: another row has the same number; the last one holds";
        assert_eq!(diff_text(&result, &update), format!("\n  line 4, +1415***0100 a-1: would be updated\n  {lines}"));
        (result["updated"], result["duplicates"]) = (json!(0), json!(4));
        (result["diff"]["updated"], result["diff"]["duplicate"]) = (json!([]), json!([there]));
        let lines = lines.replace("last", "first");
        assert_eq!(diff_text(&result, &order(true)), format!("\n  line 4, +1415***0100 a-1: already there\n  {lines}"));
    }

    #[test]
    fn the_first_lines_of_each_doubt_are_told_and_how_many_follow() {
        let result = json!({
            "doubts_by_code": { "country_not_called": 1, "no_consent_basis": 17 },
            "doubt_lines": { "country_not_called": [4], "no_consent_basis": [2, 5, 9] },
        });
        assert_eq!(doubts_text(&result), "\n  country_not_called: line 4\n  no_consent_basis: lines 2, 5, 9 and 14 more");
        assert_eq!(doubts_text(&json!({})), "");
    }
}
