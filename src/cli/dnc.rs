//! `callfleet dnc …`: numbers that must not be called.

use std::path::Path;

use anyhow::Context;
use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use tokio::fs::File;

use super::client::Client;
use super::commands::Dnc;
use super::import::{pieces, refused_or_cut_off, reject_text};
use super::output::{Output, cell, items, moment, table, warnings_and_notes};
use super::path::ApiPath;
use crate::domain::count::counted;

/// Helps when a list was not sent to its end, or its answer was lost.
const CUT_OFF: &str = "send the same file again; callfleet dnc list tells which lists are in and of which day, and which are not complete";

/// Does one verb.
///
/// # Errors
/// A file cannot be read, or the API refuses.
pub async fn run(verb: &Dnc, client: &Client, output: Output) -> anyhow::Result<()> {
    match verb {
        Dnc::Import { file, scrub_date, list, region, registry } => {
            let path = ApiPath::new(&["v1", "dnc-lists", list]).with("scrub_date", Some(scrub_date));
            let path = path.with("region", region.as_deref()).with("registry", registry.as_deref());
            let answer = client.ask(Method::POST, path, Some("text/csv"), body(file).await?).await;
            output.show(&answer.map_err(|error| refused_or_cut_off(error, CUT_OFF))?, imported)?;
        }
        Dnc::List => output.show(&client.get(ApiPath::new(&["v1", "suppressions"])).await?, lists)?,
        Dnc::Show { number } => {
            let path = ApiPath::new(&["v1", "suppressions"]).with("phone_number", Some(number));
            output.show(&client.get(path).await?, entries)?;
        }
        Dnc::Add { number, opt_out, campaign } => {
            let source = if *opt_out { "opt_out" } else { "operator" };
            let body = json!({ "phone_number": number, "source": source, "campaign": campaign });
            output.show(&client.send(Method::POST, ApiPath::new(&["v1", "suppressions"]), &body).await?, |answer| added(answer, source))?;
        }
        Dnc::Remove { which, reason, campaign } => {
            let is_number = which.trim_start().starts_with('+');
            let place = if is_number { "suppressions" } else { "dnc-lists" };
            let path = ApiPath::new(&["v1", place, which]).with("reason", Some(reason)).with("campaign", campaign.as_deref());
            let done = client.ask(Method::DELETE, path, None, Body::empty()).await?;
            let told = |answer: &Value| {
                let told =
                    if is_number { allowed(answer) } else { format!("the list {which} is given up: its numbers may be called again") };
                format!("{told}; leads that were taken off their lists stay off")
            };
            output.show(&done, told)?;
        }
    }
    Ok(())
}

async fn body(file: &Path) -> anyhow::Result<Body> {
    let open = File::open(file).await.with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Body::from_stream(pieces(open)))
}

fn imported(answer: &Value) -> String {
    let mut text = format!(
        "the list {} has {}, written on {}",
        cell(&answer["list"]),
        count(answer, "numbers", "number"),
        cell(&answer["scrub_date"])
    );
    if answer["leads"] != 0 || answer["withdrawn"] != 0 {
        text.push_str(&format!(
            "\nwill not be called: {}; taken back: {}",
            count(answer, "leads", "lead"),
            count(answer, "withdrawn", "call")
        ));
    }
    text.push_str(&warnings_and_notes(answer));
    if answer["rejected"] != 0 {
        text.push_str(&format!("\nno usable number in {} of {}:", answer["rejected"], count(answer, "rows", "row")));
        text.extend(items(&answer["rejects"]).iter().map(|reject| format!("\n{}", reject_text(reject))));
    }
    text
}

fn lists(answer: &Value) -> String {
    let complete = items(&answer["lists"]).iter().map(list_row);
    let rows: Vec<Vec<String>> = complete.chain(items(&answer["incomplete"]).iter().map(incomplete_row)).collect();
    let sources = items(&answer["sources"]).iter().map(|source| format!("{} by {}", source["numbers"], cell(&source["source"])));
    let sources: Vec<String> = sources.collect();
    let besides = if sources.is_empty() { "none".to_owned() } else { sources.join(", ") };
    let lists = if rows.is_empty() {
        "no do-not-call list: callfleet dnc import FILE --scrub-date YYYY-MM-DD".to_owned()
    } else {
        table(&["LIST", "REGISTRY", "NUMBERS", "WRITTEN", "READ", "AGE"], &rows)
    };
    format!("{lists}\n\nsuppressed besides: {besides}")
}

fn list_row(list: &Value) -> Vec<String> {
    let age = match list["freshness"].as_str() {
        Some("fresh") => "ok".to_owned(),
        Some("warn") => format!("{} days: renew it before it is {}", list["days"], list["most_days"]),
        Some("stale") => format!("{} days: nobody is called until it is renewed", list["days"]),
        _ => "its date cannot be read".to_owned(),
    };
    vec![cell(&list["name"]), cell(&list["registry"]), cell(&list["numbers"]), cell(&list["scrub_date"]), moment(&list["imported_at"]), age]
}

/// A list whose import is going on or broke off; it is of no day yet.
fn incomplete_row(list: &Value) -> Vec<String> {
    let name = cell(&list["name"]);
    let begun = format!(
        "incomplete: its import is going on or broke off; callfleet dnc import FILE --scrub-date DAY --list {name}, with the --region and \
         --registry that it needs, finishes it"
    );
    let told = if list["is_renewal"] == true {
        format!("{begun}, and until then the complete one is in force")
    } else {
        format!("{begun}, callfleet dnc remove {name} --reason WHY removes it")
    };
    vec![name, String::new(), cell(&list["numbers"]), String::new(), moment(&list["began_at"]), told]
}

fn entries(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["entries"])
        .iter()
        .map(|entry| vec![cell(&entry["source"]), place(entry), moment(&entry["created_at"]), cell(&entry["attempt_id"])])
        .collect();
    if rows.is_empty() { "it may be called".to_owned() } else { table(&["BY", "WHERE", "SINCE", "CALL"], &rows) }
}

/// `global`, `list:national`, or the campaign that it holds for alone.
fn place(entry: &Value) -> String {
    entry["campaign"].as_str().map_or_else(|| cell(&entry["scope"]), |name| format!("campaign {name}"))
}

fn added(answer: &Value, source: &str) -> String {
    let told = if answer["is_new"] == true {
        "it is called no more".to_owned()
    } else if answer["is_stronger"] == true {
        format!("it was on the list already, from now on by {source}")
    } else {
        "it was on the list already".to_owned()
    };
    format!("{told}; off their lists: {}, taken back: {}", count(answer, "leads", "lead"), count(answer, "withdrawn", "call"))
}

/// What a number that was taken off is still kept from being called by, if anything.
fn allowed(answer: &Value) -> String {
    let still: Vec<String> = items(&answer["still"]).iter().map(cell).collect();
    let lists: Vec<&str> = still.iter().filter_map(|scope| scope.strip_prefix("list:")).collect();
    let everywhere = (still.len() > lists.len()).then(|| "suppressed in every campaign".to_owned());
    let noun = if lists.len() == 1 { "list" } else { "lists" };
    let listed = (!lists.is_empty()).then(|| format!("on the do-not-call {noun} {}", lists.join(", ")));
    let why: Vec<String> = everywhere.into_iter().chain(listed).collect();
    if why.is_empty() { "it may be called again".to_owned() } else { format!("it is not called all the same: still {}", why.join(" and ")) }
}

/// `1 lead`, `3 leads`.
fn count(answer: &Value, key: &str, of: &str) -> String {
    counted(answer[key].as_i64().unwrap_or(0), of)
}
