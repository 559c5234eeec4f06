use std::time::Duration;

use serde_json::json;

use super::*;

/// (words, settled, ends, start): one second of audio each.
fn piece(words: &str, settled: bool, ends: bool, start: f64) -> String {
    json!({
        "type": "Results", "channel_index": [0, 1], "start": start, "duration": 1.0, "is_final": settled, "speech_final": ends,
        "channel": {"alternatives": [{"transcript": words, "confidence": 0.9, "words": []}]}, "metadata": {"request_id": "x"}
    })
    .to_string()
}

fn utterance_end(last_word_end: f64) -> String {
    json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": last_word_end}).to_string()
}

fn turns() -> NovaTurns {
    NovaTurns::new(&TurnSettings::default())
}

fn hear(turns: &mut NovaTurns, messages: &[String]) -> Vec<Heard> {
    let mut heard = Vec::new();
    for message in messages {
        turns.read(message, Instant::now(), &mut heard).unwrap();
    }
    heard
}

fn interim(text: &str) -> Heard {
    Heard::Interim { text: text.into() }
}

fn end(text: &str) -> Heard {
    Heard::EndOfTurn { text: text.into(), confidence: Some(0.9), silence: None }
}

#[test]
fn an_utterance_is_all_settled_pieces() {
    let messages = [
        r#"{"type":"SpeechStarted","channel":[0,1],"timestamp":0.1}"#.to_owned(),
        piece("yes", false, false, 0.0),
        piece("Yes, that", true, false, 0.0),
        piece("works", false, false, 1.0),
        piece("works.", true, true, 1.0),
    ];
    let expected = [
        Heard::SpeechStarted,
        interim("yes"),
        interim("Yes, that"),
        interim("Yes, that works"),
        interim("Yes, that works."),
        end("Yes, that works."),
    ];
    assert_eq!(hear(&mut turns(), &messages), expected);
}

#[test]
fn utterance_end_closes_once_and_only_its_own_words() {
    let mut turns = turns();
    let first = hear(&mut turns, &[piece("Hello.", true, false, 0.0), utterance_end(0.8), utterance_end(0.8)]);
    assert_eq!(first, [Heard::SpeechStarted, interim("Hello."), end("Hello.")]);
    let second =
        hear(&mut turns, &[piece("Who is", true, false, 5.0), utterance_end(0.8), piece("this?", true, true, 6.0), utterance_end(6.9)]);
    assert_eq!(second, [Heard::SpeechStarted, interim("Who is"), interim("Who is this?"), end("Who is this?")]);
}

#[test]
fn silence_is_no_turn() {
    let heard = hear(&mut turns(), &[piece("", false, false, 0.0), piece("", true, true, 0.0), utterance_end(-1.0)]);
    assert_eq!(heard, []);
}

#[test]
fn an_endless_turn_is_asked_to_end_and_then_ended() {
    let (mut turns, mut heard, now) = (turns(), Vec::new(), Instant::now());
    turns.read(&piece("la la", true, false, 0.0), now, &mut heard).unwrap();
    turns.read(&piece("la", false, false, 1.0), now, &mut heard).unwrap();
    heard.clear();
    let later = |seconds| now + Duration::from_secs(seconds);
    assert_eq!(turns.hurry(later(29), &mut heard), None);
    assert_eq!(turns.hurry(later(30), &mut heard), Some(FINALIZE));
    assert_eq!((turns.hurry(later(30), &mut heard), heard.len()), (None, 0));
    assert_eq!(turns.hurry(later(31), &mut heard), None);
    assert_eq!(heard, [end("la la la")]);
    assert_eq!(hear(&mut turns, &[piece("la", true, true, 1.0)]), [], "the forced words are not heard twice");
    assert_eq!(turns.hurry(later(90), &mut heard), None);
}

#[test]
fn an_answer_to_finalize_ends_the_turn() {
    let mut turns = turns();
    hear(&mut turns, &[piece("la la", false, false, 0.0)]);
    let flushed = piece("la la", true, false, 0.0).replacen("\"is_final\"", "\"from_finalize\":true,\"is_final\"", 1);
    assert_eq!(hear(&mut turns, &[flushed]), [end("la la")]);
}

#[test]
fn the_rest_is_a_turn_when_the_stream_ends() {
    let mut turns = turns();
    hear(&mut turns, &[piece("bye", false, false, 0.0)]);
    let mut heard = Vec::new();
    turns.finish(&mut heard);
    turns.finish(&mut heard);
    assert_eq!(heard, [Heard::EndOfTurn { text: "bye".into(), confidence: None, silence: None }]);
}

#[test]
fn unknown_and_broken_messages_mean_nothing() {
    let messages = ["", "{", "5", r#"{"type":"New"}"#, r#"{"type":"Results"}"#, r#"{"type":"Metadata","duration":1}"#].map(str::to_owned);
    assert_eq!(hear(&mut turns(), &messages), []);
    let error = turns().read(r#"{"type":"Error","variant":"SchemaError","description":"bad"}"#, Instant::now(), &mut Vec::new());
    assert_eq!(error.unwrap_err().again, Again::No);
}

#[test]
fn asks_for_telephone_audio_and_terms() {
    let options = EarsOptions { model: "nova-3".into(), language: "en-US".into(), keyterms: vec!["Acme Dental".into(), "Zoë".into()] };
    let path = path(&options, &TurnSettings::default());
    assert_eq!(
        path,
        "/v1/listen?model=nova-3&language=en-US&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&vad_events=true\
         &smart_format=true&endpointing=300&utterance_end_ms=1000&keyterm=Acme+Dental&keyterm=Zo%C3%AB"
    );
    assert!(!super::path(&EarsOptions { model: "nova-2".into(), ..options }, &TurnSettings::default()).contains("keyterm"));
}

#[test]
fn the_silence_before_the_end_is_told_where_words_have_times() {
    let timed = piece("Yes.", true, true, 0.0).replace(r#""words":[]"#, r#""words":[{"word":"yes","start":0.1,"end":0.75}]"#);
    let expected = Heard::EndOfTurn { text: "Yes.".into(), confidence: Some(0.9), silence: Some(Duration::from_millis(250)) };
    assert_eq!(hear(&mut turns(), &[timed]).last(), Some(&expected));
}

#[test]
fn a_word_that_ends_after_its_audio_tells_nothing() {
    let timed = piece("Yes.", true, true, 0.0).replace(r#""words":[]"#, r#""words":[{"word":"yes","start":0.1,"end":1.5}]"#);
    assert_eq!(hear(&mut turns(), &[timed]).last(), Some(&end("Yes.")));
}
