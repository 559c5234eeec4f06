//! Every gate closed on its own, by a table.

mod opening;

use std::sync::LazyLock;
use std::time::Duration;

use super::*;
use crate::domain::campaign::{Countries, OnVoicemail};
use crate::domain::law::{LawChoice, Profile, laws_for};
use crate::domain::line::blocked_range;
use crate::domain::not_permitted::NotPermitted;
use crate::domain::outcome::Reason;
use crate::domain::phone::PhoneNumber;
use crate::domain::redial::RedialTable;
use crate::domain::suppression::SuppressionSource;
use crate::domain::window::{CallingWindow, Hours};
use crate::domain::zone::Address;

/// Monday, 10:00 in New York.
const NOW: &str = "2026-11-23T15:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn settings() -> CampaignSettings {
    CampaignSettings {
        caller_numbers: vec![PhoneNumber::from_e164("+14155550200").unwrap()],
        local_presence: true,
        countries: Countries::Only(vec!["US".to_owned()]),
        law: LawChoice::STRICT,
        starts_at: None,
        ends_at: None,
        calls_per_second: 1.0,
        lines: 1,
        weight: 1,
        window: CallingWindow { days: [Some(Hours { open: 540, close: 1200 }); 7], holidays: Vec::new() },
        max_attempts: 4,
        max_attempts_per_day: 2,
        calls_per_caller: Some(100),
        redial: RedialTable::default(),
        require_consent: true,
        on_voicemail: OnVoicemail::HangUp,
        transfer_to: None,
        ring_timeout: Duration::from_secs(25),
        max_duration: Duration::from_secs(600),
        budget: Some(NanoUsd::from_usd(10.0)),
        max_callbacks: 2,
        callbacks: crate::domain::callback::keep::KeepRules::HOUSE,
        breaker: crate::domain::campaign::breaker::Breaker::HOUSE,
    }
}

