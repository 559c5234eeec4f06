//! What the agent is told of the last conversation with the same person: nobody likes to say everything twice.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::store::dial::EarlierCall;

/// In one line, on the callee's clock.
pub(super) fn told(call: &EarlierCall, clock: &TimeZone) -> String {
    let day = call.ended_at.in_zone(clock).strftime("%A, %-d %B").to_string();
    let promised = call.callback_words.as_ref().map(|words| format!("asked to be called \"{words}\""));
    let parts = [format!("{day}: {}", call.disposition)].into_iter().chain(promised).chain(found_out(call)).chain(note(call));
    parts.collect::<Vec<_>>().join("; ")
}

/// What was answered, by its name.
fn found_out(call: &EarlierCall) -> Vec<String> {
    let Some(Value::Object(slots)) = call.slots.as_deref().and_then(read) else { return Vec::new() };
    let answered = slots.into_iter().filter(|(_, value)| !value.is_null());
    answered.map(|(name, value)| format!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
}

fn note(call: &EarlierCall) -> Option<String> {
    read(call.summary.as_deref()?)?["summary"].as_str().map(str::to_owned)
}

fn read(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::Disposition;

    #[test]
    fn the_last_conversation_is_told_in_one_line() {
        let mut call = EarlierCall {
            ended_at: "2026-11-24T02:00:00Z".parse().unwrap(),
            disposition: Disposition::Callback,
            slots: Some(r#"{"interested":null,"monthly_bill":120,"owns_home":"yes"}"#.to_owned()),
            summary: Some(r#"{"summary":"Was driving."}"#.to_owned()),
            callback_words: Some("after five".to_owned()),
        };
        let chicago = TimeZone::get("America/Chicago").unwrap();
        let all = "Monday, 23 November: callback; asked to be called \"after five\"; monthly_bill: 120; owns_home: yes; Was driving.";
        assert_eq!(told(&call, &chicago), all);
        (call.slots, call.summary, call.callback_words) = (Some("{}".to_owned()), None, None);
        assert_eq!(told(&call, &chicago), "Monday, 23 November: callback");
    }
}
