//! Moments as cells state them: with an offset, or on the clock of the callee.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::time::Timestamp;
use crate::intake::finding::{FindingCode, Trouble};

/// A program may send a person the moment they agree, and its clock may be ahead of ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);

/// When consent was given; in several zones the earliest moment, since the older consent is the weaker one.
pub(super) fn given_at(cell: &str, zones: &[String], now: Timestamp) -> Result<Timestamp, Trouble> {
    let given = moments(cell, zones).and_then(|moments| moments.into_iter().min()).ok_or_else(bad_consent_at)?;
    if given > now + CLOCKS_DIFFER { Err(future_consent(given, now)) } else { Ok(given) }
}

/// The moment from which on nobody is called too early, whichever zone they are in.
pub(super) fn latest(cell: &str, zones: &[String]) -> Option<Timestamp> {
    moments(cell, zones)?.into_iter().max()
}

/// A moment with its offset, or a local time in each of the zones.
fn moments(cell: &str, zones: &[String]) -> Option<Vec<Timestamp>> {
    if let Ok(moment) = cell.parse() {
        return Some(vec![moment]);
    }
    let local = cell.parse::<DateTime>().ok().or_else(|| cell.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))?;
    let moments =
        zones.iter().map(|name| local.to_zoned_datetime(TimeZone::get(name).ok()?).ok().map(|zoned| Timestamp::from_zoned(&zoned)));
    moments.collect()
}

fn bad_consent_at() -> Trouble {
    let suggestion = "write 2026-11-30, 2026-11-30T09:00 (on the callee's clock) or 2026-11-30T14:00:00Z; or leave it empty";
    Trouble::new(FindingCode::BadConsentAt, "consent_at is no moment", suggestion)
}

fn future_consent(given: Timestamp, now: Timestamp) -> Trouble {
    let message = format!("consent_at lies in the future: {given} is later than {now}, when this import began");
    let suggestion = "write when consent was given, with its offset where it was not the callee's clock: 2026-11-30T14:00:00Z";
    Trouble::new(FindingCode::FutureConsent, message, suggestion)
}
