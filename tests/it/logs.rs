//! Every log line of a call tells whose call it is, wherever in the call it was written.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::support::database::until;
use crate::support::embedded::{ANY_HOUR, Embedded};

const CALLS_END: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(30);
/// The parts that only a call uses: its loop, its socket, its ears.
const PARTS: [&str; 3] = ["callfleet::call", "callfleet::web::line", "callfleet::providers::deepgram::flux"];
/// Talks, is a voicemail, wants no calls.
const LEADS: &str = "phone_number\n+14155550100\n+14155550104\n+14155550109\n";
/// A message of the ears that cannot be read, and one lost connection: both are worth a line.
const FAULTS: &str = "\n[[deepgram.faults]]\nkind = 'garbage'\npath = '/v2/listen'\nfirst = 1\nafter_messages = 2\n\
    [[deepgram.faults]]\nkind = 'cut'\npath = '/v2/listen'\nfirst = 2\nafter_messages = 3\n";

#[tokio::test]
async fn every_line_of_a_call_names_it() {
    let deployment = Embedded::start(&format!("{}{FAULTS}", include_str!("../../config/demo/scenario.toml")));
    let mut up = deployment.up();
    let campaign = include_str!("../../config/demo/campaign.toml").replacen(
        "on_",
        "require_consent = false\nconsent_override_reason = 'simulated people'\non_",
        1,
    );
    deployment.begin(&format!("{campaign}{ANY_HOUR}"), LEADS);
    until("three calls have ended", CALLS_END, async || {
        let truth = deployment.truth();
        (truth.calls().iter().filter(|sid| truth.end(sid).is_some()).count() >= 3).then_some(())
    })
    .await;
    up.terminate();
    assert!(up.ended(END).success());

    let lines: Vec<Value> = up.err().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_calls: Vec<&Value> = lines.iter().filter(|line| PARTS.iter().any(|part| text(&line["target"]).starts_with(part))).collect();
    let told: BTreeSet<&str> = of_calls.iter().map(|line| text(&line["message"])).collect();
    for message in ["conversation over", "unreadable message from the listening service", "listening connection lost"] {
        assert!(told.contains(message), "{told:?}");
    }
    for line in &of_calls {
        let span = &line["span"];
        assert_eq!(span["name"], "call", "{line}");
        assert!([&span["attempt.id"], &span["campaign.id"], &span["call.sid"]].iter().all(|id| !text(id).is_empty()), "{line}");
    }
    let attempts: BTreeSet<&str> = of_calls.iter().map(|line| text(&line["span"]["attempt.id"])).collect();
    assert_eq!(attempts.len(), 3, "{attempts:?}");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
