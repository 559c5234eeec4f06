//! `callfleet campaign …`

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::Body;
use axum::http::Method;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::callback::fidelity;
use super::client::Client;
use super::commands::Campaign;
use super::explain;
use super::output::{Output, cell, dollars, items, line, moment, pairs, table, told};
use super::path::ApiPath;
use super::refused::Refused;
use super::rehearse;
use super::text_file;
use crate::domain::count::counted;
use crate::domain::phone::PhoneNumber;

/// Does one verb.
///
/// # Errors
/// A file cannot be read, or the API refuses.
pub async fn run(verb: &Campaign, client: &Client, output: Output) -> anyhow::Result<()> {
    match verb {
        Campaign::Create { name, file, agent } => {
            let body = json!({
                "name": name, "settings_toml": read(file.as_deref())?, "settings_file": name_of(file.as_deref()), "agent": agent
            });
            let made = client.send(Method::POST, ApiPath::new(&["v1", "campaigns"]), &body).await?;
            output.show(&made, |campaign| with_to_do(&format!("campaign {name} is there as a draft"), campaign) + &warnings(campaign))?;
        }
        Campaign::Change { name, file, agent } => {
            let body = json!({
                "settings_toml": read(file.as_deref())?, "settings_file": name_of(file.as_deref()), "agent": agent
            });
            let changed = client.send(Method::PATCH, at(name, None), &body).await?;
            output.show(&changed, |campaign| is_changed(name, campaign))?;
        }
        Campaign::Set { name, settings } => {
            let body = Body::from(serde_json::to_string(&Typed { set: once_each(settings)? })?);
            let changed = client.ask(Method::PATCH, at(name, None), Some("application/json"), body).await?;
            output.show(&changed, |campaign| is_changed(name, campaign))?;
        }
        Campaign::Clone { campaign, name } => {
            let made = client.send(Method::POST, at(campaign, Some("clone")), &json!({ "name": name })).await?;
            let done = format!("campaign {name} is there as a draft like {campaign}");
            output.show(&made, |made| with_to_do(&done, made) + &warnings(made))?;
        }
        Campaign::Pin { name, agent_version } => {
            let changed = client.send(Method::PATCH, at(name, None), &json!({ "agent_version": agent_version })).await?;
            output.show(&changed, |campaign| is_pinned(name, campaign))?;
        }
        Campaign::List => output.show(&client.get(ApiPath::new(&["v1", "campaigns"])).await?, list)?,
        Campaign::Status { name } => output.show(&client.get(at(name, None)).await?, status)?,
        Campaign::Explain { name } => output.show(&client.get(at(name, Some("explain"))).await?, explain::campaign)?,
        Campaign::Audit { name, limit } => {
            output.show(&client.get(at(name, Some("audit")).with("limit", Some(limit))).await?, audit)?;
        }
        Campaign::Rehearse(order) => rehearse::run(order, client, output).await?,
        Campaign::Start { name } => begin(client, output, name, "start").await?,
        Campaign::Pause { name } => step(client, output, name, "pause").await?,
        Campaign::Resume { name } => begin(client, output, name, "resume").await?,
        Campaign::Drain { name } => step(client, output, name, "drain").await?,
        Campaign::Stop { name, live } => {
            let stopped = client.send(Method::POST, at(name, Some("stop")), &json!({ "live": live })).await?;
            output.show(&stopped, |stopped| is_stopped(name, stopped))?;
        }
        Campaign::Unschedule { name } => step(client, output, name, "unschedule").await?,
        Campaign::Cancel { name } => step(client, output, name, "cancel").await?,
    }
    Ok(())
}

fn audit(answer: &Value) -> String {
    let row = |change: &Value| vec![moment(&change["at"]), cell(&change["actor"]), cell(&change["action"]), cell(&change["detail"])];
    let rows: Vec<Vec<String>> = items(&answer["audit"]).iter().map(row).collect();
    table(&["AT", "BY", "CHANGE", "WHAT"], &rows)
}

fn at(name: &str, below: Option<&str>) -> ApiPath {
    let parts: Vec<&str> = ["v1", "campaigns", name].into_iter().chain(below).collect();
    ApiPath::new(&parts)
}

