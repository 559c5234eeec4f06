//! Reads `rules.tsv`. The file is part of the program, so what cannot be read is a mistake of ours and stops it at once.

use std::collections::HashMap;
use std::time::Duration;

use jiff::civil::Date;

use super::holidays::{Yearly, weekday_of};
use super::{Calendars, CapRule, Citation, HoursRule, Jurisdiction, Registry};
use crate::domain::campaign::hours;

const HOUR: u64 = 3_600;

/// Everything in the file.
pub(super) struct Book {
    pub jurisdictions: HashMap<&'static str, Jurisdiction>,
    by_country: HashMap<&'static str, &'static str>,
}

impl Book {
    pub fn get(&self, id: &str) -> Option<&Jurisdiction> {
        self.jurisdictions.get(id)
    }

    /// By the country's own id (`CA` is `ca`), or by the union it is a member of.
    pub fn of_country(&self, country: &str) -> Option<&Jurisdiction> {
        let own = self.jurisdictions.values().find(|one| one.id.eq_ignore_ascii_case(country));
        own.or_else(|| self.get(self.by_country.get(country)?))
    }

    pub fn of_state(&self, state: &str) -> Option<&Jurisdiction> {
        let is_state = |id: &str| id.strip_prefix("us-").is_some_and(|rest| rest.eq_ignore_ascii_case(state));
        self.jurisdictions.values().find(|one| is_state(one.id))
    }
}

/// One row of the file.
struct Row {
    jurisdiction: &'static str,
    rule: &'static str,
    days: &'static str,
    value: &'static str,
    from: Option<Date>,
    citation: Citation,
}

pub(super) fn book(text: &'static str) -> Book {
    let rows: Vec<Row> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(row).collect();
    let calendars = calendars(&rows);
    let mut book = Book { jurisdictions: HashMap::new(), by_country: HashMap::new() };
    for row in rows.into_iter().filter(|row| row.rule != "calendar") {
        put(&mut book, &calendars, row);
    }
    book
}

fn row(line: &'static str) -> Row {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [jurisdiction, rule, days, value, from, as_of, source, text] = cells[..] else { panic!("rules.tsv: not eight cells: {line}") };
    let date = |text: &str| text.parse::<Date>().unwrap_or_else(|_| panic!("rules.tsv: no date: {line}"));
    let source = source.parse().unwrap_or_else(|_| panic!("rules.tsv: unknown source: {line}"));
    let from = (from != "-").then(|| date(from));
    Row { jurisdiction, rule, days, value, from, citation: Citation { source, text, as_of: date(as_of) } }
}

fn calendars(rows: &[Row]) -> Calendars {
    let dates = |row: &Row| -> &'static [Yearly] {
        let read = |text| Yearly::read(text).unwrap_or_else(|| panic!("rules.tsv: no yearly date: {text}"));
        row.value.split(' ').map(read).collect::<Vec<_>>().leak()
    };
    rows.iter().filter(|row| row.rule == "calendar").map(|row| (row.jurisdiction, dates(row))).collect()
}

fn put(book: &mut Book, calendars: &Calendars, row: Row) {
    let Row { jurisdiction: id, rule, days, value, from, citation } = row;
    let empty = || Jurisdiction { id, hours: Vec::new(), caps: Vec::new(), consent: None, registry: None };
    let place = book.jurisdictions.entry(id).or_insert_with(empty);
    let number = || value.parse().unwrap_or_else(|_| panic!("rules.tsv: no number: {value}"));
    let hours = |text| hours::parse(text).unwrap_or_else(|why| panic!("rules.tsv: {text}: {why}"));
    match rule {
        "hours" => place.hours.push(HoursRule { days: span(days), dates: None, hours: hours(value), from, citation }),
        "holidays" => place.hours.push(HoursRule { days: [false; 7], dates: Some(calendars[value]), hours: None, from, citation }),
        "calls_per_24h" => place.caps.push(CapRule { most: number(), within: Duration::from_secs(24 * HOUR), citation }),
        "calls_per_8h" => place.caps.push(CapRule { most: number(), within: Duration::from_secs(8 * HOUR), citation }),
        "consent" => place.consent = Some((value, citation)),
        "registry" => {
            let (days, name) = value.split_once(' ').unwrap_or_else(|| panic!("rules.tsv: no age and name: {value}"));
            let most_days = days.parse().unwrap_or_else(|_| panic!("rules.tsv: no number: {days}"));
            place.registry = Some(Registry { place: id, name, most_days, citation });
        }
        "members" => book.by_country.extend(value.split(' ').map(|country| (country, id))),
        other => panic!("rules.tsv: unknown rule {other}"),
    }
}

/// `mon-sat`, `sun`.
fn span(days: &str) -> [bool; 7] {
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let at = |day: &str| {
        let weekday = weekday_of(day).unwrap_or_else(|| panic!("rules.tsv: no weekday: {day}"));
        usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0)
    };
    let (first, last) = (at(first), at(last));
    std::array::from_fn(|day| (first..=last).contains(&day))
}
