//! What is said aloud, and what holds for any words at all.

use std::sync::LazyLock;

use super::*;
use crate::domain::window::{CallingWindow, Hours};

fn resolve(words: &str, now: Timestamp, zone: &str, window: &CallingWindow) -> Resolved {
    super::resolve(words, now, &PromiseHours::own(window.clone(), zone))
}

fn nine_to_eight() -> CallingWindow {
    CallingWindow { days: [Some(Hours { open: 540, close: 1_200 }); 7], holidays: Vec::new() }
}

fn local(text: &str, zone: &str) -> Timestamp {
    let zoned = text.parse::<jiff::civil::DateTime>().unwrap().in_tz(zone).unwrap();
    Timestamp::from_zoned(&zoned)
}

#[test]
fn an_opt_out_confirms_and_a_callback_is_said_aloud() {
    let now = local("2026-11-23T10:00", "America/New_York");
    let said = |words: &str, zone: &str| resolve(words, now, zone, &nine_to_eight()).say;
    assert_eq!(said("after five tomorrow", "America/New_York"), "I will call you tomorrow, Tuesday, November 24, after 5 PM.");
    assert_eq!(said("between 2 and 4 on Friday", "America/New_York"), "I will call you on Friday, November 27, between 2 PM and 4 PM.");
    assert_eq!(said("5 Eastern", "America/Los_Angeles"), "I will call you today, at 5 PM, New York time.");
    assert_eq!(said("from 2 to 4", "America/New_York"), "I will call you today, between 2 PM and 4 PM.");
    assert_eq!(said("after 2 but before 4", "America/New_York"), "I will call you today, between 2 PM and 4 PM.");
    assert!(said("tomorrow at 7 am", "America/New_York").starts_with("I am not allowed to call at that hour"));
    assert!(said("stop calling me", "America/New_York").contains("not call again"));
}

#[test]
fn what_cannot_be_kept_goes_to_a_person() {
    let now = local("2026-11-23T10:00", "America/New_York");
    let closed = CallingWindow { days: [None; 7], holidays: Vec::new() };
    for (zone, window) in [("America/New_York", &closed), ("Mars/Olympus", &nine_to_eight())] {
        let resolved = resolve("tomorrow at five", now, zone, window);
        assert_eq!((resolved.kind, resolved.earliest), (CallbackKind::NeedsReview, None), "{zone}");
    }
}

#[test]
fn a_part_of_this_month_that_is_over_is_said_to_be() {
    let now = local("2027-01-20T10:00", "America/New_York");
    for words in ["the first week of January", "early January", "the first week of this month"] {
        let resolved = resolve(words, now, "America/New_York", &nine_to_eight());
        assert_eq!((resolved.kind, resolved.over), (CallbackKind::NeedsReview, true), "{words}");
    }
}

/// One word turns the wish around: whoever asks for no call is never promised one.
#[test]
fn a_not_before_the_call_turns_it_around() {
    let now = local("2026-11-23T10:00", "America/New_York");
    let kind = |words: &str| resolve(words, now, "America/New_York", &nine_to_eight()).kind;
    for (verb, then) in ["call", "ring", "phone", "try"].iter().flat_map(|verb| ["back", "again", "later"].map(|then| (verb, then))) {
        assert_eq!(kind(&format!("please {verb} {then}")), CallbackKind::Callback, "{verb} {then}");
        for lead in ["don't", "do not", "please don't", "never", "don't ever"] {
            assert_eq!(kind(&format!("{lead} {verb} {then}")), CallbackKind::OptOut, "{lead} {verb} {then}");
            assert_eq!(kind(&format!("{lead} {verb} {then}, I'm busy")), CallbackKind::OptOut, "{lead} {verb} {then}, busy");
        }
    }
}

/// A bound is a wish, and a day that is not meant is neither a wish nor an opt-out.
#[test]
fn a_not_with_a_time_is_about_that_time() {
    let now = local("2026-11-23T10:00", "America/New_York");
    let kind = |words: &str| resolve(words, now, "America/New_York", &nine_to_eight()).kind;
    for verb in ["call", "ring", "phone", "try"] {
        assert_eq!(kind(&format!("don't {verb} back before two")), CallbackKind::Callback, "{verb}");
        assert_eq!(kind(&format!("don't {verb} back until Monday, I'm busy")), CallbackKind::Callback, "{verb}");
        assert_eq!(kind(&format!("don't {verb} back tomorrow, I'm busy")), CallbackKind::NeedsReview, "{verb}");
    }
}

