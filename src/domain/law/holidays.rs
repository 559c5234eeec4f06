//! Dates that return every year: `12-25`, `thu#4-11` (the fourth Thursday of November), `mon#-1-05` (the last Monday of May).

use jiff::civil::{Date, Weekday};

/// A date of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Yearly {
    /// The same day of the month.
    Day { month: i8, day: i8 },
    /// The nth weekday of a month; −1 is the last.
    Nth { weekday: Weekday, nth: i8, month: i8 },
}

impl Yearly {
    /// Reads one.
    pub fn read(text: &str) -> Option<Self> {
        let Some((weekday, rest)) = text.split_once('#') else {
            let (month, day) = text.split_once('-')?;
            return Some(Self::Day { month: month.parse().ok()?, day: day.parse().ok()? });
        };
        let (nth, month) = rest.rsplit_once('-')?;
        Some(Self::Nth { weekday: weekday_of(weekday)?, nth: nth.parse().ok()?, month: month.parse().ok()? })
    }

    /// Whether it falls on this date.
    pub fn is(self, date: Date) -> bool {
        match self {
            Self::Day { month, day } => date.month() == month && date.day() == day,
            Self::Nth { weekday, nth, month } => {
                date.month() == month && date.weekday() == weekday && date.nth_weekday_of_month(nth, weekday).is_ok_and(|nth| nth == date)
            }
        }
    }
}

/// `mon` to `sun`.
pub(super) fn weekday_of(text: &str) -> Option<Weekday> {
    Some(match text {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_fall_where_the_calendar_says() {
        let table = [("12-25", "2026-12-25"), ("thu#4-11", "2026-11-26"), ("mon#-1-05", "2027-05-31"), ("mon#3-01", "2027-01-18")];
        for (text, date) in table {
            let (holiday, date): (Yearly, Date) = (Yearly::read(text).unwrap(), date.parse().unwrap());
            assert!(holiday.is(date), "{text}");
            assert!(!holiday.is(date.tomorrow().unwrap()) && !holiday.is(date.yesterday().unwrap()), "{text}");
        }
        assert_eq!(Yearly::read("easter"), None);
    }
}