struct Case {
    closes: Gate,
    opens_at: Option<&'static str>,
    says: &'static str,
    change: fn(&mut PermitFacts<'_>),
}

fn case(closes: Gate, opens_at: Option<&'static str>, says: &'static str, change: fn(&mut PermitFacts<'_>)) -> Case {
    Case { closes, opens_at, says, change }
}

fn cases() -> Vec<Case> {
    vec![
        case(Gate::Campaign, None, "paused", |f| f.campaign = CampaignState::Paused),
        case(Gate::Campaign, None, "draining", |f| f.campaign = CampaignState::Draining),
        case(Gate::Lead, None, "parked: nobody knows why", |f| f.lead_stands = Some("parked: nobody knows why")),
        case(Gate::Consent, None, "consent_basis", |f| f.consent_basis = None),
        case(Gate::Consent, None, "consent_basis", |f| f.consent_basis = Some("  ")),
        case(Gate::Suppression, None, "do-not-call", |f| f.suppressed = suppressed(SuppressionSource::List)),
        case(Gate::Suppression, None, "asked not to be called", |f| f.suppressed = suppressed(SuppressionSource::OptOut)),
        case(Gate::Quarantine, None, "invalid_number", |f| f.suppressed = suppressed(SuppressionSource::Quarantine)),
        case(Gate::DncAge, Some("2026-11-23T15:15:00Z"), "31 days ago", |f| f.stale_dnc_list = Some(&STALE)),
        case(Gate::DncAge, Some("2026-11-23T15:15:00Z"), "cannot be read", |f| f.stale_dnc_list = Some(&UNDATED)),
        case(Gate::Country, None, "a number of GB", |f| f.country = Some("GB")),
        case(Gate::Country, None, "no known country", |f| f.country = None),
        case(Gate::Country, None, "calls to US are not permitted", |f| f.not_permitted = NOT_PERMITTED.of(&called())),
        case(Gate::NumberRange, None, "premium rate", |f| {
            f.blocked_range = blocked_range(&PhoneNumber::from_e164("+19005550100").unwrap());
        }),
        case(Gate::Zone, None, "none is known", |f| f.zones = &[]),
        case(Gate::Zone, None, "`Mars/Olympus`", |f| f.zones = leak(&["America/New_York", "Mars/Olympus"])),
        case(Gate::Hours, Some("2026-11-23T17:00:00Z"), "Monday 07:00 in America/Los_Angeles", |f| {
            f.zones = leak(&["America/New_York", "America/Los_Angeles"]);
        }),
        case(Gate::Hours, None, "within a year there is no moment", |f| f.zones = leak(&["America/New_York", "Asia/Shanghai"])),
        case(Gate::AttemptCap, None, "4 calls placed", |f| f.placed_for_lead = 4),
        case(Gate::DayCap, Some("2026-11-24T13:00:00Z"), "2 calls to this number", |f| {
            f.placed_to_number = moments(&["2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z"]);
        }),
        case(Gate::DayCap, Some("2026-11-24T14:00:00Z"), "3 calls to this number", |f| {
            f.placed_to_number = moments(&["2026-11-23T13:00:00Z", "2026-11-23T14:30:00Z", "2026-11-23T14:00:00Z"]);
        }),
        case(Gate::Hours, Some("2026-11-23T16:00:00Z"), "Monday 09:00 in America/Chicago", |f| {
            (f.zones, f.laws) = (leak(&["America/Chicago"]), laws("+12705550100", Some("KY")));
        }),
        case(Gate::DayCap, Some("2026-11-23T21:00:00Z"), "1 call to this number began within 8 h", |f| {
            (f.laws, f.placed_to_number) = (laws("+12075550100", None), moments(&["2026-11-23T13:00:00Z"]));
        }),
        case(Gate::CallerCap, Some("2026-11-24T01:00:00Z"), "every caller number has made them (1 number)", |f| {
            f.caller = CallerChoice::WornOut(at("2026-11-24T01:00:00Z"));
        }),
        case(Gate::CallerCap, None, "every caller number was rejected", |f| f.caller = CallerChoice::Rejected),
        case(Gate::Budget, Some("2026-11-23T15:01:00Z"), "$9.9000 are spent", |f| f.spent_and_reserved = NanoUsd::from_usd(9.9)),
    ]
}

static STALE: LazyLock<StaleList> =
    LazyLock::new(|| StaleList { name: "national".to_owned(), days: Some(31), most_days: 31, citation: None });
static NOT_PERMITTED: LazyLock<NotPermitted> = LazyLock::new(|| {
    let mut countries = NotPermitted::default();
    countries.add(&called(), "spring", "the provider refused a call with code 21215");
    countries
});

fn called() -> PhoneNumber {
    PhoneNumber::from_e164("+14155550100").unwrap()
}

static UNDATED: LazyLock<StaleList> = LazyLock::new(|| StaleList { days: None, ..STALE.clone() });

fn suppressed(source: SuppressionSource) -> Option<Suppressed> {
    let reason = (source == SuppressionSource::Quarantine).then_some(Reason::InvalidNumber);
    Some(Suppressed { source, everywhere: true, reason })
}

fn laws(number: &str, state: Option<&str>) -> &'static [&'static Jurisdiction] {
    let number = PhoneNumber::from_e164(number).unwrap();
    laws_for(&number, &Address { state, postal_code: None }.states(&number), Profile::States).leak()
}

fn leak(names: &[&str]) -> &'static [String] {
    Box::leak(names.iter().map(ToString::to_string).collect::<Vec<_>>().into_boxed_slice())
}

fn moments(texts: &[&str]) -> &'static [Timestamp] {
    Box::leak(texts.iter().map(|text| at(text)).collect::<Vec<_>>().into_boxed_slice())
}

fn open_facts(settings: &CampaignSettings) -> PermitFacts<'_> {
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
        laws: laws("+14155550100", None),
        zones: leak(&["America/New_York"]),
        placed_for_lead: 3,
        placed_to_number: moments(&["2026-11-22T14:59:00Z", "2026-11-23T13:00:00Z"]),
        caller: CallerChoice::Use(0),
        spent_and_reserved: NanoUsd::from_usd(9.5),
        reserve: NanoUsd::from_usd(0.5),
        is_callback: false,
    }
}

#[test]
fn all_gates_open_makes_a_permit() {
    let settings = settings();
    assert_eq!(gates(&open_facts(&settings), at(NOW)), []);
    assert!(check(&open_facts(&settings), at(NOW)).is_ok());
}

#[test]
fn every_gate_has_a_case() {
    let untested: Vec<_> = Gate::ALL.iter().filter(|gate| cases().iter().all(|case| case.closes != **gate)).collect();
    assert!(untested.is_empty(), "no case closes {untested:?}");
}

