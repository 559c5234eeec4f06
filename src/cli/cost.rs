//! `callfleet cost`

use serde_json::Value;

use super::client::Client;
use super::output::{Output, cell, dollars, items, table};
use super::path::ApiPath;

/// Prints the ledger's sums.
///
/// # Errors
/// The API refuses.
pub async fn run(campaign: Option<&str>, client: &Client, output: Output) -> anyhow::Result<()> {
    let answer = client.get(ApiPath::new(&["v1", "cost"]).with("campaign", campaign)).await?;
    output.show(&answer, report)?;
    Ok(())
}

fn report(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["lines"]).iter().map(row).collect();
    if rows.is_empty() {
        return "nothing was spent yet".to_owned();
    }
    let heads = ["SERVICE", "PURPOSE", "MODEL", "TIER", "CALLS", "TOKENS IN", "CACHED", "OUT", "UNITS", "COST", "BASELINE"];
    format!("{}\n\n{}", table(&heads, &rows), sum(answer))
}

fn row(entry: &Value) -> Vec<String> {
    let words = [&entry["service"], &entry["purpose"], &entry["model"], &entry["tier"]].map(cell);
    let counts = [&entry["calls"], &entry["tokens_in"], &entry["tokens_cached"], &entry["tokens_out"], &entry["units"]].map(cell);
    let money = [&entry["cost_usd"], &entry["baseline_usd"]].map(dollars);
    words.into_iter().chain(counts).chain(money).collect()
}

fn sum(answer: &Value) -> String {
    let (cost, baseline) = (dollars(&answer["cost_usd"]), dollars(&answer["baseline_usd"]));
    let saved = answer["saved"].as_f64().map(|share| format!(", {:.1} % saved", share * 100.0)).unwrap_or_default();
    format!("{cost} in all; {baseline} with everything on the expensive model, at once and uncached{saved}")
}
