//! `callfleet campaign rehearse`: asks for a rehearsal, shows how far it is, and says what it came to.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use axum::http::Method;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::client::Client;
use super::output::{Output, cell, items, pairs, table};
use super::path::ApiPath;
use super::progress::Progress;
use crate::domain::count::counted;
use crate::domain::time::Timestamp;

/// Steps of the bar.
const STEPS: u64 = 1_000;
const BAR: Progress = Progress { doing: "rehearsing", template: "{msg} {bar:30} {percent} % {eta}", of: STEPS };

/// What can be asked.
#[derive(Debug, Args)]
pub struct Rehearse {
    /// The campaign; it may be a draft, run, or be paused.
    pub name: String,
    /// How often to play it, each time with the next seed; figures are ranges over the runs.
    #[arg(long, default_value_t = 5)]
    pub runs: u32,
    /// The first run's seed: the same seed, list and settings give the same report.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// When it begins, with offset (2026-12-01T09:00:00-05:00); without it now.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// What if there were so many lines.
    #[arg(long, value_name = "N")]
    pub lines: Option<u32>,
    /// What if calls began at this pace, calls per second.
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    /// What answers, shares on any scale: human, voicemail, no_answer, busy, failed, dead_number. Without it as past calls say.
    #[arg(long, value_name = "SHARES", value_parser = shares)]
    pub mix: Option<BTreeMap<String, f64>>,
    /// What people who answer want: qualified, not_qualified, callback, opt_out, hung_up.
    #[arg(long, value_name = "SHARES", value_parser = shares)]
    pub outcomes: Option<BTreeMap<String, f64>>,
    /// How long they talk, seconds: half of them less than the first figure, nine of ten less than the second.
    #[arg(long, value_name = "MEDIAN-P90", value_parser = talk)]
    pub talk: Option<(u64, u64)>,
    /// Longest run, in days of its own clock.
    #[arg(long, default_value_t = 60)]
    pub days: u32,
}

/// `human=35,voicemail=30`
fn shares(text: &str) -> Result<BTreeMap<String, f64>, String> {
    let share = |part: &str| {
        let (word, share) = part.split_once('=').ok_or_else(|| format!("`{part}`: write WORD=SHARE, like human=35,voicemail=65"))?;
        let share = share.trim().parse().map_err(|_| format!("`{part}`: the share has to be a number, like human=35"))?;
        Ok((word.trim().to_owned(), share))
    };
    text.split(',').map(share).collect()
}

/// `75-180`, or `75` for no spread.
fn talk(text: &str) -> Result<(u64, u64), String> {
    let (median, p90) = text.split_once('-').unwrap_or((text, text));
    let seconds = |text: &str| text.trim().parse().map_err(|_| "write seconds, like 75-180".to_owned());
    Ok((seconds(median)?, seconds(p90)?))
}

/// Rehearses.
///
/// # Errors
/// The API refuses.
pub async fn run(order: &Rehearse, client: &Client, output: Output) -> anyhow::Result<()> {
    let body = order.body();
    let sent = client.send(Method::POST, order.path(), &body);
    let answer = if std::io::stderr().is_terminal() && !output.json {
        BAR.until(sent, async || reached(order, client).await).await?
    } else {
        sent.await?
    };
    output.show(&answer, |report| text(report, &TimeZone::system()))?;
    Ok(())
}

impl Rehearse {
    fn path(&self) -> ApiPath {
        ApiPath::new(&["v1", "campaigns", &self.name, "rehearsal"])
    }

    fn body(&self) -> Value {
        json!({
            "runs": self.runs, "seed": self.seed, "from": self.from, "days": self.days, "lines": self.lines,
            "calls_per_second": self.rate, "mix": self.mix, "outcomes": self.outcomes,
            "talk": self.talk.map(|(median_s, p90_s)| json!({ "median_s": median_s, "p90_s": p90_s })),
        })
    }
}

/// Steps that are done; 0 when nobody can say.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "0 to 1000")]
async fn reached(order: &Rehearse, client: &Client) -> u64 {
    let Ok(answer) = client.get(order.path()).await else { return 0 };
    (answer.json["done"].as_f64().unwrap_or(0.0) * STEPS as f64) as u64
}