/// Eight days around both changes of the clocks, in zones of both hemispheres and one without summer time.
const ZONES: [&str; 4] = ["America/New_York", "Europe/London", "Australia/Sydney", "America/Phoenix"];

fn around_a_change(zone: usize, spring: bool, minutes: u64) -> (&'static str, Timestamp) {
    let start = match (ZONES[zone], spring) {
        ("America/New_York" | "America/Phoenix", true) => "2027-03-10T00:00",
        ("America/New_York" | "America/Phoenix", false) => "2026-10-28T00:00",
        ("Europe/London", true) => "2027-03-24T00:00",
        ("Europe/London", false) => "2026-10-21T00:00",
        (_, true) => "2026-09-30T00:00",
        (_, false) => "2027-03-31T00:00",
    };
    (ZONES[zone], local(start, ZONES[zone]) + Duration::from_secs(minutes * 60))
}

fn round_the_clock() -> CallingWindow {
    CallingWindow { days: [Some(Hours { open: 0, close: 1_440 }); 7], holidays: Vec::new() }
}

fn twelve(hour: u64) -> String {
    format!("{} {}", if hour.is_multiple_of(12) { 12 } else { hour % 12 }, if hour < 12 { "am" } else { "pm" })
}

fn holds_its_promise(words: &str, hours: u64) -> bool {
    let zone = TimeZone::get("America/New_York").unwrap();
    let now = local("2026-01-01T00:00", "America/New_York") + Duration::from_secs(hours * 3_600);
    let resolved = resolve(words, now, "America/New_York", &nine_to_eight());
    resolved.earliest.is_none_or(|earliest| {
        let open = nine_to_eight().at(earliest, &zone) == Open::Yes;
        open && earliest >= now && resolved.latest.is_none_or(|latest| latest > earliest)
    })
}

/// What may stand behind an opt-out and takes nothing of it back, often with the words that a time begins with.
const ENDS: [&str; 23] = [
    "",
    " again",
    " ever",
    " please",
    " ever again",
    " tomorrow or ever",
    " after today",
    ", call me tomorrow at five",
    " for any reason",
    " for good",
    " for the rest of my life",
    " for the love of God",
    " in the future",
    " in my life",
    " at all",
    " at any time",
    " at any hour of the day",
    " just to sell something",
    " just because you can",
    " so you know",
    " by accident",
    " until further notice",
    " today or any time in the future",
];

/// What the corpus has of one kind.
fn said(kind: &str) -> Vec<String> {
    let rows = corpus::rows().into_iter().filter(|row| row.kind == kind && !row.note.ends_with("unless a later call is asked for"));
    rows.map(|row| row.said).collect()
}

static OPT_OUTS: LazyLock<Vec<String>> = LazyLock::new(|| said("opt_out"));
static CALLBACKS: LazyLock<Vec<String>> = LazyLock::new(|| said("callback"));

