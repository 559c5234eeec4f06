//! Calling hours as people write them: `"09:00-20:00"` per weekday, or for `weekdays` and `weekend`; `"closed"` for none.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::campaign::file::{Problems, SettingError};
use crate::domain::window::{CallingWindow, Hours};

/// Earliest and latest minute at which United States federal law lets an automated call begin, on the called party's clock
/// (47 CFR 64.1200(c)(1), 16 CFR 310.4(c)).
const LAWFUL: Hours = Hours { open: 8 * 60, close: 21 * 60 };

/// Calling hours on the callee's clock. A single day wins over `weekdays` and `weekend`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HoursFile {
    /// Monday to Friday.
    pub weekdays: String,
    /// Saturday and Sunday, where the day itself says nothing.
    pub weekend: Option<String>,
    /// Monday.
    pub monday: Option<String>,
    /// Tuesday.
    pub tuesday: Option<String>,
    /// Wednesday.
    pub wednesday: Option<String>,
    /// Thursday.
    pub thursday: Option<String>,
    /// Friday.
    pub friday: Option<String>,
    /// Saturday.
    pub saturday: Option<String>,
    /// Sunday.
    pub sunday: Option<String>,
    /// Local dates without calls, `2026-12-25`.
    pub holidays: Vec<String>,
    /// Why calls may begin outside the lawful hours. Without a reason the law cuts these hours, and hours before 08:00 or after
    /// 21:00 are refused.
    pub override_reason: Option<String>,
}

impl Default for HoursFile {
    /// The hours that the stricter states of the United States allow: Sundays from noon.
    fn default() -> Self {
        Self {
            weekdays: "09:00-20:00".to_owned(),
            weekend: None,
            monday: None,
            tuesday: None,
            wednesday: None,
            thursday: None,
            friday: None,
            saturday: None,
            sunday: None,
            holidays: Vec::new(),
            override_reason: None,
        }
    }
}

const SATURDAY: &str = "09:00-20:00";
const SUNDAY: &str = "12:00-20:00";

impl HoursFile {
    /// The window these texts mean; what is wrong goes to `problems`.
    pub(super) fn window(&self, problems: &mut Problems) -> CallingWindow {
        let days = self.texts().map(|(key, text)| self.day(key, text, problems));
        let window = CallingWindow { days, holidays: self.holidays(problems) };
        if problems.none_about("hours.") && window.days.iter().all(Option::is_none) {
            problems.add(SettingError::new(
                "hours",
                "closed on every day",
                "open at least one day, for example weekdays = \"09:00-20:00\"",
            ));
        }
        window
    }

    fn texts(&self) -> [(&'static str, &str); 7] {
        [
            own_or("monday", self.monday.as_deref(), "weekdays", &self.weekdays),
            own_or("tuesday", self.tuesday.as_deref(), "weekdays", &self.weekdays),
            own_or("wednesday", self.wednesday.as_deref(), "weekdays", &self.weekdays),
            own_or("thursday", self.thursday.as_deref(), "weekdays", &self.weekdays),
            own_or("friday", self.friday.as_deref(), "weekdays", &self.weekdays),
            own_or("saturday", self.saturday.as_deref(), "weekend", self.weekend.as_deref().unwrap_or(SATURDAY)),
            own_or("sunday", self.sunday.as_deref(), "weekend", self.weekend.as_deref().unwrap_or(SUNDAY)),
        ]
    }

    fn day(&self, key: &str, text: &str, problems: &mut Problems) -> Option<Hours> {
        let key = format!("hours.{key}");
        match parse(text) {
            Ok(Some(hours)) if !within_law(hours) && self.override_reason.as_deref().is_none_or(|why| why.trim().is_empty()) => {
                let fix = "stay within 08:00-21:00, or say in hours.override_reason why other hours are lawful here";
                problems.add(SettingError::new(key, text, fix));
                None
            }
            Ok(hours) => hours,
            Err(fix) => {
                problems.add(SettingError::new(key, text, fix));
                None
            }
        }
    }

    fn holidays(&self, problems: &mut Problems) -> Vec<Date> {
        let mut dates = Vec::with_capacity(self.holidays.len());
        for text in &self.holidays {
            match text.trim().parse() {
                Ok(date) => dates.push(date),
                Err(_) => problems.add(SettingError::new("hours.holidays", text, "write a date like 2026-12-25")),
            }
        }
        dates
    }
}

fn own_or<'a>(own_key: &'static str, own: Option<&'a str>, shared_key: &'static str, shared: &'a str) -> (&'static str, &'a str) {
    own.map_or((shared_key, shared), |text| (own_key, text))
}

fn within_law(hours: Hours) -> bool {
    hours.open >= LAWFUL.open && hours.close <= LAWFUL.close
}

/// `09:00-20:00`, or `closed`.
///
/// # Errors
/// How to write it instead.
pub fn parse(text: &str) -> Result<Option<Hours>, &'static str> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("closed") {
        return Ok(None);
    }
    let (open, close) = text.split_once('-').ok_or("write hours like 09:00-20:00, or closed")?;
    let (Some(open), Some(close)) = (minute(open), minute(close)) else { return Err("write hours like 09:00-20:00, or closed") };
    if open >= close {
        return Err("the end must come after the beginning; hours do not go past midnight (24:00 ends a day)");
    }
    Ok(Some(Hours { open, close }))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let fits =
        (1..=2).contains(&hour.len()) && minute.len() == 2 && [hour, minute].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
    (fits && minute < 60 && hour * 60 + minute <= 1_440).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hours() {
        assert_eq!(parse("09:00-20:00"), Ok(Some(Hours { open: 540, close: 1_200 })));
        assert_eq!(parse(" 9:30 - 24:00 "), Ok(Some(Hours { open: 570, close: 1_440 })));
        assert_eq!(parse("Closed"), Ok(None));
        for text in ["", "9-20", "09:00", "20:00-09:00", "09:00-09:00", "09:60-10:00", "09:00-25:00", "+9:00-10:00", "aa:bb-cc:dd"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_wins_over_its_group() {
        let file = HoursFile { friday: Some("10:00-14:00".to_owned()), weekend: Some("closed".to_owned()), ..HoursFile::default() };
        let mut problems = Problems::default();
        let window = file.window(&mut problems);
        assert!(problems.is_empty());
        assert_eq!(window.days[4], Some(Hours { open: 600, close: 840 }));
        assert_eq!((window.days[5], window.days[6]), (None, None));
        let usual = HoursFile::default().window(&mut problems);
        assert_eq!(usual.days[6], Some(Hours { open: 720, close: 1_200 }));
    }
}
