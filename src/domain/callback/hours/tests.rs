//! Promises against the hours the permit will ask about: the law's, and those of every zone.

use super::*;
use crate::domain::callback::{Resolved, resolve};
use crate::domain::campaign::file::CampaignFile;
use crate::domain::window::{Open, all_open};

const LONDON: &[&str] = &["Europe/London"];
const BERLIN: &[&str] = &["Europe/Berlin"];
const CHICAGO: &[&str] = &["America/Chicago"];
const TWO: &[&str] = &["America/Chicago", "America/New_York"];
const ALIKE: &[&str] = &["America/Detroit", "America/New_York"];

fn settings(more: &str) -> CampaignSettings {
    CampaignFile::from_toml(&format!("caller_numbers = [\"+14155550200\"]\n{more}")).unwrap().settings().unwrap()
}

fn hours(settings: &CampaignSettings, number: &str, zones: &[&str]) -> PromiseHours {
    let zones: Vec<String> = zones.iter().map(ToString::to_string).collect();
    PromiseHours::of(settings, &PhoneNumber::from_e164(number).unwrap(), &[], &zones)
}

/// Said on a Friday at ten, on the first of the zones.
fn said(words: &str, hours: &PromiseHours) -> Resolved {
    let friday = "2026-11-27T10:00".parse::<jiff::civil::DateTime>().unwrap().in_tz(hours.clock()).unwrap();
    resolve(words, Timestamp::from_zoned(&friday), hours)
}

/// Beginning and end on the first clock, and whether it moved.
fn shown(resolved: &Resolved) -> (String, String, bool) {
    let zone = TimeZone::get(&resolved.zone).unwrap();
    let local = |at: Option<Timestamp>| at.map(|at| at.in_zone(&zone).strftime("%a %H:%M").to_string()).unwrap_or_default();
    (local(resolved.earliest), local(resolved.latest), resolved.shifted)
}

#[test]
fn a_promise_keeps_to_the_law_and_to_every_zone() {
    let cases = [
        ("+442079460000", LONDON, "Sunday at 3 pm", "Mon 09:00", "", true),
        ("+442079460000", LONDON, "Saturday at 3 pm", "Sat 15:00", "", false),
        ("+4930123456", BERLIN, "tomorrow at 7 pm", "Mon 09:00", "", true),
        ("+12055550100", CHICAGO, "Sunday at 3 pm", "Mon 09:00", "", true),
        ("+14155550100", CHICAGO, "Sunday at 10 am", "Sun 12:00", "", true),
        ("+14155550100", TWO, "tomorrow at 5", "Sat 17:00", "", false),
        ("+14155550100", TWO, "tomorrow at 7:30 pm", "Sun 12:00", "", true),
        ("+14155550100", TWO, "tomorrow after 5", "Sat 17:00", "Sat 19:00", false),
        ("+14155550100", TWO, "first thing tomorrow", "Sat 09:00", "Sat 10:00", false),
        ("+14155550100", TWO, "tomorrow at 8 eastern", "Sat 10:00", "", true),
    ];
    let settings = settings("");
    for (number, zones, words, earliest, latest, shifted) in cases {
        let hours = hours(&settings, number, zones);
        let resolved = said(words, &hours);
        assert_eq!(shown(&resolved), (earliest.to_owned(), latest.to_owned(), shifted), "{words} in {zones:?}");
        assert_eq!(resolved.say.contains("not allowed"), shifted, "{}", resolved.say);
        assert_eq!(all_open(&hours.zones, &hours, resolved.earliest.unwrap()), Open::Yes, "{words} in {zones:?}");
    }
}

#[test]
fn a_lifted_law_forbids_nothing() {
    let lifted = settings("[hours]\noverride_reason = \"they asked for it\"");
    let resolved = said("Sunday at 3 pm", &hours(&lifted, "+442079460000", LONDON));
    assert_eq!(shown(&resolved), ("Sun 15:00".to_owned(), String::new(), false));
}

#[test]
fn a_clock_that_may_not_be_the_callees_is_named() {
    let settings = settings("");
    let say = |zones| said("tomorrow at 5", &hours(&settings, "+14155550100", zones)).say;
    assert!(say(TWO).ends_with("at 5 PM, Chicago time."), "{}", say(TWO));
    assert!(say(ALIKE).ends_with("at 5 PM."), "{}", say(ALIKE));
    assert!(say(CHICAGO).ends_with("at 5 PM."), "{}", say(CHICAGO));
}

#[test]
fn where_nobody_knows_the_time_nothing_is_promised() {
    let settings = settings("");
    for zones in [&[][..], &["Mars/Olympus"], &["America/Chicago", "Mars/Olympus"]] {
        let hours = hours(&settings, "+14155550100", zones);
        let now = "2026-11-27T16:00:00Z".parse().unwrap();
        assert_eq!(resolve("tomorrow at 5 pm", now, &hours).earliest, None, "{zones:?}");
    }
}
