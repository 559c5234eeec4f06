//! Media Streams: the JSON of the call's audio socket, both ways.
//!
//! Fifty frames a second each way and call pass through here, so frames are read borrowed, base64 is decoded with SIMD into
//! buffers that are used again, and frames are written without an intermediate tree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64_simd::{Out, STANDARD};
use bytes::{BufMut as _, Bytes, BytesMut};
use serde::Deserialize;

/// One frame from Twilio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromTwilio {
    /// The first frame; says nothing about the call.
    Connected,
    /// Which call this is, and what our TwiML handed over.
    Start(Start),
    /// 8 kHz μ-law of the callee.
    Audio(Bytes),
    /// Everything queued before our mark was played, or dropped by a clear.
    Mark(String),
    /// A key was pressed.
    Digit(char),
    /// The stream is over.
    Stop,
    /// A frame that names another stream than the one that started: it is none of this call's.
    Foreign,
    /// A frame of a kind that is not known yet, or audio of another track.
    Other,
}

/// The `start` frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// `MZ…`; every frame we send names it.
    pub stream_sid: String,
    /// `CA…`.
    pub call_sid: String,
    /// `AC…`.
    pub account_sid: String,
    /// The TwiML's `<Parameter>`s.
    pub parameters: BTreeMap<String, String>,
}

/// A frame that cannot be used. One bad frame is no reason to end a call; the caller counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// Not JSON, or not in the shape of its kind.
    #[error("malformed frame")]
    Malformed,
    /// The payload is not base64.
    #[error("payload is not base64")]
    Payload,
    /// More in one frame than any telephone sends: a peer that fills the memory of a call.
    #[error("a frame is too long")]
    TooLong,
    /// The stream is not 8 kHz mono μ-law: the call cannot be held.
    #[error("the stream is not 8 kHz mono μ-law")]
    Format,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    /// Every frame but `connected` has it.
    #[serde(borrow)]
    stream_sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    start: Option<StartBody>,
    mark: Option<Mark>,
    #[serde(borrow)]
    dtmf: Option<Dtmf<'a>>,
}

#[derive(Deserialize)]
struct Media<'a> {
    #[serde(borrow, default)]
    track: Cow<'a, str>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartBody {
    stream_sid: String,
    call_sid: String,
    #[serde(default)]
    account_sid: String,
    #[serde(default)]
    custom_parameters: BTreeMap<String, String>,
    media_format: Option<Format>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Format {
    encoding: String,
    sample_rate: u32,
    channels: u32,
}

#[derive(Deserialize)]
struct Mark {
    name: String,
}

#[derive(Deserialize)]
struct Dtmf<'a> {
    #[serde(borrow)]
    digit: Cow<'a, str>,
}

/// Reads the frames of one stream; keeps one buffer that audio is cut from.
#[derive(Debug, Default)]
pub struct MediaReader {
    buffer: BytesMut,
    /// As the first `start` named it.
    stream: Option<String>,
}

/// Room for half a second of audio before the next allocation.
const CHUNK: usize = 4096;
/// One second of audio in one frame; Twilio sends 20 ms. Frames wait in a channel, so this bounds what a stream can hold.
const LONGEST_AUDIO: usize = 8_000;
/// Our marks have a dozen characters.
const LONGEST_NAME: usize = 256;

impl MediaReader {
    /// Reads one text frame. An unknown kind is [`FromTwilio::Other`], never an error. Once a stream has started, frames that
    /// name another one are [`FromTwilio::Foreign`], whatever they carry; nothing of them is decoded.
    ///
    /// # Errors
    /// When the frame is broken; the next one may be fine.
    pub fn read(&mut self, text: &str) -> Result<FromTwilio, MediaError> {
        let frame: Frame<'_> = serde_json::from_str(text).map_err(|_| MediaError::Malformed)?;
        if self.is_foreign(&frame) {
            return Ok(FromTwilio::Foreign);
        }
        match frame.event.as_ref() {
            "media" => self.audio(&frame.media.ok_or(MediaError::Malformed)?),
            "mark" => mark(frame.mark.ok_or(MediaError::Malformed)?),
            "dtmf" => digit(&frame.dtmf.ok_or(MediaError::Malformed)?),
            "start" => self.start(frame.start.ok_or(MediaError::Malformed)?),
            "stop" => Ok(FromTwilio::Stop),
            "connected" => Ok(FromTwilio::Connected),
            _ => Ok(FromTwilio::Other),
        }
    }

    fn is_foreign(&self, frame: &Frame<'_>) -> bool {
        let named = frame.stream_sid.as_deref().or_else(|| frame.start.as_ref().map(|start| start.stream_sid.as_str()));
        self.stream.as_deref().is_some_and(|own| named.is_some_and(|named| named != own))
    }

