//! A call to one number, watched until its outcome is written.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::embedded::Embedded;

const SOON: Duration = Duration::from_secs(20);

/// Calls a number, behind which more options may stand, and shows the call once its outcome is written.
pub fn call(embedded: &Embedded, to: &str) -> Value {
    let over = embedded.json(&format!("call test --to {to} --from +14155550200 --agent solar-intro"));
    let (show, begun) = (format!("call show {}", over["call"]["id"].as_str().unwrap()), Instant::now());
    loop {
        let shown = embedded.json(&show);
        if !shown["call"]["disposition"].is_null() {
            return shown;
        }
        assert!(begun.elapsed() < SOON, "no outcome: {shown}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Whatever `who` (`agent`, `callee`) said, turn by turn.
pub fn said(shown: &Value, who: &str) -> Vec<String> {
    let turns = shown["transcript"].as_array().unwrap().iter().filter(|turn| turn["who"] == who);
    turns.map(|turn| turn["words"].as_str().unwrap().to_owned()).collect()
}

/// The call's bill for one kind of service (`stt`, `llm`, `tts`, `telephony`).
pub fn billed<'a>(shown: &'a Value, service: &str) -> Vec<&'a Value> {
    shown["ledger"].as_array().unwrap().iter().filter(|entry| entry["service"] == service).collect()
}
