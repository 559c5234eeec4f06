//! `callfleet leads …`; importing has a file of its own.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context;
use axum::body::Body;
use axum::http::Method;
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::client::Client;
use super::commands::Leads;
use super::explain;
use super::import::{self, Order};
use super::output::{Output, cell, items, line, moment, table, warnings_and_notes};
use super::path::ApiPath;
use crate::domain::count::{are, counted};

/// Does one verb.
///
/// # Errors
/// A file cannot be read or written, or the API refuses.
pub async fn run(verb: &Leads, client: &Client, output: Output) -> anyhow::Result<()> {
    match verb {
        Leads::Import { campaign, file, update, dry_run, sheet, region, rejects } => {
            let (sheet, region, rejects) = (sheet.as_deref(), region.as_deref(), rejects.as_deref());
            let order = Order { campaign, file, update: *update, dry_run: *dry_run, sheet, region, rejects };
            import::run(&order, client, output).await?;
        }
        Leads::Undo { import } => {
            let done = client.post(ApiPath::new(&["v1", "imports", import, "undo"])).await?;
            output.show(&done, undone)?;
        }
        Leads::Imports { campaign } => {
            output.show(&client.get(ApiPath::new(&["v1", "campaigns", campaign, "imports"])).await?, |answer| imports(answer, campaign))?;
        }
        Leads::List { campaign, state, limit } => {
            let path = ApiPath::new(&["v1", "leads"]).with("campaign", Some(campaign)).with("state", state.as_deref());
            output.show(&client.get(path.with("limit", Some(limit))).await?, |answer| list(answer, campaign))?;
        }
        Leads::Export { campaign, out, spreadsheet } => {
            let path = if output.json {
                ApiPath::new(&["v1", "campaigns", campaign, "leads.json"])
            } else {
                ApiPath::new(&["v1", "campaigns", campaign, "leads.csv"]).with("spreadsheet", spreadsheet.then_some(true))
            };
            save(client, path, out.as_deref()).await?;
            if let Some(file) = out {
                let file = file.display().to_string();
                line(&if output.json { json!({ "file": file }).to_string() } else { format!("every lead is in {file}") })?;
            }
        }
        Leads::Show { id, campaign } => output.show(&client.get(lead(id, None, campaign.as_deref())).await?, show)?,
        Leads::Explain { id, campaign } => {
            output.show(&client.get(lead(id, Some("explain"), campaign.as_deref())).await?, explain::lead)?;
        }
        Leads::Cancel { id, campaign } => {
            let done = client.post(lead(id, Some("cancel"), campaign.as_deref())).await?;
            output.show(&done, |_| format!("lead {id} is off the list"))?;
        }
        Leads::Retry { parked: true, campaign: Some(name), .. } => {
            let done = client.post(ApiPath::new(&["v1", "campaigns", name, "parked", "retry"])).await?;
            output.show(&done, |done| brought_back(name, done))?;
        }
        Leads::Retry { id, campaign, .. } => {
            let id = id.as_deref().unwrap_or_default();
            let done = client.post(lead(id, Some("retry"), campaign.as_deref())).await?;
            output.show(&done, |done| format!("lead {id} is called again as soon as every gate is open{}", warnings_and_notes(done)))?;
        }
    }
    Ok(())
}

/// One lead, or a verb of it; where several campaigns have its number, or for the list's own key, with its campaign.
fn lead(id: &str, verb: Option<&str>, campaign: Option<&str>) -> ApiPath {
    let parts: Vec<&str> = ["v1", "leads", id].into_iter().chain(verb).collect();
    ApiPath::new(&parts).with("campaign", campaign)
}

fn brought_back(name: &str, answer: &Value) -> String {
    let leads = answer["leads"].as_i64().unwrap_or(0);
    let (parked, are) = (counted(leads, "parked lead"), are(&leads));
    format!("{parked} of {name} {are} called again as soon as every gate is open, none before its time{}", warnings_and_notes(answer))
}

fn undone(answer: &Value) -> String {
    let (removed, restored) = (answer["removed"].as_i64().unwrap_or(0), answer["restored"].as_i64().unwrap_or(0));
    let their = if restored == 1 { "has its" } else { "have their" };
    let mut text = if answer["was_undone"] == true && removed + restored == 0 {
        "the import was taken back already".to_owned()
    } else {
        format!("{} {} off the list, {restored} {their} former values back", counted(removed, "lead"), are(&removed))
    };
    if answer["kept"] != 0 {
        let named = items(&answer["kept_leads"]).iter().map(cell).collect::<Vec<_>>().join("\n  ");
        let kept = &answer["kept"];
        text.push_str(&format!("\nkept as they are: {kept}, changed by a later import, or being called; the first:\n  {named}"));
    }
    text
}

fn imports(answer: &Value, campaign: &str) -> String {
    let row = |import: &Value| {
        let words = ["import_id", "file_name", "state", "row_offset", "accepted", "updated", "duplicates", "rejected"];
        words.iter().map(|key| cell(&import[*key])).chain([doubts(import).to_string(), moment(&import["created_at"])]).collect()
    };
    let rows: Vec<Vec<String>> = items(&answer["imports"]).iter().map(row).collect();
    if rows.is_empty() {
        return format!("nothing was imported yet: callfleet leads import --campaign {campaign} FILE");
    }
    let told = table(&["IMPORT", "FILE", "STATE", "ROWS", "NEW", "UPDATED", "THERE", "REFUSED", "DOUBTS", "AT"], &rows);
    items(&answer["imports"]).iter().filter_map(interrupted).fold(told, |told, line| told + &line)
}

