//! `GET …/Calls.json`: the account's calls, newest first, filtered and in pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Twilio;
use super::calls::Call;
use super::errors::ApiError;
use super::form::Form;
use super::resource::call_object;

const LARGEST_PAGE: u64 = 1_000;

pub(super) async fn list(State(twilio): State<Arc<Twilio>>, RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    let query = query.unwrap_or_default();
    let asked = Form::parse(query.as_bytes());
    let filter = Filter::read(&asked)?;
    let visible_before = Timestamp::now().as_millisecond() - i64::try_from(twilio.faults().list_lag_ms).unwrap_or(i64::MAX);
    let mut found = twilio.calls.newest_first(asked.get("To"));
    found.retain(|call| call.created.as_millisecond() <= visible_before && filter.fits(call));
    Ok(Json(Page::cut(&asked, &found)?.body(&twilio, &query)))
}

/// What the query asks for.
struct Filter {
    from: Option<String>,
    parent: Option<String>,
    status: Option<String>,
    started: Vec<Bound>,
    ended: Vec<Bound>,
}

impl Filter {
    fn read(asked: &Form) -> Result<Self, ApiError> {
        Ok(Self {
            from: asked.owned("From"),
            parent: asked.owned("ParentCallSid"),
            status: asked.owned("Status"),
            started: Bound::all(asked, "StartTime")?,
            ended: Bound::all(asked, "EndTime")?,
        })
    }

    fn fits(&self, call: &Call) -> bool {
        let same = |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| wanted == given);
        let record = call.record();
        same(&self.from, &call.from)
            && same(&self.parent, call.parent.as_deref().unwrap_or_default())
            && same(&self.status, call.status().as_str())
            && self.started.iter().all(|bound| bound.fits(record.started))
            && self.ended.iter().all(|bound| bound.fits(record.ended))
    }
}

/// `Name`, `Name<` and `Name>` with a day or a time; both ends are included. A call without that time fits none.
struct Bound {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Bound {
    fn all(asked: &Form, name: &str) -> Result<Vec<Self>, ApiError> {
        let mut bounds = Vec::new();
        for side in ["", "<", ">"] {
            let Some(text) = asked.get(&format!("{name}{side}")) else { continue };
            let (first, last) = span(text).ok_or_else(|| ApiError::bad(20_001, format!("Invalid {name}: {text}")))?;
            bounds.push(match side {
                "<" => Self { from: None, to: Some(last) },
                ">" => Self { from: Some(first), to: None },
                _ => Self { from: Some(first), to: Some(last) },
            });
        }
        Ok(bounds)
    }

    fn fits(&self, time: Option<Timestamp>) -> bool {
        time.is_some_and(|time| self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time <= to))
    }
}

/// First and last instant of a UTC day, or of a second.
fn span(text: &str) -> Option<(Timestamp, Timestamp)> {
    let (first, length_ms) = match text.parse::<Date>() {
        Ok(day) if !text.contains('T') => (day.at(0, 0, 0, 0).to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp(), 86_399_999),
        _ => (text.parse::<Timestamp>().ok()?, 999),
    };
    Some((first, Timestamp::from_millisecond(first.as_millisecond() + length_ms).ok()?))
}

/// One page of what was found.
struct Page<'a> {
    number: usize,
    size: usize,
    start: usize,
    calls: &'a [Arc<Call>],
    more: bool,
}

impl<'a> Page<'a> {
    /// The token names the last call of the page before, so calls that are made meanwhile shift nothing.
    fn cut(asked: &Form, found: &'a [Arc<Call>]) -> Result<Self, ApiError> {
        let number =
            |name, default| Ok::<_, ApiError>(usize::try_from(asked.number(name, 0, u64::MAX)?.unwrap_or(default)).unwrap_or(usize::MAX));
        let size = usize::try_from(asked.number("PageSize", 1, LARGEST_PAGE)?.unwrap_or(50)).unwrap_or(50);
        let page = number("Page", 0)?;
        let after = asked.get("PageToken").and_then(|token| token.strip_prefix("PA"));
        let start = match after.and_then(|sid| found.iter().position(|call| call.sid == sid)) {
            Some(place) => place + 1,
            None => page.saturating_mul(size).min(found.len()),
        };
        let end = start.saturating_add(size).min(found.len());
        Ok(Self { number: page, size, start, calls: &found[start..end], more: end < found.len() })
    }

    fn body(&self, twilio: &Twilio, query: &str) -> Value {
        let account = twilio.account();
        let next = self.calls.last().filter(|_| self.more).map(|last| self.uri(twilio, query, self.number + 1, Some(&last.sid)));
        let previous = self.number.checked_sub(1).map(|number| self.uri(twilio, query, number, None));
        json!({
            "calls": self.calls.iter().map(|call| call_object(call, account, false)).collect::<Vec<_>>(),
            "page": self.number,
            "page_size": self.size,
            "start": self.start,
            "end": (self.start + self.calls.len()).saturating_sub(1),
            "uri": self.uri(twilio, query, self.number, None),
            "first_page_uri": self.uri(twilio, query, 0, None),
            "next_page_uri": next,
            "previous_page_uri": previous,
        })
    }

    fn uri(&self, twilio: &Twilio, query: &str, number: usize, after: Option<&str>) -> String {
        let mut parts = form_urlencoded::Serializer::new(String::new());
        let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !matches!(&**name, "Page" | "PageSize" | "PageToken"));
        parts.extend_pairs(kept);
        parts.append_pair("PageSize", &self.size.to_string()).append_pair("Page", &number.to_string());
        if let Some(sid) = after {
            parts.append_pair("PageToken", &format!("PA{sid}"));
        }
        format!("/2010-04-01/Accounts/{}/Calls.json?{}", twilio.account().account_sid, parts.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_both_understood() {
        let (first, last) = span("2026-11-23").unwrap();
        assert_eq!((first.to_string().as_str(), last.to_string().as_str()), ("2026-11-23T00:00:00Z", "2026-11-23T23:59:59.999Z"));
        let (first, last) = span("2026-11-23T10:00:00Z").unwrap();
        assert_eq!(last.as_millisecond() - first.as_millisecond(), 999);
        assert!(span("yesterday").is_none());
    }

    #[test]
    fn a_call_without_a_start_fits_no_start_filter() {
        let bounds = Bound::all(&Form::parse(b"StartTime%3E=2026-11-23"), "StartTime").unwrap();
        assert!(!bounds[0].fits(None));
        assert!(bounds[0].fits("2026-11-23T00:00:00Z".parse().ok()));
        assert!(!bounds[0].fits("2026-11-22T23:59:59Z".parse().ok()));
    }
}
