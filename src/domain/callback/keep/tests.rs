use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const RULES: KeepRules = KeepRules::HOUSE;

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

#[test]
fn a_promise_is_dialed_within_its_tolerance_and_moves_a_day_after_it() {
    // 17:00 in New York
    let due = Due { at: at("2026-11-24T22:00:00Z"), until: None, moves: 0 };
    assert_eq!(keep(due, &RULES, &new_york(), at("2026-11-24T22:15:00Z")), Keep::Dial);
    let moved = Due { at: at("2026-11-25T22:00:00Z"), until: None, moves: 1 };
    assert_eq!(keep(due, &RULES, &new_york(), at("2026-11-24T22:15:01Z")), Keep::Move(moved));
    // found the next morning: that same day at 17:00 is still to come
    assert_eq!(keep(due, &RULES, &new_york(), at("2026-11-25T14:00:00Z")), Keep::Move(moved));
    assert_eq!(keep(Due { moves: 2, ..due }, &RULES, &new_york(), at("2026-11-25T14:00:00Z")), Keep::GiveUp);
}

#[test]
fn the_campaign_says_how_late_is_late_and_what_then() {
    let due = Due { at: at("2026-11-24T22:00:00Z"), until: None, moves: 0 };
    let wide = KeepRules { tolerance: Duration::from_secs(60 * 60), ..RULES };
    assert_eq!(keep(due, &wide, &new_york(), at("2026-11-24T23:00:00Z")), Keep::Dial);
    assert!(matches!(keep(due, &wide, &new_york(), at("2026-11-24T23:00:01Z")), Keep::Move(_)));
    for (missed, expected) in [(Missed::Retry, Keep::Retry), (Missed::Close, Keep::Close)] {
        let rules = KeepRules { missed, ..RULES };
        assert_eq!(keep(due, &rules, &new_york(), at("2026-11-24T22:15:00Z")), Keep::Dial, "{missed}");
        assert_eq!(keep(due, &rules, &new_york(), at("2026-11-24T22:15:01Z")), expected, "{missed}");
    }
    let never = KeepRules { moves: 0, ..RULES };
    assert_eq!(keep(due, &never, &new_york(), at("2026-11-24T22:15:01Z")), Keep::GiveUp);
}

#[test]
fn a_span_is_open_until_its_end_and_moves_as_a_whole() {
    let due = Due { at: at("2026-11-24T22:00:00Z"), until: Some(at("2026-11-25T01:00:00Z")), moves: 0 };
    assert_eq!(keep(due, &RULES, &new_york(), at("2026-11-25T01:10:00Z")), Keep::Dial);
    let moved = Due { at: at("2026-11-25T22:00:00Z"), until: Some(at("2026-11-26T01:00:00Z")), moves: 1 };
    assert_eq!(keep(due, &RULES, &new_york(), at("2026-11-25T01:20:00Z")), Keep::Move(moved));
}

#[test]
fn a_moved_promise_keeps_its_wall_clock_over_a_change_of_clocks() {
    // 17:00 on the day before New York's clocks go back, and before they go forward
    for (said, late, next) in [
        ("2026-10-31T21:00:00Z", "2026-10-31T23:00:00Z", "2026-11-01T22:00:00Z"),
        ("2027-03-13T22:00:00Z", "2027-03-13T23:00:00Z", "2027-03-14T21:00:00Z"),
    ] {
        let due = Due { at: at(said), until: None, moves: 0 };
        assert_eq!(keep(due, &RULES, &new_york(), at(late)), Keep::Move(Due { at: at(next), until: None, moves: 1 }));
    }
}

#[test]
fn fidelity_counts_what_was_said_against_what_was_dialed() {
    let earliest = at("2026-11-24T22:00:00Z");
    let promise = |dialed: Option<u64>, wanted| Promise {
        earliest,
        latest: None,
        dialed_at: dialed.map(|seconds| earliest + Duration::from_secs(seconds)),
        wanted,
        over_at: None,
    };
    let promises = [promise(Some(2), true), promise(Some(900), true), promise(Some(901), true), promise(None, true), promise(None, false)];
    let before = fidelity(&promises, RULES.tolerance, earliest);
    assert_eq!((before.kept, before.missed, before.pending, before.dropped), (2, 1, 1, 1));
    let strict = fidelity(&promises, Duration::from_secs(60), earliest);
    assert_eq!((strict.kept, strict.missed, strict.tolerance_s), (1, 2, 60));
    let after = fidelity(&promises, RULES.tolerance, earliest + Duration::from_secs(901));
    assert_eq!((after.promised, after.pending, after.missed, after.share_kept), (5, 0, 2, Some(0.5)));
    assert_eq!((after.late_p50_s, after.late_p95_s), (Some(900), Some(901)));
    assert_eq!(fidelity(&[], Duration::ZERO, earliest), Fidelity::default());
}

#[test]
fn what_was_promised_is_dropped_with_its_campaign_and_what_was_missed_before_stays_missed() {
    let earliest = at("2026-11-24T22:00:00Z");
    let over = |seconds: u64| Promise {
        earliest,
        latest: None,
        dialed_at: None,
        wanted: true,
        over_at: Some(earliest + Duration::from_secs(seconds)),
    };
    let later = earliest + Duration::from_secs(5_000);
    assert_eq!([0, 900, 901].map(|seconds| over(seconds).kept(RULES.tolerance, later)), [Kept::Dropped, Kept::Dropped, Kept::Missed]);
    let kept = Promise { dialed_at: Some(earliest), ..over(60) };
    assert_eq!(kept.kept(RULES.tolerance, later), Kept::Kept, "it was called before");
}

proptest::proptest! {
    #[test]
    fn a_moved_promise_lies_ahead_at_the_same_local_time(start in 1_767_225_600_i64..1_830_297_600, late in 901_u64..200_000) {
        let due = Due { at: Timestamp::from_millis(start * 1_000), until: None, moves: 0 };
        let now = due.at + Duration::from_secs(late);
        let Keep::Move(moved) = keep(due, &RULES, &new_york(), now) else { return Err(proptest::test_runner::TestCaseError::fail("not moved")) };
        let (was, is) = (due.at.in_zone(&new_york()), moved.at.in_zone(&new_york()));
        proptest::prop_assert!(moved.at > now);
        // the hour that a change of clocks leaves out is read an hour later
        proptest::prop_assert!(was.time() == is.time() || was.hour() == 2 && is.hour() == 3, "{was} {is}");
    }
}
