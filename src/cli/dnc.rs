//! `callfleet dnc …`: numbers that must not be called.

use std::path::{Path, PathBuf};

use anyhow::Context;
use axum::body::Body;
use axum::http::Method;
use clap::Subcommand;
use serde_json::{Value, json};
use tokio::fs::File;

use super::client::Client;
use super::import::{pieces, reject_text};
use super::output::{Output, cell, items, moment, table};
use super::path::ApiPath;

/// Do-not-call.
#[derive(Debug, Subcommand)]
pub enum Dnc {
    /// Read a do-not-call list; it replaces the list of the same name.
    #[command(after_help = "Example: callfleet dnc import registry.txt --scrub-date 2026-11-01 --list national --region US")]
    Import {
        /// One number a line, `area code,number`, or a CSV with a phone column.
        file: PathBuf,
        /// The day on which its publisher wrote it; it grows too old to call by.
        #[arg(long, value_name = "YYYY-MM-DD")]
        scrub_date: String,
        /// Which list it is.
        #[arg(long, default_value = "national", value_name = "NAME")]
        list: String,
        /// The country of numbers without one, for example US.
        #[arg(long, value_name = "COUNTRY")]
        region: Option<String>,
        /// The registry it comes from: us, ca or gb; by default that of the region. Its law says how old the list may be.
        #[arg(long, value_name = "REGISTRY")]
        registry: Option<String>,
    },
    /// The lists with their age, and how many numbers are suppressed besides.
    List,
    /// Why a number is not called.
    Show {
        /// The number, in E.164 form.
        number: String,
    },
    /// Call a number no more, from this moment on and in every campaign.
    #[command(after_help = "Example: callfleet dnc add +14155550123 --opt-out")]
    Add {
        /// The number, in E.164 form.
        number: String,
        /// The person asked for it.
        #[arg(long)]
        opt_out: bool,
        /// Only in this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
    /// Allow a number again, or forget a list; the audit keeps the reason.
    #[command(after_help = "Example: callfleet dnc remove +14155550123 --reason \"typed in by mistake\"")]
    Remove {
        /// The number, in E.164 form; or a list's name.
        which: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Only in this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
}

/// Does one verb.
///
/// # Errors
/// A file cannot be read, or the API refuses.
pub async fn run(verb: &Dnc, client: &Client, output: Output) -> anyhow::Result<()> {
    match verb {
        Dnc::Import { file, scrub_date, list, region, registry } => {
            let path = ApiPath::new(&["v1", "dnc-lists", list]).with("scrub_date", Some(scrub_date));
            let path = path.with("region", region.as_deref()).with("registry", registry.as_deref());
            let answer = client.ask(Method::POST, path, Some("text/csv"), body(file).await?).await?;
            output.show(&answer, imported)?;
        }
        Dnc::List => output.show(&client.get(ApiPath::new(&["v1", "suppressions"])).await?, lists)?,
        Dnc::Show { number } => {
            let path = ApiPath::new(&["v1", "suppressions"]).with("phone_number", Some(number));
            output.show(&client.get(path).await?, entries)?;
        }
        Dnc::Add { number, opt_out, campaign } => {
            let source = if *opt_out { "opt_out" } else { "operator" };
            let body = json!({ "phone_number": number, "source": source, "campaign": campaign });
            output.show(&client.send(Method::POST, ApiPath::new(&["v1", "suppressions"]), &body).await?, added)?;
        }
        Dnc::Remove { which, reason, campaign } => {
            let place = if which.starts_with('+') { "suppressions" } else { "dnc-lists" };
            let path = ApiPath::new(&["v1", place, which]).with("reason", Some(reason)).with("campaign", campaign.as_deref());
            let done = client.ask(Method::DELETE, path, None, Body::empty()).await?;
            output.show(&done, |_| "it may be called again; leads that were taken off their lists stay off".to_owned())?;
        }
    }
    Ok(())
}

async fn body(file: &Path) -> anyhow::Result<Body> {
    let open = File::open(file).await.with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Body::from_stream(pieces(open)))
}

fn imported(answer: &Value) -> String {
    let mut text =
        format!("the list {} has {} numbers, written on {}", cell(&answer["list"]), answer["numbers"], cell(&answer["scrub_date"]));
    if answer["leads"] != 0 || answer["withdrawn"] != 0 {
        text.push_str(&format!("\n{} leads will not be called; {} calls were taken back", answer["leads"], answer["withdrawn"]));
    }
    if answer["rejected"] != 0 {
        text.push_str(&format!("\n{} of {} rows hold no usable number:", answer["rejected"], answer["rows"]));
        text.extend(items(&answer["rejects"]).iter().map(|reject| format!("\n{}", reject_text(reject))));
    }
    text
}

fn lists(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["lists"]).iter().map(list_row).collect();
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

fn entries(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["entries"])
        .iter()
        .map(|entry| vec![cell(&entry["source"]), cell(&entry["scope"]), moment(&entry["created_at"]), cell(&entry["attempt_id"])])
        .collect();
    if rows.is_empty() { "it may be called".to_owned() } else { table(&["BY", "WHERE", "SINCE", "CALL"], &rows) }
}

fn added(answer: &Value) -> String {
    let already = if answer["is_new"] == true { "it is called no more" } else { "it was on the list already" };
    format!("{already}; {} leads are off their lists, {} calls were taken back", answer["leads"], answer["withdrawn"])
}