#[test]
fn each_gate_closes_alone_and_says_why() {
    let settings = settings();
    for case in cases() {
        let mut facts = open_facts(&settings);
        (case.change)(&mut facts);
        let denials = gates(&facts, at(NOW));
        assert_eq!(denials.len(), 1, "{denials:?}");
        assert_eq!((denials[0].gate, denials[0].opens_at), (case.closes, case.opens_at.map(at)), "{denials:?}");
        assert!(denials[0].value.contains(case.says) && !denials[0].rule.is_empty(), "{denials:?}");
        assert_eq!(check(&facts, at(NOW)).unwrap_err(), denials[0]);
    }
}

#[test]
fn a_gate_that_is_only_looked_at_again_does_not_claim_to_open() {
    let settings = settings();
    for case in cases() {
        let mut facts = open_facts(&settings);
        (case.change)(&mut facts);
        let denial = check(&facts, at(NOW)).unwrap_err();
        let by_a_change = matches!(denial.gate, Gate::DncAge | Gate::Budget);
        assert_eq!((denial.gate.opened_by().is_some(), denial.opening()), (by_a_change, denial.opens_at.filter(|_| !by_a_change)));
    }
}

#[test]
fn the_first_closed_gate_answers() {
    let settings = settings();
    let mut facts = open_facts(&settings);
    (facts.suppressed, facts.lead_stands, facts.placed_for_lead) = (suppressed(SuppressionSource::OptOut), Some("finished"), 9);
    let closed: Vec<Gate> = gates(&facts, at(NOW)).iter().map(|denial| denial.gate).collect();
    assert_eq!(closed, [Gate::Lead, Gate::Suppression, Gate::AttemptCap]);
    assert_eq!(check(&facts, at(NOW)).unwrap_err().gate, Gate::Lead);
}

#[test]
fn a_promised_callback_passes_a_draining_campaign_and_the_lifetime_cap_but_not_the_day_cap() {
    let settings = settings();
    let mut facts = open_facts(&settings);
    (facts.is_callback, facts.campaign, facts.placed_for_lead) = (true, CampaignState::Draining, 9);
    assert_eq!(gates(&facts, at(NOW)), []);
    facts.placed_to_number = moments(&["2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z"]);
    assert_eq!(gates(&facts, at(NOW))[0].gate, Gate::DayCap);
}

#[test]
fn only_running_campaigns_dial() {
    let settings = settings();
    for state in CampaignState::ALL.iter().copied() {
        let facts = PermitFacts { campaign: state, ..open_facts(&settings) };
        assert_eq!(check(&facts, at(NOW)).is_ok(), state == CampaignState::Running, "{state}");
    }
}

#[test]
fn a_cap_of_zero_never_opens_by_itself() {
    let settings = CampaignSettings { max_attempts_per_day: 0, ..settings() };
    let denial = check(&open_facts(&settings), at(NOW)).unwrap_err();
    assert_eq!((denial.gate, denial.opens_at), (Gate::DayCap, None));
}

#[test]
fn a_reason_lifts_the_law_and_leaves_the_campaigns_own_rules() {
    let lifted = CampaignSettings { law: LawChoice::LIFTED, ..settings() };
    let mut facts = open_facts(&lifted);
    (facts.laws, facts.placed_to_number) = (laws("+12075550100", Some("KY")), moments(&["2026-11-23T14:30:00Z"]));
    assert_eq!(gates(&facts, at(NOW)), []);
    let night = at("2026-11-23T07:00:00Z");
    assert_eq!(check(&facts, night).unwrap_err().gate, Gate::Hours);
}

#[test]
fn the_closing_law_is_named_with_its_citation() {
    let settings = settings();
    let mut facts = open_facts(&settings);
    facts.laws = laws("+12055550100", None);
    let sunday = check(&facts, at("2026-11-22T18:00:00Z")).unwrap_err();
    assert!(sunday.rule.contains("us-al") && sunday.rule.contains("as of 2026-09-30"), "{sunday:?}");
    // Monday, ten o'clock in New York, which is the lead's zone.
    assert_eq!(sunday.opens_at, Some(at("2026-11-23T14:00:00Z")));
}