proptest::proptest! {
    #[test]
    fn any_words_resolve_to_an_open_moment_or_none(words in "[a-z0-9:,. ']{0,60}", hours in 0_u64..8_760) {
        proptest::prop_assert!(holds_its_promise(&words, hours));
    }

    #[test]
    fn speech_of_known_words_resolves_to_an_open_moment_or_none(
        picks in proptest::collection::vec(0_usize..40, 1..9), hours in 0_u64..8_760,
    ) {
        const WORDS: [&str; 40] = [
            "call", "me", "at", "five", "tomorrow", "not", "before", "after", "until", "by", "monday", "next", "week", "in", "two", "hours",
            "minutes", "tonight", "evening", "morning", "and", "or", "to", "between", "later", "today", "busy", "home", "noon", "7:30", "pm",
            "am", "eastern", "the", "15th", "december", "first", "thing", "month", ",",
        ];
        let words: Vec<&str> = picks.iter().map(|pick| WORDS[*pick]).collect();
        proptest::prop_assert!(holds_its_promise(&words.join(" "), hours));
    }

    #[test]
    fn a_time_of_a_day_is_that_wall_clock_time_across_a_change_of_clocks(
        zone in 0_usize..4, spring: bool, minutes in 0_u64..11_520, days in 1_u64..4, hour in 0_u64..24,
    ) {
        let (zone, now) = around_a_change(zone, spring, minutes);
        let day = ["tomorrow", "the day after tomorrow", "three days from today"][usize::try_from(days - 1).unwrap()];
        let resolved = resolve(&format!("call me {day} at {}", twelve(hour)), now, zone, &round_the_clock());
        let tz = TimeZone::get(zone).unwrap();
        let found = resolved.earliest.unwrap().in_zone(&tz);
        let date = now.in_zone(&tz).date().checked_add(jiff::Span::new().days(i64::try_from(days).unwrap())).unwrap();
        proptest::prop_assert_eq!(found.date(), date);
        let jumped = hour == 2 && found.hour() == 3 || hour == 1 && found.hour() == 2;
        proptest::prop_assert!(u64::try_from(found.hour()).unwrap() == hour || jumped, "{} for {}", found, hour);
    }

    #[test]
    fn a_delay_is_never_shorter_than_it_was_said(
        zone in 0_usize..4, spring: bool, minutes in 0_u64..11_520, amount in 1_u64..120, hours: bool,
    ) {
        let (zone, now) = around_a_change(zone, spring, minutes);
        let (unit, seconds) = if hours { ("hours", 3_600) } else { ("minutes", 60) };
        for window in [nine_to_eight(), round_the_clock()] {
            let resolved = resolve(&format!("in {amount} {unit}"), now, zone, &window);
            let said = now + Duration::from_secs(amount * seconds);
            let earliest = resolved.earliest.unwrap();
            proptest::prop_assert!(earliest >= said && (resolved.shifted || earliest == said));
        }
    }

    #[test]
    fn never_earlier_than_said_and_never_outside_the_hours(
        zone in 0_usize..4, spring: bool, minutes in 0_u64..11_520, hour in 0_u64..24, relation in 0_usize..3, open in 0_u16..12, long in 1_u16..12,
    ) {
        let (zone, now) = around_a_change(zone, spring, minutes);
        let window = CallingWindow { days: [Some(Hours { open: open * 60, close: (open + long) * 60 }); 7], holidays: Vec::new() };
        let said = format!("{} {} tomorrow", ["at", "after", "not before"][relation], twelve(hour));
        let resolved = resolve(&said, now, zone, &window);
        let tz = TimeZone::get(zone).unwrap();
        let date = now.in_zone(&tz).date().tomorrow().unwrap();
        let wall = date.at(i8::try_from(hour).unwrap(), 0, 0, 0).to_zoned_datetime(tz.clone()).unwrap();
        let earliest = resolved.earliest.unwrap();
        proptest::prop_assert!(earliest >= Timestamp::from_zoned(&wall), "{}: {}", said, earliest.in_zone(&tz));
        proptest::prop_assert_eq!(window.at(earliest, &tz), Open::Yes);
        proptest::prop_assert!(resolved.latest.is_none_or(|latest| latest > earliest));
    }

    /// Whoever is not to be called, here, at this number or ever: an opt-out, and with a bound a call inside it.
    #[test]
    fn a_negated_call_is_never_promised(
        lead in 0_usize..7, verb in 0_usize..4, whom in 0_usize..10, end in 0_usize..ENDS.len(), bound in 0_usize..4,
    ) {
        let lead = ["don't", "please don't", "don't ever", "don't you ever", "do not", "never", "never ever"][lead];
        let verb = ["call", "ring", "phone", "contact"][verb];
        let numbers = ["this number", "me on this number", "this line", "our house", "my home number", "our number"];
        let whom = ["me", "us", "here", "us here"].iter().chain(&numbers).nth(whom).unwrap();
        let end = ENDS[end];
        let now = local("2026-11-23T10:00", "America/New_York");
        let words = format!("{lead} {verb} {whom}{end}");
        proptest::prop_assert_eq!(resolve(&words, now, "America/New_York", &nine_to_eight()).kind, CallbackKind::OptOut, "{}", words);
        let (bound, hour) = [("before two", 14), ("before noon", 12), ("until five", 17), ("before five today", 17)][bound];
        let words = format!("{lead} {verb} {whom} {bound}");
        let earliest = resolve(&words, now, "America/New_York", &nine_to_eight()).earliest;
        proptest::prop_assert_eq!(earliest, Some(local(&format!("2026-11-23T{hour}:00"), "America/New_York")), "{}", words);
    }

    /// Beside any wish for a call, except where the row says that such a wish takes the opt-out back.
    #[test]
    fn an_opt_out_never_becomes_a_callback(one in 0..OPT_OUTS.len(), other in 0..CALLBACKS.len(), joint in 0_usize..4, first: bool) {
        let (out, callback) = (&OPT_OUTS[one], &CALLBACKS[other]);
        let joint = [", ", ". ", "; ", ". And "][joint];
        let words = if first { format!("{out}{joint}{callback}") } else { format!("{callback}{joint}{out}") };
        let resolved = resolve(&words, local("2026-11-23T10:00", "America/New_York"), "America/New_York", &nine_to_eight());
        proptest::prop_assert_eq!(resolved.kind, CallbackKind::OptOut, "{}", words);
    }
}
