//! What the agent says aloud to confirm: the moment in words, on the callee's clock.

use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::time::Timestamp;

/// When a call will come.
pub(super) struct Promise<'a> {
    pub now: Timestamp,
    pub earliest: Timestamp,
    pub latest: Option<Timestamp>,
    pub open_ended: bool,
    pub zone: &'a TimeZone,
    /// The zone has to be named: it is not the callee's usual one.
    pub name_zone: bool,
}

/// "tomorrow, Tuesday, November 24, after 5 PM".
pub(super) fn when(promise: &Promise<'_>) -> String {
    let start = promise.earliest.in_zone(promise.zone);
    let day = day(promise.now.in_zone(promise.zone).date(), start.date());
    let latest = promise.latest.map(|latest| latest.in_zone(promise.zone));
    let time = match latest {
        Some(end) if !promise.open_ended && end.date() == start.date() => format!("between {} and {}", clock(&start), clock(&end)),
        Some(end) if end.date() != start.date() => format!("from {} on", clock(&start)),
        _ if promise.open_ended => format!("after {}", clock(&start)),
        _ => format!("at {}", clock(&start)),
    };
    let zone = if promise.name_zone { format!(", {} time", city(promise.zone)) } else { String::new() };
    format!("{day}, {time}{zone}")
}

fn day(today: Date, date: Date) -> String {
    let name = date.strftime("%A, %B %-d");
    match (date - today).get_days() {
        0 => "today".to_owned(),
        1 => format!("tomorrow, {name}"),
        _ => format!("on {name}"),
    }
}

fn clock(moment: &ZonedDateTime) -> String {
    match (moment.hour(), moment.minute()) {
        (12, 0) => "noon".to_owned(),
        (_, 0) => moment.strftime("%-I %p").to_string(),
        _ => moment.strftime("%-I:%M %p").to_string(),
    }
}

fn city(zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}
