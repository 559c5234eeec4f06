//! `POST /v1/speak`: one text, one body of audio. A WAV header comes first unless `container=none` is asked for.

use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;

use super::{LONGEST_TEXT, model, model_uuid};
use crate::simulator::deepgram::error::ApiError;
use crate::simulator::deepgram::front::Admitted;
use crate::simulator::deepgram::query::{Query, RawQuery};
use crate::simulator::deepgram::sound::{Encoding, Format, wav_head};
use crate::simulator::deepgram::{Deepgram, Shared};
use crate::simulator::voice;

/// Bytes of one chunk.
const CHUNK: usize = 4000;

/// Speaks a text.
pub async fn speak(State(deepgram): State<Shared>, Extension(admitted): Extension<Admitted>, query: RawQuery, body: Bytes) -> Response {
    match answer(&deepgram, &Query(query.0), &body) {
        Ok(response) => {
            tokio::time::sleep(Duration::from_millis(deepgram.scenario.tts_first_ms)).await;
            response
        }
        Err(refused) => refused.respond(&admitted.request_id),
    }
}

fn answer(deepgram: &Deepgram, query: &Query, body: &[u8]) -> Result<Response, ApiError> {
    let (model, (format, wrapped)) = (model(query)?, output(query)?);
    let text = text(body)?;
    let sound = format.write(&voice::encode(&text, deepgram.scenario.ms_per_word));
    let head = if wrapped { wav_head(format) } else { Vec::new() };
    let chunks: Vec<Bytes> = std::iter::once(head)
        .filter(|head| !head.is_empty())
        .map(Bytes::from)
        .chain(sound.chunks(CHUNK).map(Bytes::copy_from_slice))
        .collect();
    let mut response = Body::from_stream(stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>))).into_response();
    let headers = [
        (CONTENT_TYPE, content_type(format, wrapped)),
        (HeaderName::from_static("dg-model-uuid"), model_uuid(&model)),
        (HeaderName::from_static("dg-model-name"), model),
        (HeaderName::from_static("dg-char-count"), text.chars().count().to_string()),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// The encoding, and whether it is wrapped in a WAV.
fn output(query: &Query) -> Result<(Format, bool), ApiError> {
    let encoding = match query.text("encoding") {
        None | Some("linear16") => Encoding::Linear16,
        Some("mulaw") => Encoding::Mulaw,
        Some(other) => {
            return Err(ApiError::bad_request(format!("The simulator has no encoder for '{other}': ask for 'linear16' or 'mulaw'.")));
        }
    };
    let by_default = if encoding == Encoding::Mulaw { 8000 } else { 24_000 };
    let rate = query.number("sample_rate", 8000..=48_000)?.unwrap_or(by_default);
    match query.text("container") {
        None | Some("wav") => Ok((Format { encoding, rate }, true)),
        Some("none") => Ok((Format { encoding, rate }, false)),
        Some(other) => Err(ApiError::bad_request(format!("Unsupported container '{other}' for encoding '{}'.", encoding.word()))),
    }
}

fn content_type(format: Format, wrapped: bool) -> String {
    match (wrapped, format.encoding) {
        (true, _) => "audio/wav".to_owned(),
        (false, Encoding::Mulaw) => format!("audio/mulaw;rate={}", format.rate),
        (false, Encoding::Linear16) => format!("audio/l16;rate={}", format.rate),
    }
}

/// Exactly one of `text` and `url`; the simulator fetches nothing.
fn text(body: &[u8]) -> Result<String, ApiError> {
    let raw: Value = serde_json::from_slice(body).map_err(|_| ApiError::bad_request("Could not parse the request body as JSON."))?;
    let fields = raw.as_object().map_or(0, serde_json::Map::len);
    let text = raw["text"].as_str().filter(|_| fields == 1).ok_or_else(|| {
        ApiError::bad_request(
            "Failed to deserialize the JSON body: expected exactly one of 'text' and 'url', and the simulator takes 'text'.",
        )
    })?;
    if text.trim().is_empty() {
        return Err(ApiError::bad_request("Input text contains no characters."));
    }
    if text.chars().count() > LONGEST_TEXT {
        let message = format!("Input text exceeds maximum character limit of {LONGEST_TEXT}.");
        return Err(ApiError { status: StatusCode::PAYLOAD_TOO_LARGE, code: "Payload Too Large", message });
    }
    Ok(text.to_owned())
}
