//! The clock of the conversation, and when the calling hours of all its zones begin and end.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{ToSpan, ZonedDateTime};

use super::{Here, Settled};
use crate::domain::time::Timestamp;
use crate::domain::window::{Calendar as _, Hours};

impl Here<'_> {
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zones[0]
    }

    pub(super) fn local(&self) -> ZonedDateTime {
        self.now.in_zone(self.zone())
    }

    pub(super) fn today(&self) -> Date {
        self.local().date()
    }

    /// A minute of a local day; 1440 is its end.
    pub(super) fn moment(&self, date: Date, minute: u16) -> Option<Timestamp> {
        moment_in(self.zone(), date, minute)
    }

    pub(super) fn is_open(&self, moment: Timestamp) -> bool {
        self.hours.is_open_in(self.zones, moment)
    }

    /// When the hours of a day have begun in every zone.
    pub(super) fn all_begun(&self, date: Date, hours: Hours) -> Option<Timestamp> {
        self.zones.iter().filter_map(|zone| moment_in(zone, date, hours.open)).max()
    }

    /// When calls must no longer begin on that day: once it is closed in one zone.
    pub(super) fn close(&self, date: Date) -> Option<Timestamp> {
        let Some(hours) = self.hours.hours_on(date) else { return self.moment(date, 1_440) };
        self.zones.iter().filter_map(|zone| moment_in(zone, date, hours.close)).min()
    }

    /// The end of a span, or the end of that day's calling hours where they end earlier.
    pub(super) fn until_close(&self, settled: Settled) -> Option<Timestamp> {
        let latest = settled.latest?;
        let close = self.close(latest.in_zone(self.zone()).date()).filter(|close| *close > settled.earliest);
        Some(close.map_or(latest, |close| latest.min(close)))
    }

    /// The beginning of a day, but for today some time ahead.
    pub(super) fn start(&self, date: Date, ahead: Duration) -> Option<Timestamp> {
        let opens = self.hours.hours_on(date).map_or_else(|| self.moment(date, 0), |hours| self.all_begun(date, hours))?;
        Some(if date <= self.today() { opens.max(self.now + ahead) } else { opens })
    }
}

/// A minute of a day on the clock of a zone; 1440 is its end.
fn moment_in(zone: &TimeZone, date: Date, minute: u16) -> Option<Timestamp> {
    let (date, minute) = if minute >= 1_440 { (date.checked_add(1.day()).ok()?, minute - 1_440) } else { (date, minute) };
    let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    date.to_datetime(time).to_zoned_datetime(zone.clone()).ok().map(|zoned| Timestamp::from_zoned(&zoned))
}
