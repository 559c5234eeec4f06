//! Do-not-call lists: how old they are.

use serde_json::Value;

use super::check::Check;
use super::{ApiPath, Client};
use crate::cli::output::{cell, items};
use crate::domain::count::counted;

/// One check for every list; a note when there is none.
pub async fn checks(client: Option<&Client>) -> Vec<Check> {
    const NAME: &str = "do-not-call lists";
    let Some(client) = client else { return Vec::new() };
    match client.get(ApiPath::new(&["v1", "suppressions"])).await {
        Err(error) => vec![Check::broken(NAME, format!("{error:#}"), "look at the database")],
        Ok(answer) => {
            let lists: Vec<Check> = items(&answer.json["lists"]).iter().map(judge).collect();
            if lists.is_empty() {
                vec![Check::note(
                    NAME,
                    "none: nobody is left out but those who opted out",
                    "callfleet dnc import FILE --scrub-date YYYY-MM-DD",
                )]
            } else {
                lists
            }
        }
    }
}

fn judge(list: &Value) -> Check {
    let (name, fix) = (cell(&list["name"]), "get a newer list and import it: callfleet dnc import");
    let numbers = counted(list["numbers"].as_i64().unwrap_or(0), "number");
    let detail = format!("{name}: {numbers}, written on {}", cell(&list["scrub_date"]));
    match list["freshness"].as_str() {
        Some("fresh") => Check::ok("do-not-call list", detail),
        Some("warn") => {
            let told = format!("{detail}, {} days ago: from day {} on nobody is called", list["days"], list["most_days"]);
            Check::note("do-not-call list", told, fix)
        }
        _ => Check::broken("do-not-call list", format!("{detail}: too old, nobody is called by it"), fix),
    }
}
