//! Frames by seed: good ones, and every way of being wrong that a stranger, a proxy or a new version may find.

use base64_simd::STANDARD;
use serde_json::json;

/// Seeded chance (splitmix64).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn size(&mut self, limit: u64) -> usize {
        usize::try_from(self.below(limit)).unwrap()
    }
}

pub const STREAM: &str = "MZ0123456789abcdef0123456789abcdef";
pub const ANOTHER: &str = "MZanother";
pub const CALL: &str = "CA0123456789abcdef0123456789abcdef";

pub fn start(stream: &str) -> String {
    let format = json!({ "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 });
    let parameters = json!({ "token": "t" });
    let body = json!({ "streamSid": stream, "accountSid": "AC0", "callSid": CALL, "tracks": ["inbound"], "customParameters": parameters, "mediaFormat": format });
    json!({ "event": "start", "sequenceNumber": "1", "streamSid": stream, "start": body }).to_string()
}

pub fn media(stream: &str, sequence: u64, payload: &str) -> String {
    let timestamp = (sequence * 20).to_string();
    let media = json!({ "track": "inbound", "chunk": sequence.to_string(), "timestamp": timestamp, "payload": payload });
    json!({ "event": "media", "sequenceNumber": (sequence + 1).to_string(), "streamSid": stream, "media": media }).to_string()
}

fn audio(chance: &mut Chance, length: usize) -> String {
    let bytes: Vec<u8> = (0..length).map(|_| chance.next().to_le_bytes()[0]).collect();
    STANDARD.encode_to_string(bytes)
}

/// One frame of a stream that is under way.
pub fn any(chance: &mut Chance) -> String {
    let sequence = chance.below(1 << 20);
    match chance.below(1_000) {
        0..300 => media(STREAM, sequence, &audio(chance, 160)),
        300..400 => odd_payload(chance, sequence),
        400..450 => media(ANOTHER, sequence, &audio(chance, 160)),
        450..500 => odd_order(chance),
        500..650 => broken(chance),
        650..750 => odd_shape(chance),
        750..800 => start(if chance.below(2) == 0 { STREAM } else { ANOTHER }),
        800..840 => json!({ "event": "stop", "streamSid": STREAM, "stop": { "callSid": CALL } }).to_string(),
        840..880 => json!({ "event": "mark", "mark": { "name": "r".repeat(chance.size(600)) } }).to_string(),
        880..920 => digit(["1", "#", "", "12", "☎"][chance.size(5)]),
        920..960 => r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#.to_owned(),
        960..990 => noise(chance),
        990..998 => deep(chance),
        _ => large(chance),
    }
}

fn digit(digit: &str) -> String {
    json!({ "event": "dtmf", "dtmf": { "digit": digit } }).to_string()
}

fn odd_payload(chance: &mut Chance, sequence: u64) -> String {
    let payload = match chance.below(8) {
        0 => String::new(),
        1 => audio(chance, 160) + "=",
        2 => audio(chance, 161)[1..].to_owned(),
        3 => audio(chance, 160).replace('A', " "),
        4 => audio(chance, 160).replace(['+', '/'], "-"),
        5 => "é".repeat(chance.size(50)),
        6 => "=".repeat(chance.size(50)),
        _ => {
            let length = chance.size(2_000);
            audio(chance, length)
        }
    };
    media(STREAM, sequence, &payload)
}

/// Numbers that go backwards, are missing, are no numbers.
fn odd_order(chance: &mut Chance) -> String {
    let number = ["-1", "0", "999999999999999999999", "", "x", "1e9"][chance.size(6)];
    let media = json!({ "track": "inbound", "chunk": number, "timestamp": number, "payload": "////" });
    json!({ "event": "media", "sequenceNumber": number, "streamSid": STREAM, "media": media }).to_string()
}

/// A good frame cut off, or with bytes of it changed.
fn broken(chance: &mut Chance) -> String {
    let mut bytes = media(STREAM, 7, "/////w==").into_bytes();
    if chance.below(2) == 0 {
        bytes.truncate(chance.size(bytes.len() as u64));
    } else {
        for _ in 0..=chance.below(4) {
            let at = chance.size(bytes.len() as u64);
            bytes[at] = chance.next().to_le_bytes()[0];
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn odd_shape(chance: &mut Chance) -> String {
    let shapes = [
        "",
        "null",
        "[]",
        "{}",
        "5",
        "\"media\"",
        "true",
        "[[[]]]",
        "{\"event\":null}",
        "{\"event\":5}",
        "{\"event\":\"media\"}",
        "{\"event\":\"media\",\"media\":null}",
        "{\"event\":\"media\",\"media\":{}}",
        "{\"event\":\"media\",\"media\":[]}",
        "{\"event\":\"media\",\"media\":{\"payload\":5}}",
        "{\"event\":\"media\",\"event\":\"stop\"}",
        "{\"event\":\"start\"}",
        "{\"event\":\"start\",\"start\":{}}",
        "{\"event\":\"mark\"}",
        "{\"event\":\"dtmf\"}",
        "{\"event\":\"weather\"}",
        "{\"event\":\"\\u0000\"}",
        "{\"event\":\"\\ud800\"}",
        "{\"event\":\"media\",\"media\":{\"payload\":\"\\/\\/8A\"}}",
        "{\"event\":\"media\",\"media\":{\"track\":\"outbound\",\"payload\":\"//8A\"}}",
        "\u{feff}{}",
        "{\"event\":\"media\",}",
    ];
    shapes[chance.size(shapes.len() as u64)].to_owned()
}

fn noise(chance: &mut Chance) -> String {
    let length = chance.size(400);
    let bytes: Vec<u8> = (0..length).map(|_| chance.next().to_le_bytes()[0]).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn deep(chance: &mut Chance) -> String {
    let depth = chance.size(2_000);
    format!(r#"{{"event":"media","x":{}{}}}"#, "[".repeat(depth), "]".repeat(chance.size(2_000)))
}

/// Up to 64 KB of payload; now and then a megabyte of text.
fn large(chance: &mut Chance) -> String {
    match chance.below(40) {
        0 => json!({ "event": "weather", "text": "x".repeat(1 << 20) }).to_string(),
        _ => media(STREAM, 1, &"A".repeat(chance.size(64 * 1024))),
    }
}
