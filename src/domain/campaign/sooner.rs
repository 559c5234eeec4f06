//! Whether a change of settings may open a gate before its own time: leads that were put off until then are looked at again.

use serde_json::Value;

use crate::domain::campaign::CampaignSettings;
use crate::domain::campaign::file::CampaignFile;

/// Whether somebody who waits for a gate may be called sooner by the new settings. The permit judges everybody anew, so a doubt is a
/// yes; settings that cannot be used have put nobody off.
#[must_use]
pub fn may_call_sooner(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (read(before), read(after)) else { return false };
    before.window != after.window
        || before.law != after.law
        || before.max_attempts_per_day < after.max_attempts_per_day
        || callers_may_call_more(&before, &after)
}

fn read(settings: &Value) -> Option<CampaignSettings> {
    CampaignFile::from_json(&settings.to_string()).ok()?.settings().ok()
}

/// One number more, or more calls from each.
fn callers_may_call_more(before: &CampaignSettings, after: &CampaignSettings) -> bool {
    let most = |settings: &CampaignSettings| settings.calls_per_caller.unwrap_or(u32::MAX);
    most(before) < most(after) || after.caller_numbers.iter().any(|number| !before.caller_numbers.contains(number))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWN: &str = "+14155550200";

    #[test]
    fn what_lets_somebody_be_called_sooner_is_told_from_what_does_not() {
        let plain = json!({ "caller_numbers": [OWN] });
        let caps = |caps: Value| json!({ "caller_numbers": [OWN], "caps": caps });
        let table = [
            (caps(json!({ "calls_per_caller": 5 })), caps(json!({ "calls_per_caller": 6 })), true),
            (caps(json!({ "calls_per_caller": 5 })), plain.clone(), true),
            (plain.clone(), caps(json!({ "calls_per_caller": 5 })), false),
            (caps(json!({ "attempts_per_day": 1 })), caps(json!({ "attempts_per_day": 2 })), true),
            (caps(json!({ "attempts_per_day": 2 })), caps(json!({ "attempts_per_day": 1 })), false),
            (plain.clone(), json!({ "caller_numbers": ["+14155550201", OWN] }), true),
            (json!({ "caller_numbers": ["+14155550201", OWN] }), plain.clone(), false),
            (plain.clone(), json!({ "caller_numbers": [OWN], "hours": { "monday": "10:00-12:00" } }), true),
            (plain.clone(), json!({ "caller_numbers": [OWN], "pace": { "lines": 9 } }), false),
            (json!({}), plain.clone(), false),
        ];
        for (before, after, sooner) in table {
            assert_eq!(may_call_sooner(&before, &after), sooner, "{before} to {after}");
        }
    }
}
