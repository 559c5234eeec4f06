//! Who asks for a person gets one, where the campaign names one; or hears that nobody can be reached.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::embedded::{ANY_HOUR, Embedded};
use crate::support::test_call::call;
use crate::support::truth::Truth;

const DEMO: &str = include_str!("../../../config/demo/scenario.toml");
const SOON: Duration = Duration::from_secs(90);
const ASKING: &str = "+14155550142";
const PERSON: &str = "+14155550143";
const LEADS: &str = "external_id,phone_number,timezone,consent_basis\na-1,+14155550142,America/New_York,web form\n";
/// Before the demo's own numbers.
const NUMBERS: &str = "[[numbers]]\nmatch = '+14155550142'\npersona = \"asks_for_person\"\n\
    [[numbers]]\nmatch = '+14155550143'\npersona = \"person\"\n";
const ASKS: &str = r#"
[personas.asks_for_person]
rules = [
  { when = "sales desk", say = "Hello there, I have a question.", times = 1 },
  { when = "any", say = "Can I talk to a real person please?", times = 1 },
]
"#;
const ANSWERS: &str = r#"
[personas.person]
hello = "Sales desk, how can I help?"
rules = [{ when = "any", say = "Let us talk tomorrow. Goodbye.", then = "hang_up" }]
"#;
const IS_BUSY: &str = "\n[personas.person]\nbehaviour = \"busy\"\n";

/// With somebody who asks for a person, and this person.
fn asking_for(person: &str) -> Embedded {
    let demo = DEMO.replacen("[[numbers]]", &format!("{NUMBERS}[[numbers]]"), 1);
    Embedded::start(&format!("{demo}{ASKS}{person}"))
}

/// Calls the one lead; its call as it is shown then, and what really happened.
fn called(person: &str) -> (Value, Truth) {
    let embedded = asking_for(person);
    let _up = embedded.up();
    embedded.begin(&format!("caller_numbers = [\"+14155550200\"]\ntransfer_to = \"{PERSON}\"\n{ANY_HOUR}"), LEADS);
    let begun = Instant::now();
    loop {
        let lead = embedded.json("leads list --campaign spring")["leads"][0].clone();
        if lead["state"] == "finished" {
            break;
        }
        assert!(begun.elapsed() < SOON, "{lead}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let id = embedded.json("call list")["calls"][0]["id"].as_str().unwrap().to_owned();
    (embedded.json(&format!("call show {id}")), embedded.truth())
}

/// The call to this number.
fn sid<'a>(truth: &'a Truth, number: &str) -> &'a str {
    truth.calls().into_iter().find(|sid| truth.number(sid) == number).unwrap()
}

#[test]
fn who_asks_for_a_person_talks_to_one() {
    let (shown, truth) = called(ANSWERS);
    assert_eq!(shown["call"]["disposition"], "transferred", "{shown}");
    truth.assert_each_called_once();
    assert!(truth.heard(sid(&truth, ASKING)).contains("Sales desk"), "they hear each other: {truth:?}");
    assert!(truth.heard(sid(&truth, PERSON)).contains("I have a question"), "{truth:?}");
}

#[test]
fn who_asks_for_a_person_that_is_busy_is_told() {
    let (shown, truth) = called(IS_BUSY);
    let outcome = (shown["call"]["disposition"].as_str(), shown["call"]["reason"].as_str());
    assert_eq!(outcome, (Some("not_qualified"), Some("human_requested")), "{shown}");
    truth.assert_each_called_once();
    assert!(truth.heard(sid(&truth, ASKING)).contains("nobody can take your call right now"), "{truth:?}");
}

#[test]
fn a_test_call_is_handed_to_a_second_phone() {
    let embedded = asking_for(ANSWERS);
    let _up = embedded.up();
    embedded.verb("agent save agent.toml");
    let shown = call(&embedded, &format!("{ASKING} --transfer-to {PERSON}"));
    assert_eq!(shown["call"]["disposition"], "transferred", "{shown}");
    let truth = embedded.truth();
    assert!(truth.heard(sid(&truth, ASKING)).contains("Sales desk"), "they hear each other: {truth:?}");
}