fn read(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    file.map(text_file::read).transpose()
}

/// For the messages about what stands in it.
fn name_of(file: Option<&Path>) -> Option<String> {
    file.map(|file| file.display().to_string())
}

async fn step(client: &Client, output: Output, name: &str, verb: &str) -> anyhow::Result<()> {
    output.show(&client.post(at(name, Some(verb))).await?, |stepped| {
        let state = cell(&stepped["state"]);
        let already = if stepped["changed"] == false { " already" } else { "" };
        let said = match stepped["withdrawn"].as_i64() {
            Some(calls @ 1..) => format!("campaign {name} is {state}; {} given back", counted(calls, "armed call")),
            _ => format!("campaign {name} is {state}{already}"),
        };
        said + &told(&stepped["notes"], "note")
    })?;
    Ok(())
}

/// What a stop has brought about; where nobody was on a call it says so.
fn is_stopped(name: &str, stopped: &Value) -> String {
    let ended = match stopped["ended"].as_u64() {
        Some(calls @ 1..) => format!("{} hung up", counted(calls, "call")),
        _ => "no call was live, so none was hung up".to_owned(),
    };
    format!("campaign {name} is {}; {ended}", cell(&stopped["state"]))
}

/// Begins to dial, and tells a person at once when something still stands in the way: calling hours, no process that runs.
async fn begin(client: &Client, output: Output, name: &str, verb: &str) -> anyhow::Result<()> {
    step(client, output, name, verb).await?;
    if output.json {
        return Ok(());
    }
    let explained = client.get(at(name, Some("explain"))).await?.json;
    if items(&explained["gates"]).iter().any(|gate| gate["open"] == false) {
        line(&format!("for now {}\nmore: callfleet campaign explain {name}", cell(&explained["answer"])))?;
    }
    Ok(())
}

fn with_to_do(done: &str, campaign: &Value) -> String {
    to_do(campaign).map_or_else(|| done.to_owned(), |to_do| format!("{done}; {to_do}"))
}

/// What a draft lacks, a line each.
fn to_do(campaign: &Value) -> Option<String> {
    let lines: String = items(&campaign["to_do"]).iter().map(|item| format!("\n  {}", cell(item))).collect();
    (!lines.is_empty()).then(|| format!("before it can start:{lines}"))
}

/// What a change has brought about, or what was wrong before.
fn is_changed(name: &str, campaign: &Value) -> String {
    let done = match campaign["changed"].as_bool() {
        Some(false) => format!("campaign {name} is like that already, nothing has changed"),
        _ => format!("campaign {name} is changed"),
    };
    with_to_do(&done, campaign) + &warnings(campaign)
}

fn is_pinned(name: &str, campaign: &Value) -> String {
    let already = if campaign["changed"] == false { " already" } else { "" };
    format!("campaign {name} speaks with {}{already}", speaker(&campaign["agent"]))
}

fn warnings(campaign: &Value) -> String {
    told(&campaign["warnings"], "warning")
}

fn list(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["campaigns"]).iter().map(row).collect();
    if rows.is_empty() {
        return "no campaigns yet: callfleet campaign create --name spring --file campaign.toml --agent NAME".to_owned();
    }
    table(&["NAME", "STATE", "LEADS", "OPEN", "AGENT", "CREATED"], &rows)
}

fn row(campaign: &Value) -> Vec<String> {
    let cells = [&campaign["name"], &campaign["state"], &campaign["leads"], &campaign["open"]].map(cell);
    cells.into_iter().chain([speaker(&campaign["agent"]), moment(&campaign["created_at"])]).collect()
}

fn speaker(agent: &Value) -> String {
    if agent.is_null() { String::new() } else { format!("{} v{}", cell(&agent["name"]), agent["version"]) }
}