fn text(report: &Value, zone: &TimeZone) -> String {
    let runs = items(&report["runs"]).len() as u64;
    let first = report["seed"].as_u64().unwrap_or(0);
    let mut text = format!(
        "rehearsal of {}: {}, {} from seed {first}; nothing was dialed, nothing is paid\n\n{}",
        cell(&report["campaign"]),
        counted(report["leads"].as_u64().unwrap_or(0), "lead"),
        counted(runs, "run"),
        figures(report, zone)
    );
    for (key, head) in [
        ("outcomes", "CALLS BY OUTCOME"),
        ("not_called", "LEADS NOT CALLED"),
        ("still_open", "LEADS STILL OPEN"),
        ("held_back", "LEADS HELD BACK BY"),
    ] {
        text.push_str(&counts(&report[key], head));
    }
    text.push_str("\n\nThis rests on:");
    items(&report["assumptions"]).iter().for_each(|line| text.push_str(&format!("\n  {}", cell(line))));
    text
}

fn figures(report: &Value, zone: &TimeZone) -> String {
    let cost = &report["cost"];
    let busiest = &report["busiest_hour"];
    pairs(&[
        ("begins", moments(&report["begins"], zone)),
        ("ends", if report["ends"].is_null() { "no call is placed".to_owned() } else { moments(&report["ends"], zone) }),
        ("how", items(&report["endings"]).iter().map(ending).collect::<Vec<_>>().join("; ")),
        ("calls", range(&report["calls"])),
        ("reached", format!("{} answered by a person, {} conversations", range(&report["reached"]), range(&report["conversations"]))),
        ("talk", format!("{} minutes", range(&report["talk_minutes"]))),
        ("cost", format!("{} by the price table: {}", usd(&cost["usd"]), parts(cost))),
        (
            "busiest",
            if busiest.is_null() {
                String::new()
            } else {
                format!("{} calls in the hour from {}", busiest["calls"], moment(&busiest["begins"], zone))
            },
        ),
        (
            "pace",
            format!("{} at a time, at most {} calls/s", counted(report["lines"].as_u64().unwrap_or(0), "call"), report["calls_per_second"]),
        ),
        ("limited by", limits(report)),
        ("callbacks", callbacks(&report["callbacks"])),
        (
            "used up",
            if is_nothing(&report["attempts_used_up"]) {
                String::new()
            } else {
                format!("{} leads had all their attempts", range(&report["attempts_used_up"]))
            },
        ),
        ("left out", left_out(&report["left_out"])),
        ("people", people(&report["people"])),
    ])
}

fn parts(cost: &Value) -> String {
    let part = |key: &str, word: &str| format!("{word} {}", usd(&cost[key]));
    [part("telephone_usd", "telephone"), part("speech_usd", "speech"), part("models_usd", "models")].join(", ")
}

fn ending(ending: &Value) -> String {
    let runs = counted(ending["runs"].as_u64().unwrap_or(0), "run");
    let how = match ending["ending"].as_str().unwrap_or_default() {
        "completed" => "every lead is done".to_owned(),
        "end_time" => "its end time (schedule.end) comes first".to_owned(),
        "halted" => format!("halted: {}", cell(&ending["why"])),
        "budget_spent" => "the budget (budget_usd) does not suffice for another call".to_owned(),
        "list_too_old" => format!("a do-not-call list has to be renewed before: {} (callfleet dnc import)", cell(&ending["why"])),
        "never_opens" => "the leads that are left can never be called".to_owned(),
        "too_long" => "cut off at the longest time (--days)".to_owned(),
        "stuck" => "leads are due that cannot be read: callfleet doctor".to_owned(),
        other => other.to_owned(),
    };
    format!("{how} ({runs})")
}

fn limits(report: &Value) -> String {
    let what = match report["limited_by"].as_str() {
        None => return String::new(),
        Some("rate") => "the pace of call starts (pace.calls_per_second, twilio.calls_per_second)",
        Some("lines") => "lines (pace.lines, worker.lines)",
        Some("hours") => "calling hours",
        Some("waiting") => "waiting for redials and callbacks",
        Some(_) => "nothing: the calls themselves",
    };
    let minutes: Vec<String> =
        report["minutes"].as_object().into_iter().flatten().filter(|(_, span)| !is_nothing(span)).map(minutes).collect();
    format!("{what}; {}", minutes.join(", "))
}

