use std::time::Instant;

use proptest::prelude::*;

use super::*;

fn models() -> AgentModels {
    AgentModels { simple: "cheap".into(), reasoning: "dear".into(), deferred: "cheap".into() }
}

fn facts() -> BTreeMap<String, String> {
    BTreeMap::from([("price".to_owned(), "A system costs about 12,000 dollars.".to_owned())])
}

fn decide(utterance: &str, change: impl FnOnce(&mut RouteInput<'_>)) -> Route {
    let facts = facts();
    let mut input = RouteInput { utterance, facts: &facts, confidence: None, sentiment_before: None, sentiment: None, rung: Rung::Full };
    change(&mut input);
    route(&models(), &input)
}

#[test]
fn every_rule_has_its_words() {
    use ModelRole::{Reasoning, Simple};
    let table = [
        ("Yes, I own it.", Simple, "usual"),
        ("About a hundred and fifty a month", Simple, "usual"),
        ("What is this about?", Simple, "usual"),
        ("My enterprise is in the courtyard", Simple, "usual"),
        ("I'm not interested, thanks", Simple, "known_objection"),
        ("Call me later", Simple, "known_objection"),
        ("How much does it cost?", Reasoning, "price"),
        ("Can I get a discount if I pay now?", Reasoning, "negotiation"),
        ("My lawyer will hear about this", Reasoning, "legal"),
        ("This is ridiculous", Reasoning, "complaint"),
        ("Let me talk to a real person", Reasoning, "human_request"),
        ("Who are you? Where are you calling from?", Reasoning, "two_questions"),
        ("who are you and where are you calling from", Reasoning, "two_questions"),
        ("Well, you told me it was 9000", Reasoning, "contradiction"),
        ("But my roof faces north", Reasoning, "unknown_objection"),
        ("I don\u{2019}t trust panels in the snow", Reasoning, "unknown_objection"),
        ("", Simple, "usual"),
    ];
    for (words, role, reason) in table {
        let route = decide(words, |_| {});
        assert_eq!((route.role, route.reason), (role, reason), "{words}");
        assert_eq!(route.model, if role == Simple { "cheap" } else { "dear" });
    }
}

#[test]
fn a_true_number_is_no_contradiction() {
    assert_eq!(decide("your website says 12,000", |_| {}).reason, "usual");
    assert_eq!(decide("it says 12000 dollars", |_| {}).reason, "usual");
}

#[test]
fn moods_and_doubts_are_rules_too() {
    assert_eq!(decide("yes", |i| (i.sentiment_before, i.sentiment) = (Some(1), Some(-1))).reason, "sentiment_drop");
    assert_eq!(decide("yes", |i| (i.sentiment_before, i.sentiment) = (Some(-1), Some(-1))).reason, "usual");
    assert_eq!(decide("yes", |i| i.sentiment = Some(-2)).reason, "sentiment_drop");
    assert_eq!(decide("yes", |i| i.confidence = Some(0.3)).reason, "low_confidence");
    assert_eq!(decide("yes", |i| i.confidence = Some(0.9)).reason, "usual");
}

#[test]
fn short_money_means_the_cheap_model_and_a_short_past() {
    let route = decide("I want a lawyer", |i| i.rung = Rung::CheapOnly);
    assert_eq!((route.role, route.reason, route.depth()), (ModelRole::Simple, BUDGET, Depth::Tight));
}

#[test]
fn a_decision_takes_less_than_a_tenth_of_a_millisecond() {
    let words = "well I was thinking that maybe we could see how it goes on our side of the street next spring ".repeat(3);
    let best = (0..200)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(decide(&words, |_| {}));
            start.elapsed()
        })
        .min()
        .unwrap();
    // Measured in an unoptimised build; a release build is an order of magnitude faster.
    let limit = if cfg!(debug_assertions) { 2_000 } else { 100 };
    assert!(best.as_micros() < limit, "{best:?}");
}

proptest! {
    #[test]
    fn any_speech_gets_a_route_and_always_the_same(words in any::<String>()) {
        prop_assert_eq!(decide(&words, |_| {}), decide(&words, |_| {}));
    }
}
