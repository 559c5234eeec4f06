//! Past the cap of callbacks the agent says so, and nothing is promised that will not be kept.

use std::time::{Duration, Instant};

use crate::support::embedded::{ANY_HOUR, Embedded};
use crate::support::test_call::said;

const DEMO: &str = include_str!("../../../config/demo/scenario.toml");
const SOON: Duration = Duration::from_secs(60);
/// Asks to be called tomorrow after five.
const LEADS: &str = "external_id,phone_number,timezone,consent_basis\na-1,+14155550106,America/New_York,web form\n";

#[test]
fn a_callback_past_the_cap_is_not_promised_aloud() {
    let embedded = Embedded::start(DEMO);
    let _up = embedded.up();
    embedded.begin(&format!("caller_numbers = [\"+14155550200\"]\n[caps]\ncallbacks = 0\n{ANY_HOUR}"), LEADS);
    let begun = Instant::now();
    let lead = loop {
        let lead = embedded.json("leads list --campaign spring")["leads"][0].clone();
        if lead["state"] == "finished" {
            break lead;
        }
        assert!(begun.elapsed() < SOON, "{lead}");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(lead["disposition"], "callback", "{lead}");
    let id = embedded.json("call list")["calls"][0]["id"].as_str().unwrap().to_owned();
    let ours = said(&embedded.json(&format!("call show {id}")), "agent");
    assert!(ours.last().unwrap().starts_with("I cannot promise you another call"), "{ours:?}");
    assert!(!ours.iter().any(|line| line.contains("I'll call you") || line.contains("I will call you")), "{ours:?}");
    assert_eq!(embedded.json("callback list --campaign spring")["fidelity"]["promised"], 0);
}
