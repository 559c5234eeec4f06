//! The source form of settings: defaults, everything wrong at once, one schema for TOML and JSON.

use std::time::Duration;

use super::*;
use crate::domain::callback::keep::KeepRules;
use crate::domain::campaign::Countries;
use crate::domain::campaign::breaker::Breaker;
use crate::domain::law::LawChoice;
use crate::domain::money::NanoUsd;
use crate::domain::redial::{Redial, RedialTable};

fn keys(file: &CampaignFile) -> Vec<String> {
    file.settings().unwrap_err().into_iter().map(|error| error.key).collect()
}

fn with_caller() -> CampaignFile {
    CampaignFile { caller_numbers: vec!["+14155550200".to_owned()], ..CampaignFile::default() }
}

#[test]
fn the_defaults_lack_only_a_caller_number() {
    assert_eq!(keys(&CampaignFile::default()), ["caller_numbers"]);
    let settings = with_caller().settings().unwrap();
    assert_eq!(settings.redial, RedialTable::default());
    assert_eq!((settings.max_attempts, settings.max_attempts_per_day, settings.require_consent), (6, 3, true));
}

#[test]
fn toml_and_json_read_alike_and_json_loses_nothing() {
    let toml = r#"
        caller_numbers = ["+14155550200"]
        on_voicemail = "leave_message"
        budget_usd = 12.5
        ring_timeout_s = 30
        [pace]
        calls_per_second = 2.5
        lines = 30
        [hours]
        weekdays = "10:00-18:00"
        weekend = "closed"
        holidays = ["2026-12-25"]
        [redial]
        busy = { after = "3s", times = 2 }
    "#;
    let read = CampaignFile::from_toml(toml).unwrap();
    assert_eq!(CampaignFile::from_json(&read.to_json().unwrap()).unwrap(), read);
    let settings = read.settings().unwrap();
    assert_eq!(settings.redial.busy, Redial { after: Duration::from_secs(3), times: 2 });
    assert_eq!(settings.redial.no_answer, RedialTable::default().no_answer);
    assert_eq!(settings.budget, Some(NanoUsd::from_usd(12.5)));
    assert_eq!(settings.window.holidays.len(), 1);
}

#[test]
fn everything_wrong_is_said_at_once_with_its_fix() {
    let toml = r#"
        caller_numbers = ["4155550200"]
        on_voicemail = "sing"
        transfer_to = "415-555-0199"
        budget_usd = -1.0
        ring_timeout_s = 10
        max_duration_s = 5
        [pace]
        calls_per_second = 0.0
        lines = 0
        weight = 0
        [hours]
        weekdays = "9 to 5"
        sunday = "06:00-20:00"
        holidays = ["Christmas"]
        [caps]
        attempts = 0
        attempts_per_day = 0
        [redial]
        busy = { after = "soon", times = 2 }
    "#;
    let file = CampaignFile::from_toml(toml).unwrap();
    let expected = [
        "caller_numbers",
        "hours.weekdays",
        "hours.sunday",
        "hours.holidays",
        "redial.busy.after",
        "on_voicemail",
        "transfer_to",
        "pace.calls_per_second",
        "pace.lines",
        "pace.weight",
        "caps.attempts",
        "caps.attempts_per_day",
        "ring_timeout_s",
        "max_duration_s",
        "budget_usd",
    ];
    assert_eq!(keys(&file), expected);
    let said: Vec<String> = file.settings().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(said[4], "redial.busy.after: `soon`: write a duration like 45s, 15m, 2h or 1d, at most a year");
    assert!(said[0].starts_with("caller_numbers: `41555***`"), "{}", said[0]);
}

