//! `POST /v1/listen`: a whole recording at once, a WAV file or raw audio.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ear::{Ear, What};
use super::nova::Model;
use super::words::{Word, alternative, seconds, transcript};
use crate::simulator::deepgram::Shared;
use crate::simulator::deepgram::error::ApiError;
use crate::simulator::deepgram::front::Admitted;
use crate::simulator::deepgram::query::{Query, RawQuery};
use crate::simulator::deepgram::scenario::DeepgramScenario;
use crate::simulator::deepgram::sound::{Format, Wav, read_wav};

/// Silence between utterances, milliseconds, unless `utt_split` says otherwise.
const SPLIT_MS: u64 = 800;

/// Transcribes a recording.
pub async fn transcribe(
    State(deepgram): State<Shared>,
    Extension(admitted): Extension<Admitted>,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let answer = if is_json {
        Err(ApiError::bad_request("The simulator fetches no remote audio: send the bytes."))
    } else {
        answer(&deepgram.scenario, &admitted.request_id, &Query(query.0), &body)
    };
    answer.map_or_else(|refused| refused.respond(&admitted.request_id), |answer| Json(answer).into_response())
}

fn answer(scenario: &DeepgramScenario, request_id: &str, query: &Query, body: &[u8]) -> Result<Value, ApiError> {
    let model = Model::of(query)?;
    let punctuated = query.flag("smart_format")? || query.flag("punctuate")?;
    let wav = sound(query, body)?;
    let listened = if query.flag("multichannel")? { wav.channels } else { 1 };
    let heard: Vec<Vec<Word>> = (0..listened).map(|channel| words(scenario, &wav, channel)).collect();
    let channels: Vec<Value> =
        heard.iter().map(|words| json!({"alternatives": [alternative(words, punctuated, scenario.confidence)]})).collect();
    let mut results = json!({"channels": channels});
    if query.flag("utterances")? {
        let split = query
            .number("utt_split", 0.0..=60.0)?
            .map_or(SPLIT_MS, |split: f64| std::time::Duration::from_secs_f64(split).as_millis().try_into().unwrap_or(SPLIT_MS));
        results["utterances"] = utterances(&heard, split, punctuated, scenario.confidence);
    }
    let bytes_a_second = wav.format.rate as usize * wav.format.encoding.width() * wav.channels;
    Ok(json!({"metadata": metadata(request_id, &model, body, listened, wav.data.len() * 1000 / bytes_a_second), "results": results}))
}

fn sound<'b>(query: &Query, body: &'b [u8]) -> Result<Wav<'b>, ApiError> {
    let channels = query.number("channels", 1..=16)?.unwrap_or(1);
    let raw = Format::of(query)?.map(|format| Wav { format, channels, data: body });
    let undecodable = || ApiError::bad_request("Bad Request: failed to process audio: corrupt or unsupported data");
    read_wav(body).or(raw).filter(|wav| !wav.data.is_empty()).ok_or_else(undecodable)
}

fn words(scenario: &DeepgramScenario, wav: &Wav<'_>, channel: usize) -> Vec<Word> {
    let width = wav.format.encoding.width();
    let one: Vec<u8> =
        wav.data.chunks_exact(width * wav.channels).flat_map(|frame| &frame[channel * width..(channel + 1) * width]).copied().collect();
    let heard = Ear::new(wav.format, &scenario.stand_in, SPLIT_MS).hear(&one);
    heard.into_iter().filter_map(|heard| if let What::Words(words) = heard.what { Some(words) } else { None }).flatten().collect()
}

fn utterances(channels: &[Vec<Word>], split_ms: u64, punctuated: bool, confidence: f64) -> Value {
    let mut all: Vec<(u64, Value)> = Vec::new();
    for (channel, words) in channels.iter().enumerate() {
        for said in words.chunk_by(|before, after| after.start_ms.saturating_sub(before.end_ms) < split_ms) {
            let (start, end) = (said[0].start_ms, said[said.len() - 1].end_ms);
            let id = crate::simulator::dice::Ids::new(start, &channel.to_string()).uuid();
            let listed = alternative(said, punctuated, confidence);
            all.push((
                start,
                json!({
                    "start": seconds(start), "end": seconds(end), "confidence": confidence, "channel": channel, "id": id,
                    "transcript": transcript(said, punctuated), "words": listed["words"],
                }),
            ));
        }
    }
    all.sort_by_key(|(start, _)| *start);
    all.into_iter().map(|(_, utterance)| utterance).collect()
}

fn metadata(request_id: &str, model: &Model, body: &[u8], channels: usize, duration_ms: usize) -> Value {
    json!({
        "transaction_key": "deprecated", "request_id": request_id, "sha256": hex::encode(Sha256::digest(body)),
        "created": jiff::Timestamp::now().to_string(), "duration": seconds(duration_ms as u64), "channels": channels,
        "models": [model.uuid()], "model_info": {model.uuid(): model.info()},
    })
}