fn status(campaign: &Value) -> String {
    // a start leaves a note, not the reason why the campaign dials or waits
    let said = if matches!(campaign["state"].as_str(), Some("running" | "scheduled")) { "note" } else { "reason" };
    let head = pairs(&[
        ("campaign", cell(&campaign["name"])),
        ("state", cell(&campaign["state"])),
        (said, cell(&campaign["state_reason"])),
        ("agent", speaker(&campaign["agent"])),
        ("transfers", transfers(&campaign["settings"])),
        ("leads", in_all(&campaign["total"], &counts(&campaign["leads"]))),
        ("outcomes", counts(&campaign["dispositions"])),
        ("opt-outs", campaign["opt_outs"].to_string()),
        ("attempts", counts(&campaign["attempts"])),
        ("callbacks", if campaign["callbacks"]["promised"] == 0 { String::new() } else { fidelity(&campaign["callbacks"]) }),
        ("next due", moment(&campaign["next_due"])),
        ("spent", dollars(&campaign["spent_usd"])),
        ("reserved", dollars(&campaign["reserved_usd"])),
    ]);
    let head = head + &warnings(campaign);
    match to_do(campaign).filter(|_| campaign["state"] == "draft") {
        Some(to_do) => format!("{head}\n{to_do}"),
        None => head,
    }
}

/// The settings have the whole number.
fn transfers(settings: &Value) -> String {
    let number = settings["transfer_to"].as_str().and_then(|text| PhoneNumber::from_e164(text.trim()).ok());
    number.map(|number| explain::handed_to(&number.masked())).unwrap_or_default()
}

/// `15 (12 waiting, 3 active)`; none have no parts.
fn in_all(total: &Value, parts: &str) -> String {
    if parts.is_empty() { total.to_string() } else { format!("{total} ({parts})") }
}

/// `12 waiting, 3 active`.
fn counts(by_word: &Value) -> String {
    let words = by_word.as_object().into_iter().flatten();
    words.map(|(word, count)| format!("{count} {}", word.replace('_', " "))).collect::<Vec<_>>().join(", ")
}

/// Single settings as a request has them, in the order in which they were typed: what is wrong with them is told in that order.
#[derive(Debug, Serialize)]
struct Typed<'a> {
    #[serde(serialize_with = "as_map")]
    set: &'a [(String, String)],
}

fn as_map<S: Serializer>(set: &&[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(set.iter().map(|(key, value)| (key, value)))
}

/// The last value of a key that is given twice would win without a word.
fn once_each(settings: &[(String, String)]) -> Result<&[(String, String)], Refused> {
    let mut keys = BTreeSet::new();
    match settings.iter().find(|(key, _)| !keys.insert(key.trim())) {
        Some((key, _)) => Err(Refused::usage(format!("{key} is given twice"), "give each key one value")),
        None => Ok(settings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_without_leads_says_so_and_what_it_lacks_on_lines_of_their_own() {
        let draft = json!({
            "name": "spring", "state": "draft", "total": 0, "leads": {}, "opt_outs": 0, "callbacks": { "promised": 0 },
            "spent_usd": 0.0, "reserved_usd": 0.0, "warnings": ["its end has passed"], "to_do": ["no leads", "no agent"],
        });
        let said = status(&draft);
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines.contains(&"leads     0"), "{said}");
        assert_eq!(
            lines[lines.len() - 5..],
            ["reserved  $0.0000", "warning: its end has passed", "before it can start:", "  no leads", "  no agent"]
        );
    }

    #[test]
    fn a_key_that_is_given_twice_is_refused() {
        let given = |keys: [&str; 2]| once_each(&keys.map(|key| (key.to_owned(), "2".to_owned()))).map(<[_]>::len);
        assert_eq!(given(["pace.lines", "pace.weight"]).unwrap(), 2);
        let refused = given(["pace.weight"; 2]).unwrap_err();
        assert_eq!((refused.message.as_str(), refused.fix.as_str()), ("pace.weight is given twice", "give each key one value"));
        assert!(refused.is_usage);
    }

    #[test]
    fn a_stop_with_nobody_to_hang_up_on_says_so() {
        let stopped = |ended: u32| is_stopped("spring", &json!({ "state": "paused", "ended": ended }));
        assert_eq!(stopped(0), "campaign spring is paused; no call was live, so none was hung up");
        assert_eq!([1, 2].map(stopped), ["1 call", "2 calls"].map(|calls| format!("campaign spring is paused; {calls} hung up")));
    }
}
