//! Whatever number, address and zone a list gives: the zones are all that any of them allows, and what cannot be read is refused.

use proptest::prelude::*;

use super::*;
use crate::domain::time::Timestamp;
use crate::domain::window::{CallingWindow, Hours, Open, all_open};

const STATES: [Option<&str>; 9] =
    [None, Some("CA"), Some("ny"), Some("Florida"), Some("TX"), Some("TN"), Some("HI"), Some("ON"), Some(" bc ")];
const POSTAL_CODES: [Option<&str>; 8] =
    [None, Some("94105"), Some("10001"), Some("32456"), Some("33101"), Some("06390"), Some("K1A 0B1"), Some("09012")];
const ZONES: [Option<&str>; 5] = [None, Some("America/Chicago"), Some("Pacific/Auckland"), Some("Asia/Kathmandu"), Some("Europe/Berlin")];
/// Letters and digits of what people write into the wrong column.
const LETTERS: [char; 16] = ['A', 'c', 'e', 'K', 'n', 'S', 'T', 'Y', '1', '9', '0', '4', '/', '-', ' ', '_'];

/// Any number: half of them of North America, the others of anywhere.
fn numbers() -> impl Strategy<Value = PhoneNumber> {
    let number = |digits: String| PhoneNumber::from_e164(&format!("+{digits}")).unwrap();
    let american = (200_u64..1_000).prop_map(|area| format!("1{area}5550100"));
    let any = (10_000_000_u64..1_000_000_000_000_000).prop_map(|digits| digits.to_string());
    prop_oneof![american, any].prop_map(number)
}

fn addresses() -> impl Strategy<Value = Address<'static>> {
    (0..STATES.len(), 0..POSTAL_CODES.len()).prop_map(|(state, code)| Address { state: STATES[state], postal_code: POSTAL_CODES[code] })
}

fn scribbles() -> impl Strategy<Value = String> {
    proptest::collection::vec(0..LETTERS.len(), 0..12).prop_map(|letters| letters.iter().map(|letter| LETTERS[*letter]).collect())
}

/// What each source says on its own: the number's area, the number's country, the address, the stated zone.
fn sources(number: &PhoneNumber, address: Address<'_>, zone: Option<&str>) -> [Vec<String>; 4] {
    let names = |known: &[&str]| known.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (area, country) = match facts::of_number(number) {
        Some(NumberZones::Area(known)) => (names(known), Vec::new()),
        Some(NumberZones::Country(known)) => (Vec::new(), names(known)),
        None => (Vec::new(), Vec::new()),
    };
    let by_address = match (address.postal_code, address.state) {
        _ if !number.e164().starts_with("+1") => Vec::new(),
        (Some(code), _) => names(&postal::region_of(code).unwrap().zones),
        (None, Some(state)) => names(states::zones_of(state.trim()).unwrap()),
        (None, None) => Vec::new(),
    };
    [area, country, by_address, zone.map(str::to_owned).into_iter().collect()]
}

fn moment(minutes: u64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + std::time::Duration::from_secs(minutes * 60)
}

fn window(open: u16, close: u16) -> CallingWindow {
    CallingWindow { days: [Some(Hours { open, close }); 7], holidays: Vec::new() }
}

proptest! {
    #[test]
    fn every_zone_that_a_source_allows_is_asked_and_no_other(number in numbers(), address in addresses(), zone in 0..ZONES.len()) {
        let Ok(zones) = zones_for(&number, address, ZONES[zone]) else { return Ok(()) };
        let [area, country, by_address, stated] = sources(&number, address, ZONES[zone]);
        let mut expected = [area, by_address, stated].concat();
        if expected.is_empty() {
            expected = country;
        }
        expected.sort_unstable();
        expected.dedup();
        prop_assert!(!zones.is_empty() && zones.iter().all(|name| TimeZone::get(name).is_ok()), "{zones:?}");
        prop_assert_eq!(zones, expected);
    }

    #[test]
    fn what_a_list_adds_to_a_number_of_an_area_never_opens_what_was_shut(
        number in numbers(), address in addresses(), zone in 0..ZONES.len(), minutes in 0_u64..525_600,
    ) {
        let Some(NumberZones::Area(_)) = facts::of_number(&number) else { return Ok(()) };
        let (Ok(more), Ok(alone)) = (zones_for(&number, address, ZONES[zone]), zones_for(&number, Address::default(), None)) else {
            return Ok(());
        };
        let open = |zones: &[String]| all_open(zones, &window(8 * 60, 21 * 60), moment(minutes)) == Open::Yes;
        prop_assert!(!open(&more) || open(&alone), "{more:?} is open and {alone:?} is not");
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_never_left_out(number in numbers(), text in scribbles()) {
        let words = text.trim();
        let with = |address, zone| zones_for(&number, address, zone);
        let is_zone = words.is_empty() || place(words).is_ok();
        let by_zone = with(Address::default(), Some(&text));
        prop_assert!(is_zone || by_zone.is_err(), "`{text}` as a zone: {by_zone:?}");
        if is_north_american(&number) {
            let by_state = with(Address { state: Some(&text), postal_code: None }, None);
            let is_state = words.is_empty() || states::zones_of(words).is_some();
            prop_assert!(is_state || by_state.is_err(), "`{text}` as a state: {by_state:?}");
            let by_code = with(Address { state: None, postal_code: Some(&text) }, None);
            let is_code = words.is_empty() || postal::region_of(words).is_ok();
            prop_assert!(is_code || by_code.is_err(), "`{text}` as a postal code: {by_code:?}");
        }
    }

    #[test]
    fn among_known_zones_one_that_nobody_knows_keeps_it_shut(
        number in numbers(), text in scribbles(), at in 0_usize..9, minutes in 0_u64..525_600,
    ) {
        let Ok(mut zones) = zones_for(&number, Address::default(), None) else { return Ok(()) };
        prop_assume!(TimeZone::get(&text).is_err());
        prop_assert_eq!(all_open(&zones, &window(0, 1_440), moment(minutes)), Open::Yes);
        zones.insert(at.min(zones.len()), text);
        prop_assert_eq!(all_open(&zones, &window(0, 1_440), moment(minutes)), Open::Until(None));
    }
}
