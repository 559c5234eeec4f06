//! How long one permit takes: allowed (every gate asked) and denied (the first closed gate, with its next opening).
//!
//! `cargo bench --bench permit` prints nanoseconds per permit, the median of several rounds. The figure to hold is 5 µs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use callfleet::domain::caller::CallerChoice;
use callfleet::domain::campaign::file::CampaignFile;
use callfleet::domain::campaign::{CampaignSettings, CampaignState};
use callfleet::domain::law::{Profile, laws_for};
use callfleet::domain::money::NanoUsd;
use callfleet::domain::permit::{PermitFacts, check};
use callfleet::domain::phone::PhoneNumber;
use callfleet::domain::time::Timestamp;

const ROUNDS: usize = 15;
const EACH: u32 = 20_000;

fn main() {
    let file = CampaignFile { caller_numbers: vec!["+14155550200".to_owned()], budget_usd: Some(100.0), ..CampaignFile::default() };
    let settings = file.settings().expect("settings of this bench");
    let number = PhoneNumber::from_e164("+12075550100").expect("a number");
    let laws = laws_for(&number, &["KY"], Profile::Strict);
    let one = ["America/New_York".to_owned()];
    let two = ["America/Chicago".to_owned(), "America/New_York".to_owned()];
    let placed: [Timestamp; 2] = [at("2026-11-23T02:00:00Z"), at("2026-11-22T20:00:00Z")];
    let day = at("2026-11-23T17:00:00Z");
    let night = at("2026-11-24T05:00:00Z");
    let facts = |zones| facts(&settings, zones, &laws, &placed);
    measure("allowed, one zone, four laws", &facts(&one), day, true);
    measure("allowed, two zones, four laws", &facts(&two), day, true);
    measure("denied by the hours, one zone", &facts(&one), night, false);
    measure("denied by the hours, two zones", &facts(&two), night, false);
    let suppressed = PermitFacts { consent_basis: None, ..facts(&one) };
    measure("denied by consent", &suppressed, day, false);
}

fn facts<'a>(
    settings: &'a CampaignSettings,
    zones: &'a [String],
    laws: &'a [&'static callfleet::domain::law::Jurisdiction],
    placed: &'a [Timestamp],
) -> PermitFacts<'a> {
    PermitFacts {
        campaign: CampaignState::Running,
        settings,
        lead_stands: None,
        consent_basis: Some("web form"),
        suppressed: None,
        stale_dnc_list: None,
        country: Some("US"),
        not_permitted: None,
        blocked_range: None,
        laws,
        zones,
        placed_for_lead: 2,
        placed_to_number: placed,
        caller: CallerChoice::Use(0),
        spent_and_reserved: NanoUsd::from_usd(9.5),
        reserve: NanoUsd::from_usd(0.5),
        is_callback: false,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn measure(what: &str, facts: &PermitFacts<'_>, now: Timestamp, allowed: bool) {
    assert_eq!(check(facts, now).is_ok(), allowed, "{what}");
    let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| round(facts, now)).collect();
    rounds.sort_unstable();
    println!("{what:32} {:>6} ns", rounds[ROUNDS / 2].as_nanos() / u128::from(EACH));
}

fn round(facts: &PermitFacts<'_>, now: Timestamp) -> Duration {
    let begun = Instant::now();
    for _ in 0..EACH {
        let _ = black_box(check(black_box(facts), black_box(now)));
    }
    begun.elapsed()
}