#[test]
fn unknown_keys_and_wrong_types_name_the_key_and_the_line() {
    let first = |toml: &str| CampaignFile::from_toml(toml).unwrap_err().remove(0);
    let unknown = first("caller_numbers = []\n[pace]\nlanes = 3\n");
    assert!(unknown.key == "pace.lanes" && unknown.line == Some(3), "{unknown}");
    let wrong = first("[pace]\nlines = \"many\"\n");
    assert_eq!((wrong.to_string().as_str(), wrong.line), ("pace.lines: `many`: write a whole number, 0 or more", Some(2)));
    let broken = first("[pace]\nlines = 3\nweight == 2\n");
    assert!(broken.key == "syntax" && broken.line == Some(3), "{broken}");
    let twice = first("law = \"strict\"\nlaw = \"states\"\n");
    assert!(twice.value.contains("duplicate key") && twice.line == Some(2), "{twice}");
    let json = CampaignFile::from_json(r#"{"colour": "red"}"#).unwrap_err().remove(0);
    assert_eq!((json.key.as_str(), json.value.as_str()), ("colour", "red"));
    assert_eq!(CampaignFile::from_json("{").unwrap_err().remove(0).key, "settings");
}

#[test]
fn every_line_of_a_file_that_is_wrong_is_told_at_once() {
    let toml = "caller_numbers = [\"+14155550200\"]\ncolour = \"red\"\nring_timeout_s = 5\n[pace]\nlines = \"many\"\nlanes = 3\n";
    let wrong: Vec<(String, Option<usize>)> = CampaignFile::from_toml(toml).unwrap_err().into_iter().map(|e| (e.key, e.line)).collect();
    let expected = [("colour", 2_usize), ("pace.lanes", 6), ("pace.lines", 5), ("ring_timeout_s", 3)];
    assert_eq!(wrong, expected.map(|(key, line)| (key.to_owned(), Some(line))));
}

#[test]
fn how_callbacks_are_kept_is_checked() {
    let rules =
        |toml: &str| CampaignFile::from_toml(&format!("caller_numbers = [\"+14155550200\"]\n[callbacks]\n{toml}")).unwrap().settings();
    assert_eq!(rules("").unwrap().callbacks, KeepRules::HOUSE);
    let own = KeepRules { tolerance: Duration::from_secs(1_800), missed: crate::domain::callback::keep::Missed::Retry, moves: 5 };
    assert_eq!(rules("tolerance = \"30m\"\nmissed = \"retry\"\nmoves = 5").unwrap().callbacks, own);
    for (toml, key) in [
        ("tolerance = \"59s\"", "callbacks.tolerance"),
        ("tolerance = \"61m\"", "callbacks.tolerance"),
        ("tolerance = \"soon\"", "callbacks.tolerance"),
        ("missed = \"never\"", "callbacks.missed"),
        ("moves = 15", "callbacks.moves"),
    ] {
        let wrong = rules(toml).unwrap_err();
        assert_eq!(wrong.iter().map(|error| error.key.as_str()).collect::<Vec<_>>(), [key], "{toml}");
    }
}

#[test]
fn the_breaker_is_checked() {
    let breaker =
        |toml: &str| CampaignFile::from_toml(&format!("caller_numbers = [\"+14155550200\"]\n[breaker]\n{toml}")).unwrap().settings();
    assert_eq!(breaker("").unwrap().breaker, Breaker::HOUSE);
    let own = Breaker { failures: 0.3, window: Duration::from_secs(120), min_calls: 5 };
    assert_eq!(breaker("failures = 0.3\nwindow = \"2m\"\nmin_calls = 5").unwrap().breaker, own);
    for (toml, key) in [
        ("failures = 1.1", "breaker.failures"),
        ("failures = -0.1", "breaker.failures"),
        ("failures = nan", "breaker.failures"),
        ("window = \"10s\"", "breaker.window"),
        ("window = \"2h\"", "breaker.window"),
    ] {
        let wrong = breaker(toml).unwrap_err();
        assert_eq!(wrong.iter().map(|error| error.key.as_str()).collect::<Vec<_>>(), [key], "{toml}");
    }
}

#[test]
fn unlawful_hours_need_a_reason_and_no_hours_are_refused() {
    let mut file = with_caller();
    file.hours.weekdays = "00:00-24:00".to_owned();
    assert_eq!(keys(&file), ["hours.weekdays"]);
    file.hours.override_reason = Some("calls to our own staff".to_owned());
    assert!(file.settings().is_ok());
    file.hours.weekdays = "closed".to_owned();
    file.hours.weekend = Some("closed".to_owned());
    assert_eq!(keys(&file), ["hours"]);
}

#[test]
fn calling_without_consent_needs_a_reason() {
    let mut file = with_caller();
    assert!(file.problems().is_empty());
    file.require_consent = false;
    for reason in [None, Some("  ".to_owned())] {
        file.consent_override_reason = reason;
        let said: Vec<String> = file.problems().iter().map(ToString::to_string).collect();
        let fix = "leave it true, or say in consent_override_reason why calls without consent are lawful here";
        assert_eq!(said, [format!("require_consent: `false`: {fix}")]);
        assert!(file.settings().is_ok(), "what runs by older rules goes on");
    }
    file.consent_override_reason = Some("our own staff".to_owned());
    assert!(file.problems().is_empty());
}

#[test]
fn not_a_number_is_refused() {
    for wrong in [f64::NAN, f64::INFINITY, -0.5] {
        let mut file = with_caller();
        file.pace.calls_per_second = wrong;
        file.budget_usd = Some(wrong);
        assert_eq!(keys(&file), ["pace.calls_per_second", "budget_usd"], "{wrong}");
    }
}

#[test]
fn a_campaign_calls_the_countries_of_its_numbers_unless_it_names_others() {
    let countries = |callers: &[&str], countries: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let file = CampaignFile { caller_numbers: texts(callers), countries: texts(countries), ..CampaignFile::default() };
        file.settings().unwrap().countries
    };
    let only = |list: &[&str]| Countries::Only(list.iter().map(ToString::to_string).collect());
    assert_eq!(countries(&["+14155550200", "+442079460000", "+12125550200"], &[]), only(&["GB", "US"]));
    assert_eq!(countries(&["+14155550200"], &["de", "US"]), only(&["DE", "US"]));
    assert_eq!(countries(&["+14155550200"], &["any"]), Countries::Any);
}

