//! Do-not-call lists: how old they are, and whether they are complete.

use serde_json::Value;

use super::check::Check;
use super::{ApiPath, Client};
use crate::cli::output::{cell, items, moment};
use crate::domain::count::counted;

/// One check for every list, also for one that is not complete; a note when there is none.
pub async fn checks(client: Option<&Client>) -> Vec<Check> {
    const NAME: &str = "do-not-call lists";
    let Some(client) = client else { return Vec::new() };
    match client.get(ApiPath::new(&["v1", "suppressions"])).await {
        Err(error) => vec![Check::broken(NAME, format!("{error:#}"), "look at the database")],
        Ok(answer) => {
            let complete = items(&answer.json["lists"]).iter().map(judge);
            let lists: Vec<Check> = complete.chain(items(&answer.json["incomplete"]).iter().map(incomplete)).collect();
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

fn incomplete(list: &Value) -> Check {
    let (name, numbers) = (cell(&list["name"]), counted(list["numbers"].as_i64().unwrap_or(0), "number"));
    let what = if list["is_renewal"] == true { "a newer one is incomplete" } else { "incomplete" };
    let began = moment(&list["began_at"]);
    let detail = format!("{name}: {what}, {numbers} so far; its import of {began} is going on or broke off");
    let fix = format!(
        "import it again: callfleet dnc import FILE --scrub-date DAY --list {name}, or give it up: callfleet dnc remove {name} --reason WHY"
    );
    Check::note("do-not-call list", detail, fix)
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
