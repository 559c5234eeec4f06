//! What is said aloud, and what holds for any words at all.

use super::*;
use crate::domain::window::Hours;

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

fn holds_its_promise(words: &str, hours: u64) -> bool {
    let zone = TimeZone::get("America/New_York").unwrap();
    let now = local("2026-01-01T00:00", "America/New_York") + Duration::from_secs(hours * 3_600);
    let resolved = resolve(words, now, "America/New_York", &nine_to_eight());
    resolved.earliest.is_none_or(|earliest| {
        let open = nine_to_eight().at(earliest, &zone) == Open::Yes;
        open && earliest >= now && resolved.latest.is_none_or(|latest| latest > earliest)
    })
}

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
}
