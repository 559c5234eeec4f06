//! Whole calls heard by Nova, which leaves the ends of turns to us: replies, a barge-in, an opt-out.

use serde_json::Value;

use crate::support::embedded::Embedded;
use crate::support::test_call::{billed, call, said};

const DEMO: &str = include_str!("../../../config/demo/scenario.toml");
const INTERESTED: &str = "+14155550100";
const INTERRUPTS_REPLY: &str = "+14155550123";
const STOP_CALLING: &str = "+14155550109";

fn agent() -> String {
    let demo = include_str!("../../../config/demo/agent.toml");
    let nova = demo.replace("model = \"flux-general-en\"", "model = \"nova-3\"");
    assert_ne!(demo, nova);
    nova
}

#[test]
fn a_call_is_answered_interrupted_and_opted_out_of() {
    let embedded = Embedded::start(DEMO);
    let _up = embedded.up();
    embedded.write("agent.toml", &agent());
    assert!(!embedded.verb("agent save agent.toml").contains("warning"));

    let interested = call(&embedded, INTERESTED);
    assert_eq!(interested["call"]["disposition"], "qualified", "{interested}");
    assert!(said(&interested, "callee").len() >= 3 && said(&interested, "agent").len() >= 3, "{interested}");
    assert_heard_by_nova(&interested);

    assert_cut_and_answered(&call(&embedded, INTERRUPTS_REPLY));

    let stopped = call(&embedded, STOP_CALLING);
    assert_eq!((stopped["call"]["disposition"].as_str(), &stopped["call"]["opt_out"]), (Some("dnc"), &Value::Bool(true)), "{stopped}");
    assert!(said(&stopped, "agent").last().unwrap().starts_with("Understood."), "{stopped}");
    embedded.truth().assert_one_call_at_a_time();
}

/// One row for the whole call, by the audio's length and the stream's.
fn assert_heard_by_nova(shown: &Value) {
    let heard = billed(shown, "stt");
    assert_eq!((heard.len(), heard[0]["model"].as_str()), (1, Some("nova-3")), "{shown}");
    let (audio, open) = (heard[0]["units"].as_u64().unwrap(), heard[0]["total_ms"].as_u64().unwrap());
    assert!(audio > 3_000 && open > 3_000 && heard[0]["cost"].as_i64().unwrap() > 0, "{shown}");
    let timings = shown["timings"].as_array().unwrap();
    assert!(timings.iter().any(|turn| turn["marks"]["speech_end"].is_u64()), "Nova names the times of words: {timings:?}");
}

/// The reply that was spoken over stops in the middle, and what was said over it is answered.
fn assert_cut_and_answered(shown: &Value) {
    let turns = shown["transcript"].as_array().unwrap();
    let words = |turn: &Value| turn["words"].as_str().unwrap().to_owned();
    let over = turns.iter().position(|turn| turn["who"] == "callee" && words(turn).contains("warranty"));
    let over = over.unwrap_or_else(|| panic!("nobody was interrupted: {shown}"));
    let ours = |turn: &&Value| turn["who"] == "agent";
    let before = words(turns[..over].iter().rfind(ours).unwrap());
    assert!(!before.trim_end().ends_with(['.', '?', '!']), "heard to its end: {before}");
    let after = words(turns[over..].iter().find(ours).unwrap());
    assert!(after.contains("25 years"), "{after}: {shown}");
}
