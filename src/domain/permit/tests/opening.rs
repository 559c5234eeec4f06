//! What a closed gate says of its opening is true, whenever it is asked, wherever the callee is and whatever was called before.

use proptest::prelude::*;

use super::*;

const MINUTE_MS: i64 = 60_000;
/// A year from [`NOW`], with both changes of the clocks.
const MINUTES: i64 = 525_600;

/// Number, state and zones of people under different laws.
const PEOPLE: [(&str, Option<&str>, &[&str]); 6] = [
    ("+14155550100", None, &["America/Los_Angeles"]),
    ("+12125550101", Some("NY"), &["America/New_York"]),
    ("+13125550101", Some("FL"), &["America/Chicago", "America/New_York"]),
    ("+12055550101", Some("AL"), &["America/Chicago"]),
    ("+442071838750", None, &["Europe/London"]),
    ("+4930901820", None, &["Europe/Berlin"]),
];

fn after(start: Timestamp, minutes: i64) -> Timestamp {
    Timestamp::from_millis(start.as_millis() + minutes * MINUTE_MS)
}

fn closed_by(facts: &PermitFacts<'_>, gate: Gate, now: Timestamp) -> Option<Denial> {
    gates(facts, now).into_iter().find(|denial| denial.gate == gate)
}

proptest! {
    #[test]
    fn a_gate_of_time_stays_closed_until_it_said_and_is_open_then(
        person in 0_usize..6,
        minute in 0..MINUTES,
        called in proptest::collection::vec(0_i64..1_440, 0..5),
        most in 1_u32..4,
        part in 0.0_f64..1.0,
    ) {
        let (number, state, zones) = PEOPLE[person];
        let now = after(at(NOW), minute);
        let mut settings = settings();
        settings.max_attempts_per_day = most;
        let mut calls: Vec<Timestamp> = called.iter().map(|ago| after(now, -ago)).collect();
        calls.sort_unstable();
        let zones: Vec<String> = zones.iter().map(ToString::to_string).collect();
        let facts = PermitFacts { laws: laws(number, state), zones: &zones, placed_to_number: &calls, ..open_facts(&settings) };
        for gate in [Gate::Hours, Gate::DayCap] {
            let Some(denial) = closed_by(&facts, gate, now) else { continue };
            let opens = denial.opens_at.expect("every day has hours, and every call grows old");
            prop_assert!(opens > now, "{gate} opens at {opens}, and it is {now}");
            prop_assert_eq!(closed_by(&facts, gate, opens), None, "{} said {}", gate, opens);
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "some moment in between")]
            let between = now.as_millis() + ((opens.as_millis() - now.as_millis() - 1) as f64 * part) as i64;
            prop_assert!(closed_by(&facts, gate, Timestamp::from_millis(between)).is_some(), "{gate} was open before {opens}");
        }
    }

    #[test]
    fn who_may_be_called_has_no_closed_gate_and_who_may_not_has_the_first_of_them(
        person in 0_usize..6,
        minute in 0..MINUTES,
        placed in 0_u32..6,
        spent in 0.0_f64..20.0,
    ) {
        let (number, state, zones) = PEOPLE[person];
        let (now, settings) = (after(at(NOW), minute), settings());
        let zones: Vec<String> = zones.iter().map(ToString::to_string).collect();
        let facts = PermitFacts {
            laws: laws(number, state),
            zones: &zones,
            placed_for_lead: placed,
            spent_and_reserved: NanoUsd::from_usd(spent),
            ..open_facts(&settings)
        };
        prop_assert_eq!(check(&facts, now).err(), gates(&facts, now).into_iter().next());
    }
}
