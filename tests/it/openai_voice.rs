//! A whole call whose voice is OpenAI's: greeting, live replies, barge-in, transcript and bill. Deepgram's mouth is shut.

use std::time::Duration;

use serde_json::Value;

use crate::support::embedded::Embedded;
use crate::support::test_call::{billed, call, said};

const SOON: Duration = Duration::from_secs(20);

/// Before the demo's own numbers.
const NUMBERS: &str = "[[numbers]]\nmatch = '+14155550100'\npersona = \"polite\"\n\
    [[numbers]]\nmatch = '+14155550101'\npersona = \"cuts_in\"\n";

/// Sound without words is what they hear of this voice: they answer pauses.
const PEOPLE: &str = r#"
[openai]
speech_ms_per_word = 200

[[deepgram.faults]]
kind = "unavailable"
path = "/v1/speak"

[personas.polite]
rules = [
  { when = "any", say = "Yes, I own my home.", times = 1 },
  { when = "any", say = "About 180 dollars a month.", times = 1 },
  { when = "any", say = "Yes please, a free consultation sounds good.", times = 1 },
  { when = "any", say = "Thanks, bye.", then = "hang_up" },
]

[personas.cuts_in]
hello = "Stop calling me please."
hello_after_ms = 800
"#;

const GREETING: &str = "Hi, this is Ava, an AI assistant calling for Brightfield Solar.";

fn agent() -> String {
    let demo = include_str!("../../config/demo/agent.toml");
    let voiced = demo.replace("vendor = \"deepgram\"\nname = \"aura-2-thalia-en\"", "vendor = \"openai\"\nname = \"coral\"");
    assert_ne!(demo, voiced);
    voiced
}

#[test]
fn a_call_is_spoken_interrupted_and_billed() {
    let demo = include_str!("../../config/demo/scenario.toml");
    let embedded = Embedded::start(&format!("{}{PEOPLE}", demo.replacen("[[numbers]]", &format!("{NUMBERS}[[numbers]]"), 1)));
    let mut up = embedded.up();
    embedded.write("agent.toml", &agent());
    assert!(!embedded.verb("agent save agent.toml").contains("warning"));

    let polite = call(&embedded, "+14155550100");
    assert_eq!(polite["call"]["disposition"], "qualified", "{polite}");
    let ours = said(&polite, "agent");
    assert!(ours[0].starts_with(GREETING) && ours.len() >= 3, "{ours:?}");
    let spoken = billed(&polite, "tts");
    assert!(spoken.len() >= 2, "live replies are in the ledger: {polite}");
    for entry in &spoken {
        assert_eq!((entry["provider"].as_str(), entry["model"].as_str()), (Some("openai"), Some("gpt-4o-mini-tts")));
        // paid by the minute: $0.015 for 60,000 ms
        let (ms, cost) = (entry["units"].as_i64().unwrap(), entry["cost"].as_i64().unwrap());
        assert!(ms >= 100 && cost == (ms * 15_000_000 + 30_000) / 60_000, "{entry}");
    }

    let stopped = call(&embedded, "+14155550101");
    assert_eq!((stopped["call"]["disposition"].as_str(), &stopped["call"]["opt_out"]), (Some("dnc"), &Value::Bool(true)), "{stopped}");
    let greeting = &said(&stopped, "agent")[0];
    assert!(GREETING.starts_with(&greeting[..10]) && greeting.len() < 130, "the greeting was cut: {greeting}");

    up.terminate();
    assert!(up.ended(SOON).success());
    assert!(!up.has_said("cannot speak") && !up.has_said("not rendered ahead"));
    embedded.truth().assert_one_call_at_a_time();
}