/// What goes on with an import that nobody reads any more.
fn interrupted(import: &Value) -> Option<String> {
    let (rows, resume) = (counted(import["row_offset"].as_u64().unwrap_or(0), "row"), import["resume"].as_str()?);
    Some(format!("\n{} was interrupted after {rows}; to go on: {resume}", cell(&import["file_name"])))
}

/// A row with two of them counts twice.
fn doubts(import: &Value) -> u64 {
    import["doubts_by_code"].as_object().into_iter().flatten().filter_map(|(_, rows)| rows.as_u64()).sum()
}

fn list(answer: &Value, campaign: &str) -> String {
    let rows: Vec<Vec<String>> = items(&answer["leads"]).iter().map(row).collect();
    if rows.is_empty() {
        return format!("no such leads: callfleet leads import --campaign {campaign} FILE");
    }
    let more = if answer["next"].is_null() { "" } else { "\n…and more: --limit, or callfleet leads export" };
    format!("{}{more}", table(&["LEAD", "KEY", "NUMBER", "STATE", "OUTCOME", "CALLS", "PRIORITY", "NEXT", "WAITING FOR"], &rows))
}

fn row(lead: &Value) -> Vec<String> {
    let words = ["id", "external_id", "phone_number", "state", "disposition", "placed", "priority"];
    let waits = matches!(lead["state"].as_str(), Some("new" | "waiting"));
    let next = if waits { moment(&lead["next_attempt_at"]) } else { String::new() };
    words.map(|key| cell(&lead[key])).into_iter().chain([next, cell(&lead["wait_reason"])]).collect()
}

fn show(answer: &Value) -> String {
    let attempts: Vec<Vec<String>> = items(&answer["attempts"])
        .iter()
        .map(|call| {
            let words = [&call["id"], &call["kind"], &call["state"], &call["disposition"], &call["reason"], &call["duration_s"]];
            words.map(cell).into_iter().chain([moment(&call["created_at"])]).collect()
        })
        .collect();
    let lead = answer["lead"].as_object().into_iter().flatten();
    let pairs: Vec<(&str, String)> = lead.map(|(name, value)| (name.as_str(), cell(value))).collect();
    let head = super::output::pairs(&pairs);
    if attempts.is_empty() {
        head
    } else {
        format!("{head}\n\n{}", table(&["CALL", "KIND", "STATE", "OUTCOME", "REASON", "S", "AT"], &attempts))
    }
}

/// Writes an answer's body to a file, or to standard output, as it comes.
///
/// # Errors
/// The API refuses, or the file cannot be written.
pub async fn save(client: &Client, path: ApiPath, to: Option<&Path>) -> anyhow::Result<()> {
    let mut pieces = client.stream(Method::GET, path, None, Body::empty()).await?.into_body().into_data_stream();
    let mut out: Box<dyn std::io::Write + Send> = match to {
        Some(file) => Box::new(std::fs::File::create(file).with_context(|| format!("{} cannot be written", file.display()))?),
        None => Box::new(std::io::stdout()),
    };
    while let Some(piece) = pieces.next().await {
        out.write_all(&piece.context("the answer broke off")?)?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_twice_says_so() {
        let answer = |was_undone: bool, removed: u32| json!({ "was_undone": was_undone, "removed": removed, "restored": 0, "kept": 0 });
        assert_eq!(undone(&answer(true, 0)), "the import was taken back already");
        assert!(undone(&answer(true, 7)).starts_with("7 leads are off the list"), "what a stop had left");
        assert!(undone(&answer(false, 0)).starts_with("0 leads are off the list"), "it brought none");
    }

    #[test]
    fn one_lead_that_is_brought_back_is_not_many() {
        let told = |leads: u32| brought_back("spring", &json!({ "leads": leads }));
        assert!(told(1).starts_with("1 parked lead of spring is called again"), "{}", told(1));
        assert!(told(2).starts_with("2 parked leads of spring are called again"), "{}", told(2));
    }

    #[test]
    fn imports_are_listed_with_the_number_of_their_doubts() {
        let import = |id: &str, doubts: Value| {
            json!({
                "import_id": id, "file_name": "spring.csv", "state": "done", "row_offset": 12, "accepted": 9, "updated": 0, "duplicates": 1,
                "rejected": 2, "doubts_by_code": doubts, "created_at": "2026-11-23T18:00:00Z",
            })
        };
        let doubtful = import("b", json!({ "no_consent_basis": 7, "country_not_called": 4 }));
        let answer = json!({ "imports": [doubtful, import("a", Value::Null)] });
        assert_eq!(
            imports(&answer, "spring"),
            "IMPORT  FILE        STATE  ROWS  NEW  UPDATED  THERE  REFUSED  DOUBTS  AT\n\
             b       spring.csv  done     12    9        0      1        2      11  2026-11-23T18:00:00Z\n\
             a       spring.csv  done     12    9        0      1        2       0  2026-11-23T18:00:00Z"
        );
        let mut cut_off = import("c", Value::Null);
        (cut_off["state"], cut_off["resume"]) = (json!("interrupted"), json!("callfleet leads import --campaign spring spring.csv"));
        let told = imports(&json!({ "imports": [cut_off] }), "spring");
        let end = "\nspring.csv was interrupted after 12 rows; to go on: callfleet leads import --campaign spring spring.csv";
        assert!(told.ends_with(end), "{told}");
    }
}
