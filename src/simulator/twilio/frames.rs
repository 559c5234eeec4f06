//! The JSON of Media Streams, both ways. Counters are decimal strings; audio is base64.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::simulator::callee::FRAME_MS;

/// What a stream carries of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Track {
    Inbound,
    Outbound,
}

impl Track {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// Writes the frames of one stream.
#[derive(Debug)]
pub(super) struct Scribe {
    pub stream_sid: String,
    account_sid: String,
    call_sid: String,
    sequence: u64,
    /// Chunks of each track so far.
    chunks: [u64; 2],
}

impl Scribe {
    pub(super) fn new(stream_sid: String, account_sid: &str, call_sid: &str) -> Self {
        Self { stream_sid, account_sid: account_sid.to_owned(), call_sid: call_sid.to_owned(), sequence: 0, chunks: [0; 2] }
    }

    pub(super) fn connected() -> String {
        json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}).to_string()
    }

    pub(super) fn start(&mut self, tracks: &[Track], parameters: &[(String, String)]) -> String {
        let parameters: serde_json::Map<_, _> = parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let tracks: Vec<&str> = tracks.iter().map(|track| track.as_str()).collect();
        json!({
            "event": "start",
            "sequenceNumber": self.next(),
            "start": {
                "accountSid": self.account_sid,
                "streamSid": self.stream_sid,
                "callSid": self.call_sid,
                "tracks": tracks,
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": parameters,
            },
            "streamSid": self.stream_sid,
        })
        .to_string()
    }

    /// 20 ms of one track. Written by hand: it is the one frame that is sent fifty times a second.
    pub(super) fn media(&mut self, track: Track, audio: &[u8]) -> String {
        let chunk = &mut self.chunks[track as usize];
        let timestamp = *chunk * FRAME_MS;
        *chunk += 1;
        let chunk = *chunk;
        let payload = base64_simd::STANDARD.encode_to_string(audio);
        let (sequence, sid, track) = (self.next(), &self.stream_sid, track.as_str());
        format!(
            r#"{{"event":"media","sequenceNumber":"{sequence}","media":{{"track":"{track}","chunk":"{chunk}","timestamp":"{timestamp}","payload":"{payload}"}},"streamSid":"{sid}"}}"#
        )
    }

    pub(super) fn dtmf(&mut self, digit: char) -> String {
        json!({
            "event": "dtmf",
            "streamSid": self.stream_sid,
            "sequenceNumber": self.next(),
            "dtmf": {"track": "inbound_track", "digit": digit.to_string()},
        })
        .to_string()
    }

    pub(super) fn mark(&mut self, name: &str) -> String {
        json!({"event": "mark", "sequenceNumber": self.next(), "streamSid": self.stream_sid, "mark": {"name": name}}).to_string()
    }

    pub(super) fn stop(&mut self) -> String {
        json!({
            "event": "stop",
            "sequenceNumber": self.next(),
            "streamSid": self.stream_sid,
            "stop": {"accountSid": self.account_sid, "callSid": self.call_sid},
        })
        .to_string()
    }

    fn next(&mut self) -> String {
        self.sequence += 1;
        self.sequence.to_string()
    }
}

/// What a customer sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Media(Bytes),
    Mark(String),
    Clear,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Wire {
    Media {
        #[serde(rename = "streamSid")]
        stream_sid: String,
        media: Payload,
    },
    Mark {
        #[serde(rename = "streamSid")]
        stream_sid: String,
        mark: Name,
    },
    Clear {
        #[serde(rename = "streamSid")]
        stream_sid: String,
    },
}

#[derive(Deserialize)]
struct Payload {
    payload: String,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// Reads a customer's frame; `None` for anything that is none, or is for another stream.
pub(super) fn read(text: &str, stream_sid: &str) -> Option<Incoming> {
    let (sid, incoming) = match serde_json::from_str(text).ok()? {
        Wire::Media { stream_sid, media } => {
            let audio = base64_simd::STANDARD.decode_to_vec(media.payload.as_bytes()).ok()?;
            (stream_sid, Incoming::Media(Bytes::from(audio)))
        }
        Wire::Mark { stream_sid, mark } => (stream_sid, Incoming::Mark(mark.name)),
        Wire::Clear { stream_sid } => (stream_sid, Incoming::Clear),
    };
    (sid == stream_sid).then_some(incoming)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn counters_are_strings_that_count_from_one() {
        let mut scribe = Scribe::new("MZ1".into(), "AC1", "CA1");
        let start: Value = serde_json::from_str(&scribe.start(&[Track::Inbound], &[("job".into(), "9f2".into())])).unwrap();
        assert_eq!((&start["sequenceNumber"], &start["start"]["customParameters"]["job"]), (&json!("1"), &json!("9f2")));
        assert_eq!(start["start"]["mediaFormat"]["sampleRate"], json!(8000));
        scribe.media(Track::Inbound, &[0xFF; 160]);
        let media: Value = serde_json::from_str(&scribe.media(Track::Inbound, &[0xFF; 160])).unwrap();
        assert_eq!(media["sequenceNumber"], json!("3"));
        assert_eq!(media["media"]["chunk"], json!("2"));
        assert_eq!(media["media"]["timestamp"], json!("20"));
        assert_eq!(base64_simd::STANDARD.decode_to_vec(media["media"]["payload"].as_str().unwrap()).unwrap(), [0xFF; 160]);
    }

    #[test]
    fn only_frames_of_this_stream_are_read() {
        assert_eq!(read(r#"{"event":"clear","streamSid":"MZ1"}"#, "MZ1"), Some(Incoming::Clear));
        assert_eq!(read(r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"u1"}}"#, "MZ1"), Some(Incoming::Mark("u1".into())));
        for wrong in [
            r#"{"event":"clear","streamSid":"MZ2"}"#,
            r#"{"event":"clear"}"#,
            r#"{"event":"dance","streamSid":"MZ1"}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"%%"}}"#,
            "nonsense",
        ] {
            assert_eq!(read(wrong, "MZ1"), None, "{wrong}");
        }
    }
}