#[test]
fn a_country_that_no_number_belongs_to_is_refused() {
    let naming = |code: &str| CampaignFile { countries: vec!["US".to_owned(), code.to_owned()], ..with_caller() };
    for known in ["GB", " de ", "ca", "any"] {
        assert!(naming(known).problems().is_empty(), "{known}");
    }
    let codes = "write ISO 3166 codes like US or GB, or any";
    for (code, instead) in [
        ("UK", "did you mean GB?"),
        ("uk", "did you mean GB?"),
        ("JE", "did you mean GB?"),
        ("PR", "did you mean US?"),
        ("EL", "did you mean GR?"),
        ("XX", codes),
        ("EU", codes),
    ] {
        let said: Vec<String> = naming(code).problems().iter().map(ToString::to_string).collect();
        assert_eq!(said, [format!("countries: `{code}`: no calling code is of this country; {instead}")]);
        assert!(naming(code).settings().is_ok(), "what runs by older rules goes on");
    }
}

#[test]
fn the_law_is_lifted_by_a_reason_only() {
    let mut file = with_caller();
    assert_eq!(file.settings().unwrap().law, LawChoice::STRICT);
    (file.hours.override_reason, file.caps.override_reason) = (Some("our own staff".to_owned()), Some("  ".to_owned()));
    let law = file.settings().unwrap().law;
    assert_eq!((law.hours_lifted, law.caps_lifted), (true, false));
}

#[test]
fn places_laws_and_times_are_checked() {
    let mut file = with_caller();
    (file.countries, file.law, file.caps.calls_per_caller) = (vec!["Germany".to_owned()], "loose".to_owned(), Some(0));
    (file.schedule.start, file.schedule.end) = (Some("tomorrow".to_owned()), Some("2026-12-01T09:00:00Z".to_owned()));
    assert_eq!(keys(&file), ["countries", "law", "schedule.start", "caps.calls_per_caller"]);
    let mut backwards = with_caller();
    (backwards.schedule.start, backwards.schedule.end) = (Some("2026-12-02T09:00:00Z".to_owned()), Some("2026-12-01T09:00:00Z".to_owned()));
    assert_eq!(keys(&backwards), ["schedule.end"]);
}