    fn start(&mut self, body: StartBody) -> Result<FromTwilio, MediaError> {
        let start = start(body)?;
        self.stream.get_or_insert_with(|| start.stream_sid.clone());
        Ok(FromTwilio::Start(start))
    }

    fn audio(&mut self, media: &Media<'_>) -> Result<FromTwilio, MediaError> {
        if !matches!(media.track.as_ref(), "" | "inbound" | "inbound_track") {
            return Ok(FromTwilio::Other);
        }
        Ok(FromTwilio::Audio(self.decode(media.payload.as_bytes())?))
    }

    fn decode(&mut self, payload: &[u8]) -> Result<Bytes, MediaError> {
        if payload.len() > LONGEST_AUDIO.div_ceil(3) * 4 {
            return Err(MediaError::TooLong);
        }
        let length = STANDARD.decoded_length(payload).map_err(|_| MediaError::Payload)?;
        if self.buffer.capacity() < length {
            self.buffer.reserve(length.max(CHUNK));
        }
        self.buffer.resize(length, 0);
        let decoded = STANDARD.decode(payload, Out::from_slice(&mut self.buffer)).map(|audio| audio.len());
        match decoded {
            Ok(length) => Ok(self.buffer.split_to(length).freeze()),
            Err(_) => {
                self.buffer.clear();
                Err(MediaError::Payload)
            }
        }
    }
}

fn mark(mark: Mark) -> Result<FromTwilio, MediaError> {
    if mark.name.len() > LONGEST_NAME { Err(MediaError::TooLong) } else { Ok(FromTwilio::Mark(mark.name)) }
}

fn digit(dtmf: &Dtmf<'_>) -> Result<FromTwilio, MediaError> {
    let mut keys = dtmf.digit.chars();
    match (keys.next(), keys.next()) {
        (Some(key), None) => Ok(FromTwilio::Digit(key)),
        _ => Err(MediaError::Malformed),
    }
}

fn start(body: StartBody) -> Result<Start, MediaError> {
    let fits = |format: &Format| format.encoding == "audio/x-mulaw" && format.sample_rate == 8000 && format.channels == 1;
    if !body.media_format.as_ref().is_none_or(fits) {
        return Err(MediaError::Format);
    }
    Ok(Start { stream_sid: body.stream_sid, call_sid: body.call_sid, account_sid: body.account_sid, parameters: body.custom_parameters })
}

/// Writes frames for one stream. Each is valid UTF-8 JSON, cut from one growing buffer.
#[derive(Debug)]
pub struct MediaWriter {
    /// `"streamSid":"MZ…"`, escaped once.
    stream: String,
    buffer: BytesMut,
}

impl MediaWriter {
    /// A writer for the stream that the `start` frame named.
    #[must_use]
    pub fn new(stream_sid: &str) -> Self {
        Self { stream: format!(r#""streamSid":{}"#, quoted(stream_sid)), buffer: BytesMut::new() }
    }

    /// 8 kHz μ-law to play after everything sent before.
    pub fn audio(&mut self, mulaw: &[u8]) -> Bytes {
        let encoded = STANDARD.encoded_length(mulaw.len());
        self.begin("media", encoded + 32);
        self.buffer.put_slice(br#","media":{"payload":""#);
        let at = self.buffer.len();
        self.buffer.resize(at + encoded, 0);
        let _ = STANDARD.encode(mulaw, Out::from_slice(&mut self.buffer[at..]));
        self.finish(b"\"}}")
    }

    /// Asks for the mark's name back when everything before it was played.
    pub fn mark(&mut self, name: &str) -> Bytes {
        let name = quoted(name);
        self.begin("mark", name.len() + 32);
        self.buffer.put_slice(br#","mark":{"name":"#);
        self.buffer.put_slice(name.as_bytes());
        self.finish(b"}}")
    }

    /// Drops all audio that was not played yet.
    pub fn clear(&mut self) -> Bytes {
        self.begin("clear", 0);
        self.finish(b"}")
    }

    fn begin(&mut self, event: &str, more: usize) {
        let length = self.stream.len() + event.len() + more + 32;
        if self.buffer.capacity() < length {
            self.buffer.reserve(length.max(CHUNK));
        }
        self.buffer.put_slice(br#"{"event":""#);
        self.buffer.put_slice(event.as_bytes());
        self.buffer.put_slice(b"\",");
        self.buffer.put_slice(self.stream.as_bytes());
    }

    fn finish(&mut self, end: &[u8]) -> Bytes {
        self.buffer.put_slice(end);
        self.buffer.split().freeze()
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
