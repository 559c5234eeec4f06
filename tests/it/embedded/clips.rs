//! A voice that is away when the first phone is to ring: that call is spoken live, the next one as if nothing had been.

use serde_json::Value;

use crate::support::embedded::Embedded;
use crate::support::test_call::{billed, call, said};

const DEMO: &str = include_str!("../../../config/demo/scenario.toml");
/// Each of the demo agent's seven lines, with the tries in line.
const AWAY: &str = "\n[[deepgram.faults]]\nkind = \"unavailable\"\npath = \"/v1/speak\"\nfirst = 21\n";
/// Both say "stop calling me" once they were greeted.
const FIRST: &str = "+14155550109";
const SECOND: &str = "+14155550139";

#[test]
fn lines_that_could_not_be_rendered_are_there_for_the_second_call() {
    let embedded = Embedded::start(&format!("{DEMO}{AWAY}"));
    let up = embedded.up();
    embedded.verb("agent save agent.toml");
    let first = call(&embedded, FIRST);
    assert!(said(&first, "agent")[0].starts_with("Hi, this is Ava"), "{first}");
    assert!(!billed(&first, "tts").is_empty() && up.has_said("not rendered ahead"), "spoken live: {first}");

    let second = call(&embedded, SECOND);
    assert!(said(&second, "agent")[0].starts_with("Hi, this is Ava"), "{second}");
    assert!(billed(&second, "tts").is_empty(), "every line was a clip: {second}");

    let cost = embedded.json("cost");
    let ahead = cost["lines"].as_array().unwrap().iter().find(|line| line["purpose"] == "prerender");
    let ahead = ahead.unwrap_or_else(|| panic!("rendering ahead costs nothing: {cost}"));
    assert_eq!((&ahead["service"], &ahead["calls"]), (&Value::from("tts"), &Value::from(7)), "{cost}");
    assert!(ahead["cost_usd"].as_f64().unwrap() > 0.0, "{cost}");
}
