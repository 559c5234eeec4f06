use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(text: &str) -> Result<FromTwilio, MediaError> {
    MediaReader::default().read(text)
}

#[test]
fn reads_every_frame_of_a_call() {
    let start = r#"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1","accountSid":"AC0","callSid":"CA0f",
        "tracks":["inbound"],"customParameters":{"token":"t\"1"},"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}"#;
    let expected = Start {
        stream_sid: "MZ1".into(),
        call_sid: "CA0f".into(),
        account_sid: "AC0".into(),
        parameters: BTreeMap::from([("token".into(), "t\"1".into())]),
    };
    assert_eq!(read(start), Ok(FromTwilio::Start(expected)));
    assert_eq!(read(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#), Ok(FromTwilio::Connected));
    let media = r#"{"event":"media","sequenceNumber":"3","streamSid":"MZ1","media":{"track":"inbound","chunk":"2","timestamp":"40","payload":"//8A"}}"#;
    assert_eq!(read(media), Ok(FromTwilio::Audio(Bytes::from_static(&[255, 255, 0]))));
    assert_eq!(read(r#"{"event":"mark","mark":{"name":"r1.2"}}"#), Ok(FromTwilio::Mark("r1.2".into())));
    assert_eq!(read(r#"{"event":"dtmf","dtmf":{"track":"inbound_track","digit":"9"}}"#), Ok(FromTwilio::Digit('9')));
    assert_eq!(read(r#"{"event":"stop","stop":{"accountSid":"AC0","callSid":"CA0f"}}"#), Ok(FromTwilio::Stop));
}

#[test]
fn unknown_kinds_and_other_tracks_pass_by() {
    assert_eq!(read(r#"{"event":"weather","media":null}"#), Ok(FromTwilio::Other));
    assert_eq!(read(r#"{"event":"media","media":{"track":"outbound","payload":"//8A"}}"#), Ok(FromTwilio::Other));
}

#[test]
fn what_names_another_stream_is_foreign_once_the_own_one_is_known() {
    let start = |stream: &str| format!(r#"{{"event":"start","start":{{"streamSid":"{stream}","callSid":"CA0f"}}}}"#);
    let media = |stream: &str| format!(r#"{{"event":"media","streamSid":"{stream}","media":{{"payload":"//8A"}}}}"#);
    let mut reader = MediaReader::default();
    assert!(matches!(reader.read(&media("MZ2")), Ok(FromTwilio::Audio(_))), "nothing is known yet");
    assert!(matches!(reader.read(&start("MZ1")), Ok(FromTwilio::Start(_))));
    for foreign in [media("MZ2"), start("MZ2"), r#"{"event":"stop","streamSid":"MZ2"}"#.to_owned()] {
        assert_eq!(reader.read(&foreign), Ok(FromTwilio::Foreign), "{foreign}");
    }
    let broken = media("MZ2").replace("//8A", "%%%%");
    assert_eq!(reader.read(&broken), Ok(FromTwilio::Foreign), "it is not decoded");
    assert!(matches!(reader.read(&media("MZ1")), Ok(FromTwilio::Audio(_))));
    assert_eq!(reader.read(r#"{"event":"stop"}"#), Ok(FromTwilio::Stop), "a frame that names none is its socket's");
}

#[test]
fn escaped_payloads_decode_too() {
    assert_eq!(read(r#"{"event":"media","media":{"payload":"\/\/8A"}}"#), Ok(FromTwilio::Audio(Bytes::from_static(&[255, 255, 0]))));
}

#[test]
fn broken_frames_are_errors_and_the_next_one_is_fine() {
    let mut reader = MediaReader::default();
    for payload in ["AAA", "A===", "AA=A", "A A=", "äöü", "AAAAA", "%%%%"] {
        let frame = json!({"event": "media", "media": {"payload": payload}}).to_string();
        assert_eq!(reader.read(&frame), Err(MediaError::Payload), "{payload}");
    }
    for text in ["", "{", "null", "[]", "5", r#"{"event":5}"#, r#"{"event":"media"}"#, r#"{"event":"start","start":{}}"#] {
        assert_eq!(reader.read(text), Err(MediaError::Malformed), "{text}");
    }
    assert_eq!(reader.read(r#"{"event":"dtmf","dtmf":{"digit":"12"}}"#), Err(MediaError::Malformed));
    assert_eq!(reader.read(r#"{"event":"media","media":{"payload":"AAAA"}}"#), Ok(FromTwilio::Audio(Bytes::from_static(&[0, 0, 0]))));
}

#[test]
fn a_stream_of_another_format_is_refused() {
    let text = r#"{"event":"start","start":{"streamSid":"MZ1","callSid":"CA0","mediaFormat":{"encoding":"audio/l16","sampleRate":16000,"channels":1}}}"#;
    assert_eq!(read(text), Err(MediaError::Format));
}

#[test]
fn survives_deep_and_large_frames() {
    let deep = format!(r#"{{"event":"media","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&deep).is_err());
    let second = json!({"event": "media", "media": {"payload": STANDARD.encode_to_string([0; 8_000])}}).to_string();
    assert!(matches!(read(&second), Ok(FromTwilio::Audio(audio)) if audio.len() == 8_000));
    let large = json!({"event": "media", "media": {"payload": "A".repeat(1 << 20)}}).to_string();
    assert_eq!(read(&large), Err(MediaError::TooLong));
    let named = json!({"event": "mark", "mark": {"name": "r".repeat(257)}}).to_string();
    assert_eq!(read(&named), Err(MediaError::TooLong));
    let noise = json!({"event": "weather", "text": "x".repeat(1 << 20)}).to_string();
    assert_eq!(read(&noise), Ok(FromTwilio::Other));
}

#[test]
fn frames_of_one_reader_share_a_buffer_without_mixing() {
    let mut reader = MediaReader::default();
    let frame = |byte: u8| json!({"event": "media", "media": {"payload": STANDARD.encode_to_string([byte; 160])}}).to_string();
    let kept: Vec<_> = (0..60u8).map(|n| reader.read(&frame(n)).unwrap()).collect();
    for (n, audio) in (0..60u8).zip(kept) {
        assert_eq!(audio, FromTwilio::Audio(Bytes::from(vec![n; 160])));
    }
}

fn parsed(frame: &Bytes) -> Value {
    serde_json::from_slice(frame).unwrap()
}

#[test]
fn writes_what_twilio_reads() {
    let mut writer = MediaWriter::new("MZ\"1");
    assert_eq!(parsed(&writer.audio(&[255, 255, 0])), json!({"event": "media", "streamSid": "MZ\"1", "media": {"payload": "//8A"}}));
    assert_eq!(parsed(&writer.audio(&[])), json!({"event": "media", "streamSid": "MZ\"1", "media": {"payload": ""}}));
    assert_eq!(parsed(&writer.mark("a\n\"b")), json!({"event": "mark", "streamSid": "MZ\"1", "mark": {"name": "a\n\"b"}}));
    assert_eq!(parsed(&writer.clear()), json!({"event": "clear", "streamSid": "MZ\"1"}));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(audio in proptest::collection::vec(any::<u8>(), 0..2000), sid in ".{0,40}") {
        let frame = MediaWriter::new(&sid).audio(&audio);
        let text = std::str::from_utf8(&frame).unwrap();
        prop_assert_eq!(read(text), Ok(FromTwilio::Audio(Bytes::from(audio))));
    }

    #[test]
    fn never_panics(text in ".{0,400}", bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&text);
        let _ = read(&String::from_utf8_lossy(&bytes));
        let _ = read(&json!({"event": "media", "media": {"payload": text}}).to_string());
    }
}
