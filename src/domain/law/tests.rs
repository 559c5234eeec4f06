//! Which laws hold for whom, and what they leave of a campaign's own hours.

mod any_moment;

use super::*;
use crate::domain::window::Open;
use crate::domain::zone::Address;

fn laws(number: &str, state: Option<&str>, profile: Profile) -> Vec<&'static Jurisdiction> {
    let number = PhoneNumber::from_e164(number).unwrap();
    laws_for(&number, &Address { state, postal_code: None }.states(&number), profile)
}

fn ids(number: &str, state: Option<&str>, profile: Profile) -> Vec<&'static str> {
    laws(number, state, profile).iter().map(|law| law.id).collect()
}

fn all_day() -> CallingWindow {
    CallingWindow { days: [Some(Hours { open: 0, close: 1_440 }); 7], holidays: Vec::new() }
}

fn hours(number: &str, state: Option<&str>, profile: Profile, date: &str) -> String {
    let (own, laws) = (all_day(), laws(number, state, profile));
    let hours = LawfulHours { own: &own, laws: &laws }.hours_on(date.parse().unwrap());
    hours.map_or_else(|| "closed".to_owned(), |hours| hours.to_string())
}

#[test]
fn the_law_goes_by_number_and_stated_state() {
    use Profile::{States, Strict};
    assert_eq!(ids("+14155550100", None, Strict), ["us", "us-strict"]);
    assert_eq!(ids("+13055550100", None, Strict), ["us", "us-strict", "us-fl"]);
    assert_eq!(ids("+13055550100", Some("texas"), States), ["us", "us-fl", "us-tx"]);
    assert_eq!(ids("+13055550100", Some("FL"), States), ["us", "us-fl"]);
    assert_eq!(ids("+14165550100", Some("ON"), Strict), ["ca"]);
    assert_eq!(ids("+442079460000", None, Strict), ["gb"]);
    assert_eq!(ids("+4930123456", None, Strict), ["eu"]);
    assert_eq!(ids("+61291234567", None, Strict), Vec::<&str>::new());
}

#[test]
fn a_postal_code_tells_the_state_whose_law_holds() {
    let number = PhoneNumber::from_e164("+14155550100").unwrap();
    let address = Address { state: None, postal_code: Some("73960") };
    let ids: Vec<&str> = laws_for(&number, &address.states(&number), Profile::States).iter().map(|law| law.id).collect();
    assert_eq!(ids, ["us", "us-ok", "us-tx"], "a prefix of two states");
}

#[test]
fn hours_are_what_every_law_leaves() {
    use Profile::{States, Strict};
    // 2026-11-27 is a Friday, 2026-11-29 a Sunday, 2026-11-26 Thanksgiving.
    let table = [
        ("+14155550100", None, Strict, "2026-11-27", "09:00-20:00"),
        ("+14155550100", None, Strict, "2026-11-29", "12:00-20:00"),
        ("+14155550100", None, States, "2026-11-29", "08:00-21:00"),
        ("+12125550100", Some("KY"), States, "2026-11-27", "10:00-21:00"),
        ("+12145550100", None, States, "2026-11-29", "12:00-21:00"),
        ("+12055550100", None, Strict, "2026-11-29", "closed"),
        ("+12055550100", None, States, "2026-11-26", "closed"),
        ("+16015550100", None, States, "2026-11-26", "08:00-21:00"),
        ("+12075550100", None, Strict, "2026-11-27", "09:00-17:00"),
        ("+12155550100", None, States, "2026-10-11", "08:00-21:00"),
        ("+12155550100", None, States, "2026-10-18", "closed"),
        ("+14165550100", None, Strict, "2026-11-27", "09:00-21:30"),
        ("+14165550100", None, Strict, "2026-11-29", "10:00-18:00"),
        ("+442079460000", None, Strict, "2026-11-29", "closed"),
        ("+4930123456", None, Strict, "2026-11-28", "10:00-18:00"),
        ("+61291234567", None, Strict, "2026-11-29", "00:00-24:00"),
    ];
    for (number, state, profile, date, expected) in table {
        assert_eq!(hours(number, state, profile, date), expected, "{number} {state:?} {profile} {date}");
    }
}

#[test]
fn the_narrowest_law_is_named() {
    let own = all_day();
    let laws = laws("+12075550100", None, Profile::Strict);
    let lawful = LawfulHours { own: &own, laws: &laws };
    assert_eq!(lawful.narrowed_by("2026-11-27".parse().unwrap()).unwrap().0, "us-me");
    let within = CallingWindow { days: [Some(Hours { open: 600, close: 900 }); 7], holidays: Vec::new() };
    assert!(LawfulHours { own: &within, laws: &laws }.narrowed_by("2026-11-27".parse().unwrap()).is_none());
}

#[test]
fn a_window_outside_the_law_never_opens() {
    let own = CallingWindow { days: [None, None, None, None, None, None, Some(Hours { open: 480, close: 720 })], holidays: Vec::new() };
    let laws = laws("+14155550100", None, Profile::Strict);
    let zone = jiff::tz::TimeZone::get("America/Los_Angeles").unwrap();
    let now = "2026-11-23T18:00:00Z".parse().unwrap();
    assert_eq!(LawfulHours { own: &own, laws: &laws }.at(now, &zone), Open::Until(None));
}

#[test]
fn every_rule_is_cited_and_dated() {
    for law in jurisdictions() {
        let citations = law.hours.iter().map(|rule| &rule.citation).chain(law.caps.iter().map(|cap| &cap.citation));
        for citation in citations.chain(law.consent.iter().map(|(_, citation)| citation)) {
            assert!(!citation.text.is_empty() && citation.as_of.year() >= 2026, "{} {citation:?}", law.id);
        }
    }
}
