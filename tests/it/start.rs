//! What a process says about its providers when it starts, and that it goes on.

use std::time::Duration;

use crate::support::embedded::Embedded;

/// The third look at the latest.
const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_provider_that_is_away_and_one_that_refuses_our_key_are_told_apart_and_asked_again() {
    let mut embedded = Embedded::without_providers();
    let mut up = embedded.up();
    for provider in ["twilio", "deepgram", "openai"] {
        let told = up.until_says(&format!("{provider} does not answer: cannot connect"), SOON);
        assert!(told.contains(&format!("check {provider}.base_url")), "{told}");
    }

    embedded.simulate(
        "[twilio]\naccount_sid = \"AC00000000000000000000000000000001\"\nauth_token = \"simulated-auth-token\"\n[openai]\nkeys = [\"another\"]\n",
    );
    up.until_says("twilio answers", SOON);
    up.until_says("deepgram answers", SOON);
    let told = up.until_says("openai refuses our key: 401", SOON);
    assert!(told.contains("correct openai.api_key and start again"), "{told}");
    assert!(!up.has_said("openai answers") && !up.has_said("simulated-auth-token"));

    // it works meanwhile: verbs are answered
    assert_eq!(embedded.json("campaign list")["campaigns"], serde_json::json!([]));
    up.terminate();
    assert!(up.ended(SOON).success());
}

#[test]
fn a_bad_key_of_any_provider_is_named() {
    let embedded = Embedded::start(
        "[twilio]\naccount_sid = \"AC00000000000000000000000000000001\"\nauth_token = \"another\"\n\
         [deepgram]\nkeys = [\"another\"]\n[openai]\nkeys = [\"another\"]\n",
    );
    let up = embedded.up();
    for (provider, key) in [("twilio", "twilio.auth_token"), ("deepgram", "deepgram.api_key"), ("openai", "openai.api_key")] {
        let told = up.until_says(&format!("{provider} refuses our key: 401"), SOON);
        assert!(told.contains(&format!("correct {key} and start again")), "{told}");
    }
}
