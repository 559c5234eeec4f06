//! Every gate closed on its own, by a table.

use super::*;
use crate::domain::campaign::OnVoicemail;
use crate::domain::phone::PhoneNumber;
use crate::domain::redial::RedialTable;
use crate::domain::window::Hours;

/// Monday, 10:00 in New York.
const NOW: &str = "2026-11-23T15:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn settings() -> CampaignSettings {
    CampaignSettings {
        caller_numbers: vec![PhoneNumber::from_e164("+14155550200").unwrap()],
        calls_per_second: 1.0,
        lines: 1,
        weight: 1,
        window: CallingWindow { days: [Some(Hours { open: 540, close: 1200 }); 7], holidays: Vec::new() },
        max_attempts: 4,
        max_attempts_per_day: 2,
        redial: RedialTable::default(),
        require_consent: true,
        on_voicemail: OnVoicemail::HangUp,
        ring_timeout: Duration::from_secs(25),
        max_duration: Duration::from_secs(600),
        budget: Some(NanoUsd::from_usd(10.0)),
        max_callbacks: 2,
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
        case(Gate::Campaign, None, "is paused", |f| f.campaign = CampaignState::Paused),
        case(Gate::Campaign, None, "is draining", |f| f.campaign = CampaignState::Draining),
        case(Gate::Lead, None, "another call", |f| f.lead_callable = false),
        case(Gate::Consent, None, "consent_basis", |f| f.consent_basis = None),
        case(Gate::Consent, None, "consent_basis", |f| f.consent_basis = Some("  ")),
        case(Gate::Suppression, None, "do-not-call", |f| f.suppressed = true),
        case(Gate::Zone, None, "time zone", |f| f.zones = &[]),
        case(Gate::Zone, None, "`Mars/Olympus`", |f| f.zones = leak(&["America/New_York", "Mars/Olympus"])),
        case(Gate::Hours, Some("2026-11-23T17:00:00Z"), "America/Los_Angeles, calls may begin 09:00-20:00", |f| {
            f.zones = leak(&["America/New_York", "America/Los_Angeles"]);
        }),
        case(Gate::Hours, None, "never open in all zones", |f| f.zones = leak(&["America/New_York", "Asia/Shanghai"])),
        case(Gate::AttemptCap, None, "placed to this lead: 4", |f| f.placed_for_lead = 4),
        case(Gate::DayCap, Some("2026-11-24T13:00:00Z"), "over all campaigns: 2,", |f| {
            f.placed_to_number = moments(&["2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z"]);
        }),
        case(Gate::DayCap, Some("2026-11-24T14:00:00Z"), "over all campaigns: 3,", |f| {
            f.placed_to_number = moments(&["2026-11-23T13:00:00Z", "2026-11-23T14:30:00Z", "2026-11-23T14:00:00Z"]);
        }),
        case(Gate::Budget, Some("2026-11-23T15:01:00Z"), "$9.9000 of $10.0000", |f| f.spent_and_reserved = NanoUsd::from_usd(9.9)),
    ]
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
        lead_callable: true,
        consent_basis: Some("web form"),
        suppressed: false,
        zones: leak(&["America/New_York"]),
        placed_for_lead: 3,
        placed_to_number: moments(&["2026-11-22T14:59:00Z", "2026-11-23T13:00:00Z"]),
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
        assert!(denials[0].detail.contains(case.says), "{denials:?}");
        assert_eq!(check(&facts, at(NOW)).unwrap_err(), denials[0]);
    }
}

#[test]
fn the_first_closed_gate_answers() {
    let settings = settings();
    let mut facts = open_facts(&settings);
    (facts.suppressed, facts.lead_callable, facts.placed_for_lead) = (true, false, 9);
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