/// `hours 780 min`.
fn minutes((limit, span): (&String, &Value)) -> String {
    format!("{} {} min", limit.replace('_', " "), range(span))
}

fn callbacks(callbacks: &Value) -> String {
    if is_nothing(&callbacks["promised"]) {
        return String::new();
    }
    format!("{} promised, {} kept, {} missed", range(&callbacks["promised"]), range(&callbacks["kept"]), range(&callbacks["missed"]))
}

/// `12 suppressed, 1 active`.
fn left_out(by_state: &Value) -> String {
    let states = by_state.as_object().into_iter().flatten();
    states.map(|(state, leads)| format!("{leads} {state}")).collect::<Vec<_>>().join(", ")
}

fn people(people: &Value) -> String {
    let shares = |key: &str| {
        let words = people[key].as_object().into_iter().flatten().filter(|(_, share)| share.as_f64() != Some(0.0));
        words.map(|(word, share)| format!("{word}={:.1}", share.as_f64().unwrap_or(0.0) * 100.0)).collect::<Vec<_>>().join(",")
    };
    let talk = &people["talk"];
    let (mix, outcomes) = (shares("mix"), shares("outcomes"));
    format!("{}: --mix {mix} --outcomes {outcomes} --talk {}-{}", cell(&people["source"]), talk["median_s"], talk["p90_s"])
}

fn counts(by_word: &Value, head: &str) -> String {
    let words = by_word.as_object().into_iter().flatten();
    let rows: Vec<Vec<String>> = words.map(|(word, leads)| vec![word.replace('_', " "), range(leads)]).collect();
    if rows.is_empty() { String::new() } else { format!("\n\n{}", table(&[head, "COUNT"], &rows)) }
}

fn is_nothing(range: &Value) -> bool {
    range["high"].as_f64().unwrap_or(0.0) == 0.0
}

/// `12 to 15`, or `12`.
fn range(range: &Value) -> String {
    if range["low"] == range["high"] { cell(&range["low"]) } else { format!("{} to {}", range["low"], range["high"]) }
}

fn usd(range: &Value) -> String {
    let cents = |value: &Value| format!("${:.2}", value.as_f64().unwrap_or(0.0));
    let (low, high) = (cents(&range["low"]), cents(&range["high"]));
    if low == high { low } else { format!("{low} to {high}") }
}

fn moments(range: &Value, zone: &TimeZone) -> String {
    let (low, high) = (moment(&range["low"], zone), moment(&range["high"], zone));
    if low == high { low } else { format!("{low} to {high}") }
}

/// On the operator's clock and in UTC.
fn moment(value: &Value, zone: &TimeZone) -> String {
    let Some(moment) = value.as_str().and_then(|text| text.parse::<Timestamp>().ok()) else { return String::new() };
    let (local, utc) = (moment.in_zone(zone), moment.in_zone(&TimeZone::UTC));
    if local.offset() == utc.offset() {
        return utc.strftime("%a %Y-%m-%d %H:%M:%SZ").to_string();
    }
    format!("{} ({})", local.strftime("%a %Y-%m-%d %H:%M %Z"), utc.strftime("%d %H:%MZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_talk_are_read_and_what_is_wrong_is_said() {
        assert_eq!(shares("human=35, busy=65.5"), Ok(BTreeMap::from([("human".to_owned(), 35.0), ("busy".to_owned(), 65.5)])));
        assert!(shares("human").unwrap_err().contains("WORD=SHARE"));
        assert!(shares("human=many").unwrap_err().contains("number"));
        assert_eq!((talk("75-180"), talk("60")), (Ok((75, 180)), Ok((60, 60))));
        assert!(talk("a minute").is_err());
    }

    #[test]
    fn moments_are_told_on_both_clocks() {
        let value = json!("2026-11-23T18:00:00Z");
        assert_eq!(moment(&value, &TimeZone::UTC), "Mon 2026-11-23 18:00:00Z");
        let there = TimeZone::get("America/Los_Angeles").unwrap();
        assert_eq!(moment(&value, &there), "Mon 2026-11-23 10:00 PST (23 18:00Z)");
    }
}
