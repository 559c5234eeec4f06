use proptest::prelude::*;

use super::*;

fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    for event in events {
        match (out.last_mut(), &event) {
            (Some(Event::Silence { ms }), Event::Silence { ms: more }) | (Some(Event::Energy { ms }), Event::Energy { ms: more }) => {
                *ms += more;
            }
            _ => out.push(event),
        }
    }
    out
}

fn ended(events: &[Event]) -> Vec<String> {
    events.iter().filter_map(|event| if let Event::WordEnded { text, .. } = event { Some(text.clone()) } else { None }).collect()
}

fn decode_in(pieces: &[usize], audio: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let mut rest = audio;
    for size in pieces.iter().cycle() {
        let (piece, later) = rest.split_at((*size).clamp(1, rest.len().max(1)).min(rest.len()));
        events.extend(decoder.feed(piece));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    joined(events)
}

#[test]
fn a_sentence_comes_back_with_its_times() {
    let mut audio = silence(100);
    audio.extend(encode("Hello there", 100));
    audio.extend(silence(50));
    let events = joined(Decoder::default().feed(&audio));
    assert_eq!(
        events,
        [
            Event::Silence { ms: 100 },
            Event::WordStarted { text: "Hello".into(), at_ms: 100 },
            Event::WordEnded { text: "Hello".into(), at_ms: 200 },
            Event::WordStarted { text: "there".into(), at_ms: 200 },
            Event::WordEnded { text: "there".into(), at_ms: 300 },
            Event::Silence { ms: 50 },
        ]
    );
}

#[test]
fn a_beep_is_sound_without_words() {
    assert_eq!(joined(Decoder::default().feed(&beep(300))), [Event::Energy { ms: 300 }]);
}

#[test]
fn a_word_that_is_cut_never_ends() {
    let audio = encode("goodbye", 200);
    let mut cut = audio[..audio.len() / 2].to_vec();
    cut.extend(silence(100));
    let events = Decoder::default().feed(&cut);
    assert!(ended(&events).is_empty());
    assert!(events.iter().any(|event| matches!(event, Event::WordCut { text, .. } if text == "goodbye")));
}

proptest! {
    #[test]
    fn pieces_do_not_matter(text in "[a-zA-Zéß?!,.'’ ]{1,60}", pieces in prop::collection::vec(1usize..400, 1..20)) {
        let audio = encode(&text, 60);
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let once = joined(Decoder::default().feed(&audio));
        prop_assert_eq!(ended(&once), words);
        prop_assert_eq!(decode_in(&pieces, &audio), once);
    }

    #[test]
    fn after_a_cut_anywhere_the_next_words_are_whole(
        first in "[a-zA-Z]{1,9}( [a-zA-Z]{1,9}){0,3}", second in "[a-zA-Z]{1,9}( [a-zA-Z]{1,9}){0,3}",
        at in 0.0f64..1.0, gap in prop::bool::ANY,
    ) {
        let spoken = encode(&first, 40);
        let cut = (spoken.len() as f64 * at) as usize;
        let mut audio = spoken[..cut].to_vec();
        if gap { audio.extend(silence(40)); }
        audio.extend(encode(&second, 40));
        let mut expected = Vec::new();
        let mut end = 0;
        for word in first.split_whitespace() {
            end += encode(word, 40).len();
            if end <= cut { expected.push(word.to_owned()); }
        }
        expected.extend(second.split_whitespace().map(str::to_owned));
        prop_assert_eq!(ended(&Decoder::default().feed(&audio)), expected);
    }

    #[test]
    fn noise_is_survived_and_all_its_time_accounted(
        noise in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x55), Just(0xAA), Just(0x3C), Just(0xC3)], 0..400),
        pieces in prop::collection::vec(1usize..400, 1..9),
    ) {
        let mut audio = noise.clone();
        audio.extend(silence(60));
        audio.extend(encode("still here", 50));
        let events = decode_in(&pieces, &audio);
        prop_assert!(ended(&events).ends_with(&["still".to_owned(), "here".to_owned()]));
        prop_assert_eq!(decode_in(&[audio.len()], &audio), events);
    }
}
