//! `POST /v1/audio/speech`: 24 kHz signed 16-bit sound, a tone for each word, as `pcm` or `wav`, whole or as events.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::error::ApiError;
use super::pace::Pace;
use super::words::tokens;
use super::{Shared, locked};

const RATE: u32 = 24_000;
const LONGEST_INPUT: usize = 4096;
/// Bytes of one chunk: 100 ms.
const CHUNK: usize = 4800;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    model: String,
    input: String,
    voice: Value,
    #[serde(default, rename = "instructions")]
    _instructions: Option<String>,
    #[serde(default)]
    response_format: Option<String>,
    #[serde(default)]
    speed: Option<f64>,
    #[serde(default)]
    stream_format: Option<String>,
}

/// Speaks.
pub async fn create(State(openai): State<Shared>, body: Bytes) -> Result<Response, ApiError> {
    let begun = Instant::now();
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| ApiError::invalid(format!("Invalid request: {error}.")))?;
    openai.knows(&asked.model)?;
    check(&asked)?;
    let used = tokens::count(&asked.input);
    let standing = locked(&openai.limits).take(&asked.model, used, begun)?;
    let sound = sound(&asked.input, f64::from(openai.scenario.speech_ms_per_word) / asked.speed.unwrap_or(1.0));
    sleep_until(begun + Pace::of(&openai, &body).due(0)).await;
    let mut response = match asked.stream_format.as_deref() {
        Some("sse") => as_events(&sound, used),
        _ => as_body(asked.response_format.as_deref(), &sound),
    };
    standing.write(response.headers_mut());
    Ok(response)
}

fn check(asked: &Asked) -> Result<(), ApiError> {
    let bad = |param: &str, message: &str| Err(ApiError::invalid(message).param(param));
    let length = asked.input.chars().count();
    if length == 0 || length > LONGEST_INPUT {
        return bad("input", "Invalid 'input': must have between 1 and 4096 characters.");
    }
    if !(asked.voice.is_string() || asked.voice["id"].is_string()) {
        return bad("voice", "Invalid 'voice'.");
    }
    if !asked.speed.is_none_or(|speed| (0.25..=4.0).contains(&speed)) {
        return bad("speed", "Invalid 'speed': must be between 0.25 and 4.0.");
    }
    if asked.stream_format.as_deref() == Some("sse") && asked.model.starts_with("tts-1") {
        return bad("stream_format", "'sse' is not supported for tts-1 and tts-1-hd.");
    }
    match asked.response_format.as_deref() {
        Some("pcm" | "wav") => Ok(()),
        other => bad(
            "response_format",
            &format!("The simulator has no encoder for '{}' (the default is mp3): ask for 'pcm' or 'wav'.", other.unwrap_or("mp3")),
        ),
    }
}

/// A 500 Hz tone for each word and a short silence after it, which any listener hears as so much speech.
fn sound(text: &str, ms_per_word: f64) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a word's length in samples")]
    let samples = (ms_per_word * f64::from(RATE) / 1000.0) as usize;
    let loud = samples * 4 / 5;
    let word = (0..samples).flat_map(|at| sample(at, loud).to_le_bytes());
    text.split_whitespace().flat_map(|_| word.clone()).collect()
}

fn sample(at: usize, loud: usize) -> i16 {
    match (at < loud, at % 48 < 24) {
        (false, _) => 0,
        (true, true) => 12_000,
        (true, false) => -12_000,
    }
}

fn as_body(format: Option<&str>, sound: &[u8]) -> Response {
    let (kind, head) = match format {
        Some("wav") => ("audio/wav", wav_head()),
        _ => ("audio/pcm", Vec::new()),
    };
    let chunks: Vec<Bytes> = std::iter::once(head)
        .filter(|head| !head.is_empty())
        .map(Bytes::from)
        .chain(sound.chunks(CHUNK).map(Bytes::copy_from_slice))
        .collect();
    let body = Body::from_stream(stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>)));
    ([(CONTENT_TYPE, kind)], body).into_response()
}

/// A header of unknown length, as a stream's is.
fn wav_head() -> Vec<u8> {
    let mut head = Vec::with_capacity(44);
    head.extend_from_slice(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0");
    head.extend_from_slice(&RATE.to_le_bytes());
    head.extend_from_slice(&(RATE * 2).to_le_bytes());
    head.extend_from_slice(b"\x02\0\x10\0data\xff\xff\xff\xff");
    head
}

fn as_events(sound: &[u8], used: u64) -> Response {
    let delta = |chunk: &[u8]| json!({"type": "speech.audio.delta", "audio": base64_simd::STANDARD.encode_to_string(chunk)});
    let said = sound.len() as u64 / CHUNK as u64;
    let done = json!({"type": "speech.audio.done", "usage": {"input_tokens": used, "output_tokens": said, "total_tokens": used + said}});
    let events: Vec<String> = sound.chunks(CHUNK).map(delta).chain([done]).map(|event| format!("data: {event}\n\n")).collect();
    let body = Body::from_stream(stream::iter(events.into_iter().map(Ok::<_, std::io::Error>)));
    ([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], body).into_response()
}
