//! Delays, counted from the conversation: "in two hours", "in three working days", "in a bit".

use jiff::Span;

use super::{BIT, Here, LATER, Settled, WHILE};
use crate::domain::callback::figure::{Amount, Unit};
use crate::domain::callback::wish::Soon;
use crate::domain::time::Timestamp;

impl Here<'_> {
    pub(super) fn delayed(&self, delay: Amount) -> Option<Settled> {
        let later =
            |count: u32| if delay.unit == Unit::WorkingDays { self.after_working_days(count) } else { self.add(span(count, delay.unit)?) };
        let latest = if delay.most > delay.least { Some(later(delay.most)?) } else { None };
        let earliest = later(delay.least)?;
        Some(Settled { earliest, latest, exact: true, confidence: 90, open_ended: false })
    }

    pub(super) fn soon(&self, soon: Soon) -> Option<Settled> {
        let (wait, latest) = match soon {
            Soon::Bit => (BIT, None),
            Soon::While => (WHILE, None),
            Soon::LaterToday => (LATER, self.close(self.today())),
        };
        let earliest = self.now + wait;
        let latest = latest.filter(|latest| *latest > earliest);
        Some(Settled { earliest, latest, exact: false, confidence: 60, open_ended: false })
    }

    fn add(&self, span: Span) -> Option<Timestamp> {
        self.local().checked_add(span).ok().map(|zoned| Timestamp::from_zoned(&zoned))
    }

    /// The same time of day, so many working days on.
    fn after_working_days(&self, count: u32) -> Option<Timestamp> {
        let date = self.working_day(count)?;
        let moment = date.to_datetime(self.local().time()).to_zoned_datetime(self.zone().clone()).ok()?;
        Some(Timestamp::from_zoned(&moment))
    }
}

fn span(count: u32, unit: Unit) -> Option<Span> {
    match unit {
        Unit::Minutes => Span::new().try_minutes(i64::from(count)).ok(),
        Unit::Days | Unit::WorkingDays => Span::new().try_days(i64::from(count)).ok(),
        Unit::Months => Span::new().try_months(i64::from(count)).ok(),
    }
}
