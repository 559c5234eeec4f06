//! The Call object of the REST API.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::calls::Call;
use super::scenario::TwilioScenario;

/// RFC 2822 with a numeric zone, as every date of the REST API.
pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The whole object. A fresh one, as in the answer to its create, has no dates yet.
pub(super) fn call_object(call: &Call, account: &TwilioScenario, fresh: bool) -> Value {
    let record = call.record();
    let ended = record.ended.is_some();
    let uri = format!("/2010-04-01/Accounts/{}/Calls/{}", account.account_sid, call.sid);
    let dated = |at: Timestamp| (!fresh).then(|| date(at));
    json!({
        "sid": call.sid,
        "account_sid": account.account_sid,
        "parent_call_sid": call.parent,
        "api_version": "2010-04-01",
        "annotation": null,
        "direction": call.direction,
        "to": call.to,
        "to_formatted": formatted(&call.to),
        "from": call.from,
        "from_formatted": formatted(&call.from),
        "phone_number_sid": phone_number_sid(&call.from),
        "status": call.status().as_str(),
        "answered_by": record.answered_by,
        "forwarded_from": null,
        "caller_name": null,
        "group_sid": null,
        "trunk_sid": null,
        "queue_time": call.queue_time_ms.to_string(),
        "start_time": record.started.map(date),
        "end_time": record.ended.map(date),
        "duration": ended.then(|| call.duration_s().to_string()),
        "price": (ended && record.answered.is_some()).then(|| price(call, account)),
        "price_unit": "USD",
        "date_created": dated(call.created),
        "date_updated": dated(record.updated.unwrap_or(call.created)),
        "uri": format!("{uri}.json"),
        "subresource_uris": subresources(&uri),
    })
}

fn subresources(uri: &str) -> Value {
    let names = [
        ("events", "Events"),
        ("notifications", "Notifications"),
        ("payments", "Payments"),
        ("recordings", "Recordings"),
        ("siprec", "Siprec"),
        ("streams", "Streams"),
        ("transcriptions", "Transcriptions"),
        ("user_defined_messages", "UserDefinedMessages"),
        ("user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"),
    ];
    Value::Object(names.into_iter().map(|(key, path)| (key.to_owned(), json!(format!("{uri}/{path}.json")))).collect())
}

/// A negative decimal as text.
fn price(call: &Call, account: &TwilioScenario) -> String {
    let micros = call.duration_s().div_ceil(60) * account.price_per_minute_micros;
    format!("-{}.{:05}", micros / 1_000_000, micros % 1_000_000 / 10)
}

/// The same number has the same sid in every run.
fn phone_number_sid(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("PN{digits:0>32}")
}

/// `(415) 555-0123` for North America, the number itself elsewhere.
fn formatted(number: &str) -> String {
    match number.strip_prefix("+1") {
        Some(digits) if digits.len() == 10 && digits.is_ascii() => format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..]),
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::calls::{Leg, Status};
    use super::*;

    #[test]
    fn a_fresh_call_has_no_dates_and_numbers_are_text() {
        let (call, _told) = Call::new(&Leg { to: "+14155550123", from: "+442071838750", parent: None, queue_time_ms: 1500 });
        let object = call_object(&call, &TwilioScenario::default(), true);
        assert_eq!((&object["status"], &object["queue_time"]), (&json!("queued"), &json!("1500")));
        assert_eq!((&object["to_formatted"], &object["from_formatted"]), (&json!("(415) 555-0123"), &json!("+442071838750")));
        for field in ["date_created", "date_updated", "start_time", "end_time", "duration", "price", "answered_by"] {
            assert_eq!(object[field], Value::Null, "{field}");
        }
    }

    #[test]
    fn an_answered_call_ends_with_duration_and_price() {
        let (call, _told) = Call::new(&Leg { to: "+14155550123", from: "+14155550100", parent: None, queue_time_ms: 0 });
        for status in [Status::Ringing, Status::InProgress, Status::Completed] {
            call.enter(status);
        }
        call.note(|record, now| record.answered = now.checked_sub(jiff::SignedDuration::from_secs(61)).ok());
        let object = call_object(&call, &TwilioScenario::default(), false);
        assert_eq!((&object["duration"], &object["price"]), (&json!("61"), &json!("-0.02800")));
        assert!(object["date_created"].as_str().unwrap().ends_with(" +0000"));
    }
}
