//! At any moment, for anybody, whatever hours a campaign has of its own: calls begin only where every law lets them, in every
//! zone the callee may be in, and what is said of the next opening is true.

use proptest::prelude::*;

use super::*;
use crate::domain::time::Timestamp;
use crate::domain::window::all_open;
use crate::domain::zone::zones_for;

const START: &str = "2026-01-01T00:00:00Z";
const MINUTE_MS: i64 = 60_000;
const YEAR: i64 = 525_600;
const STATES: [Option<&str>; 8] = [None, Some("CA"), Some("FL"), Some("TX"), Some("KY"), Some("LA"), Some("PA"), Some("HI")];

/// Area codes and countries under laws of their own, some of them with more than one zone.
const NUMBERS: [&str; 12] = [
    "+14155550100", // California
    "+13055550100", // Florida
    "+18505550100", // Florida, two zones
    "+12145550100", // Texas
    "+12055550100", // Alabama
    "+15045550100", // Louisiana
    "+12075550100", // Maine
    "+14015550100", // Rhode Island
    "+12155550100", // Pennsylvania, Sundays from a date on
    "+14165550100",
    "+442079460000",
    "+4930123456",
];

type Day = Option<(u16, u16)>;
const LATE: Day = Some((8 * 60, 21 * 60));
const EARLY: Day = Some((8 * 60, 20 * 60));
const OFFICE: Day = Some((9 * 60, 20 * 60));

/// What the texts say, written down a second time: jurisdiction, then the hours from Monday to Sunday.
const STATUTES: [(&str, [Day; 7]); 9] = [
    ("us", [LATE; 7]),
    ("us-fl", [EARLY; 7]),
    ("us-tx", week(Some((540, 1_260)), Some((540, 1_260)), Some((720, 1_260)))),
    ("us-al", week(LATE, LATE, None)),
    ("us-la", week(LATE, LATE, None)),
    ("us-me", week(Some((540, 1_020)), None, None)),
    ("ca", week(Some((540, 1_290)), Some((600, 1_080)), Some((600, 1_080)))),
    ("gb", week(OFFICE, OFFICE, None)),
    ("eu", week(OFFICE, Some((600, 1_080)), None)),
];

const fn week(weekday: Day, saturday: Day, sunday: Day) -> [Day; 7] {
    [weekday, weekday, weekday, weekday, weekday, saturday, sunday]
}

/// Somebody with everything that is asked for: the laws, the zones, and a campaign's own hours.
#[derive(Debug)]
struct Callee {
    laws: Vec<&'static Jurisdiction>,
    zones: Vec<String>,
    own: CallingWindow,
}

impl Callee {
    fn hours(&self) -> LawfulHours<'_> {
        LawfulHours { own: &self.own, laws: &self.laws }
    }

    /// Asked of the calendar itself, zone by zone.
    fn is_open(&self, moment: Timestamp) -> bool {
        self.clocks().iter().all(|zone| self.hours().is_open(moment, zone))
    }

    fn clocks(&self) -> Vec<jiff::tz::TimeZone> {
        self.zones.iter().map(|name| jiff::tz::TimeZone::get(name).unwrap()).collect()
    }

    /// Weekday from Monday and minute of the day, in every zone.
    fn local(&self, moment: Timestamp) -> Vec<(usize, u16)> {
        let read = |zone: &jiff::tz::TimeZone| {
            let local = moment.in_zone(zone);
            let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
            (usize::try_from(local.weekday().to_monday_zero_offset()).unwrap(), u16::try_from(minute).unwrap())
        };
        self.clocks().iter().map(read).collect()
    }
}

fn callees() -> impl Strategy<Value = Callee> {
    let long = prop_oneof![10_u16..200, 200_u16..1_440];
    let day = proptest::option::weighted(0.8, (0_u16..1_380, long));
    let days = proptest::array::uniform7(day.prop_map(|day| day.map(|(open, long)| Hours { open, close: (open + long).min(1_440) })));
    (0..NUMBERS.len(), 0..STATES.len(), any::<bool>(), days).prop_map(|(number, state, strict, days)| {
        let number = PhoneNumber::from_e164(NUMBERS[number]).unwrap();
        let address = Address { state: STATES[state], postal_code: None };
        let profile = if strict { Profile::Strict } else { Profile::States };
        let laws = laws_for(&number, &address.states(&number), profile);
        Callee { laws, zones: zones_for(&number, address, None).unwrap(), own: CallingWindow { days, holidays: Vec::new() } }
    })
}

fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_millis(START.parse::<Timestamp>().unwrap().as_millis() + minutes * MINUTE_MS)
}

/// What every rule of every law says on its own, in every zone.
fn every_rule_allows(callee: &Callee, moment: Timestamp) -> bool {
    let rules = || callee.laws.iter().flat_map(|law| &law.hours);
    callee.clocks().iter().all(|zone| {
        let local = moment.in_zone(zone);
        let lets = |hours: Option<Hours>| hours.is_some_and(|hours| hours.contains(local.time()));
        lets(callee.own.hours_on(local.date())) && rules().filter(|rule| rule.holds_on(local.date())).all(|rule| lets(rule.hours))
    })
}

proptest! {
    // the laws of one state are a twelfth of the cases, and of its Sundays a seventh of that
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn calls_begin_exactly_when_the_campaign_and_every_rule_allow_it_in_every_zone(callee in callees(), now in 0..2 * YEAR) {
        let now = minute(now);
        let open = all_open(&callee.zones, &callee.hours(), now) == Open::Yes;
        prop_assert_eq!(open, every_rule_allows(&callee, now), "{} in {:?}", now, callee.zones);
    }

    #[test]
    fn nobody_is_called_outside_of_what_the_texts_say(callee in callees(), now in 0..2 * YEAR, all_day_long in any::<bool>()) {
        let own = if all_day_long { all_day() } else { callee.own };
        let (callee, now) = (Callee { own, ..callee }, minute(now));
        if all_open(&callee.zones, &callee.hours(), now) != Open::Yes {
            return Ok(());
        }
        for (law, days) in STATUTES.iter().filter(|(law, _)| callee.laws.iter().any(|one| one.id == *law)) {
            for (weekday, minute) in callee.local(now) {
                let lawful = days[weekday].is_some_and(|(open, close)| (open..close).contains(&minute));
                prop_assert!(lawful, "{law}: a call at minute {minute} of {}", DAYS[weekday]);
            }
        }
    }
}

proptest! {
    // minute by minute, sometimes through a week
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_next_opening_is_open_and_no_minute_before_it_is(callee in callees(), start in 0..2 * YEAR) {
        let answer = all_open(&callee.zones, &callee.hours(), minute(start));
        prop_assert_eq!(answer == Open::Yes, callee.is_open(minute(start)));
        let Open::Until(opens) = answer else { return Ok(()) };
        // a window that the law leaves nothing of is asked here and there through the year
        let (step, end) = if opens.is_some() { (1, i64::MAX) } else { (97, start + YEAR) };
        let too_early = (start..end).step_by(step).map(minute).take_while(|moment| opens.is_none_or(|opens| *moment < opens));
        for moment in too_early {
            prop_assert!(!callee.is_open(moment), "{moment} is open, and {opens:?} was said");
        }
        prop_assert!(opens.is_none_or(|opens| opens > minute(start) && callee.is_open(opens)));
    }
}
