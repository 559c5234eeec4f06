//! What number, address and stated zone tell together, and what is refused.

use super::*;

fn zones(number: &str, state: Option<&str>, zone: Option<&str>) -> Result<Vec<String>, ZoneError> {
    zones_for(&PhoneNumber::from_e164(number).unwrap(), Address { state, postal_code: None }, zone)
}

fn at(number: &str, state: Option<&str>, postal_code: &str, zone: Option<&str>) -> Result<Vec<String>, ZoneError> {
    let address = Address { state, postal_code: Some(postal_code) };
    zones_for(&PhoneNumber::from_e164(number).unwrap(), address, zone)
}

#[test]
fn a_code_without_numbers_leads_to_one_that_has_them() {
    let letters = || (b'A'..=b'Z').map(char::from);
    for code in letters().flat_map(|first| letters().map(move |second| format!("{first}{second}"))) {
        if let Some(meant) = country_with_numbers_of(&code) {
            assert!(!has_numbers(&code) && has_numbers(meant), "{code} {meant}");
        }
    }
    assert!(has_numbers("US") && !has_numbers(""), "calling codes of no country are none of an empty one");
}

#[test]
fn unites_what_every_source_allows() {
    type Case<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [&'a str]);
    let cases: [Case<'_>; 12] = [
        ("+14155550100", None, None, &["America/Los_Angeles"]),
        ("+14155550100", Some("CA"), Some("America/Los_Angeles"), &["America/Los_Angeles"]),
        ("+14155550100", Some(" new york "), None, &["America/Los_Angeles", "America/New_York"]),
        ("+14155550100", None, Some("america/chicago"), &["America/Chicago", "America/Los_Angeles"]),
        ("+18505550100", None, None, &["America/Chicago", "America/New_York"]),
        ("+13055550100", Some("FL"), None, &["America/Chicago", "America/New_York"]),
        ("+447400123456", Some("CA"), None, &["Europe/Guernsey", "Europe/Isle_of_Man", "Europe/London"]),
        ("+77101234567", None, Some("Asia/Almaty"), &["Asia/Almaty"]),
        ("+18005550100", Some("TX"), Some("US/Central"), &["America/Chicago", "America/Denver", "US/Central"]),
        ("+88161234567", None, Some("Pacific/Auckland"), &["Pacific/Auckland"]),
        ("+61291234567", None, None, &["Australia/Sydney"]),
        ("+4930123456", None, None, &["Europe/Berlin"]),
    ];
    for (number, state, zone, expected) in cases {
        assert_eq!(zones(number, state, zone).unwrap(), expected, "{number} {state:?} {zone:?}");
    }
}

#[test]
fn a_postal_code_tells_more_than_its_state_and_never_less_than_the_number() {
    type Case<'a> = (&'a str, Option<&'a str>, &'a str, Option<&'a str>, &'a [&'a str]);
    let cases: [Case<'_>; 9] = [
        ("+13055550100", Some("FL"), "33101", None, &["America/New_York"]),
        ("+13055550100", Some("florida"), "32456", None, &["America/Chicago", "America/New_York"]),
        ("+14155550100", None, "10001", None, &["America/Los_Angeles", "America/New_York"]),
        ("+18005550100", None, "60601-1234", None, &["America/Chicago"]),
        ("+14165550100", None, "R3C 0A1", None, &["America/Toronto", "America/Winnipeg"]),
        ("+14155550100", None, "94105", Some("America/Denver"), &["America/Denver", "America/Los_Angeles"]),
        ("+14155550100", None, "09012", Some("Europe/Berlin"), &["America/Los_Angeles", "Europe/Berlin"]),
        ("+12035550100", Some("NY"), "06390", None, &["America/New_York"]),
        ("+442079460000", None, "SW1A 1AA", None, &["Europe/London"]),
    ];
    for (number, state, code, zone, expected) in cases {
        assert_eq!(at(number, state, code, zone).unwrap(), expected, "{number} {state:?} {code} {zone:?}");
    }
}

#[test]
fn a_postal_code_that_says_nothing_or_something_else_is_refused() {
    let code = |text: &str| text.to_owned();
    assert_eq!(at("+14155550100", None, "2134", None), Err(ZoneError::NotAPostalCode(code("2134"))));
    assert_eq!(at("+14155550100", None, "00100", Some("America/Denver")), Err(ZoneError::UnknownPostalCode(code("00100"))));
    assert_eq!(at("+14155550100", None, "09012", None), Err(ZoneError::ArmedForces(code("09012"))));
    let elsewhere = ZoneError::Elsewhere { code: code("06390"), lies_in: "CT or NY".to_owned(), state: "CA" };
    assert_eq!(at("+14155550100", Some("California"), "06390", None), Err(elsewhere));
}

#[test]
fn an_address_tells_the_states_whose_law_may_hold() {
    let states = |number: &str, state: Option<&str>, postal_code: Option<&str>| {
        Address { state, postal_code }.states(&PhoneNumber::from_e164(number).unwrap())
    };
    assert_eq!(states("+14155550100", Some("new york"), None), ["NY"]);
    assert_eq!(states("+14155550100", None, Some("06390")), ["CT", "NY"]);
    assert_eq!(states("+14155550100", Some("NY"), Some("06390")), ["NY"]);
    assert_eq!(states("+14155550100", Some("TX"), Some("06390")), ["TX", "CT", "NY"]);
    assert!(states("+14155550100", Some("?"), Some("2134")).is_empty());
    assert!(states("+442079460000", Some("CA"), Some("94105")).is_empty());
}

#[test]
fn a_bare_country_keeps_all_its_zones() {
    assert!(zones("+18005550100", None, None).unwrap().len() > 30);
}

#[test]
fn what_cannot_be_read_is_refused() {
    assert_eq!(zones("+88161234567", None, None), Err(ZoneError::UnknownNumber));
    assert_eq!(zones("+14155550100", Some("Kalifornia"), None), Err(ZoneError::UnknownState("Kalifornia".to_owned())));
    assert!(!ZoneError::UnknownState("Kalifornia".to_owned()).to_string().contains("postal code"), "CA is none");
    assert_eq!(zones("+14155550100", None, Some("Mars/Olympus")), Err(ZoneError::UnknownZone("Mars/Olympus".to_owned())));
    for name in ["EST", "UTC", "Etc/GMT+5"] {
        assert_eq!(zones("+14155550100", None, Some(name)), Err(ZoneError::NotAPlace(name.to_owned())));
    }
    let said = |name: &str| zones("+14155550100", None, Some(name)).unwrap_err().to_string();
    assert!(said("Pacific").ends_with("is not a time zone; write an IANA name like America/Los_Angeles"));
    assert!(said("MST").ends_with("ignores daylight saving; write an IANA name like America/Denver"));
    assert!(said("UTC").ends_with("write an IANA name like America/New_York"));
}

#[test]
fn every_zone_of_the_facts_is_known() {
    let postal = postal::regions().flat_map(|region| region.zones.iter().copied());
    for name in facts::all_zones().chain(states::all_zones()).chain(postal) {
        assert!(TimeZone::get(name).is_ok(), "{name}");
    }
}

#[test]
fn numbers_know_their_country() {
    let table = [
        ("+14155550100", Some("US")),
        ("+17875550100", Some("US")),
        ("+14165550100", Some("CA")),
        ("+18765550100", Some("JM")),
        ("+442079460000", Some("GB")),
        ("+353871234567", Some("IE")),
        ("+77101234567", Some("KZ")),
        ("+79261234567", Some("RU")),
        ("+88161234567", None),
        ("+18005550100", None),
    ];
    for (number, country) in table {
        assert_eq!(country_of(&PhoneNumber::from_e164(number).unwrap()), country, "{number}");
    }
}

#[test]
fn area_codes_know_their_state_and_lie_in_its_zones() {
    let number = |code: &str| PhoneNumber::from_e164(&format!("+1{code}5550100")).unwrap();
    assert_eq!(state_of(&number("415")), Some("CA"));
    assert_eq!(state_of(&number("787")), Some("PR"));
    assert_eq!(state_of(&number("416")), None);
    assert_eq!(state_of(&PhoneNumber::from_e164("+442079460000").unwrap()), None);
    for (code, state) in facts::area_code_states() {
        assert!(states::zones_of(state).is_some(), "{code} {state}");
    }
}
