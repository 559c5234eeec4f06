//! `wss /v1/listen`: Nova, which reports windows and endpoints and leaves turns to the client.

use std::time::Duration;

use axum::Extension;
use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ear::Ear;
use super::socket::{Reply, Scribe, Session, serve};
use super::utterance::{NovaOptions, Report, Utterance};
use super::words::{alternative, seconds};
use crate::simulator::deepgram::error::{ApiError, Closing};
use crate::simulator::deepgram::front::Admitted;
use crate::simulator::deepgram::outbox::Outbox;
use crate::simulator::deepgram::query::{Query, RawQuery};
use crate::simulator::deepgram::sound::{Format, read_wav};
use crate::simulator::deepgram::{Deepgram, Shared};

/// The documented default of `endpointing`, milliseconds.
const ENDPOINTING_MS: u64 = 10;

/// Opens a socket.
pub async fn open(
    State(deepgram): State<Shared>,
    Extension(admitted): Extension<Admitted>,
    query: RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let asked = Nova::new(&deepgram, &admitted, &Query(query.0)).and_then(|scribe| Ok((scribe, deepgram.listening.take()?)));
    let (scribe, place) = match asked {
        Ok(asked) => asked,
        Err(refused) => return refused.respond(&admitted.request_id),
    };
    let session = deepgram.session(admitted);
    upgrade.protocols(["token", "bearer"]).on_upgrade(move |socket| {
        deepgram.stage.tasks.track_future(async move {
            serve(socket, scribe, session).await;
            drop(place);
        })
    })
}

impl Deepgram {
    /// The circumstances of a listening socket.
    pub fn session(&self, admitted: Admitted) -> Session {
        Session {
            delay: Duration::from_millis(self.scenario.stt_ms),
            idle: Duration::from_millis(self.scenario.idle_ms),
            outbox: Outbox::new(admitted.fault),
            stop: self.stage.stop.clone(),
        }
    }
}

/// A model of the Nova family and what identifies it on the wire.
#[derive(Debug, Clone)]
pub struct Model {
    name: String,
    arch: String,
}

impl Model {
    /// # Errors
    /// A 400 for a model of another family.
    pub fn of(query: &Query) -> Result<Self, ApiError> {
        let asked = query.text("model").unwrap_or("nova-3");
        let arch = ["nova-3", "nova-2", "nova", "enhanced", "base", "whisper"].into_iter().find(|family| asked.starts_with(family));
        let arch = arch.ok_or_else(|| ApiError::bad_request("Bad Request: No such model/language/tier combination found."))?;
        let part = asked.strip_prefix(arch).unwrap_or_default().trim_start_matches('-');
        let domain = if part.is_empty() { "general" } else { part };
        if arch != "nova-3" && query.text("keyterm").is_some() {
            return Err(ApiError::bad_request("Keyterms are only supported with Nova-3 models."));
        }
        Ok(Self { name: format!("{domain}-{arch}"), arch: arch.to_owned() })
    }

    /// `model_info`.
    pub fn info(&self) -> Value {
        json!({"name": self.name, "version": "2025-04-17.0", "arch": self.arch})
    }

    /// `model_uuid`.
    pub fn uuid(&self) -> String {
        crate::simulator::dice::Ids::new(0, &self.name).uuid()
    }
}

/// One conversation.
struct Nova {
    request_id: String,
    model: Model,
    confidence: f64,
    punctuated: bool,
    stand_in: String,
    endpointing_ms: Option<u64>,
    ear: Option<Ear>,
    utterance: Utterance,
    digest: Sha256,
}

impl Nova {
    fn new(deepgram: &Deepgram, admitted: &Admitted, query: &Query) -> Result<Self, ApiError> {
        let (scenario, options) = (&deepgram.scenario, options(query, deepgram.scenario.interim_ms)?);
        let endpointing_ms = options.endpointing_ms;
        let format = Format::of(query)?;
        if query.number("channels", 1..=16)?.unwrap_or(1) != 1 {
            return Err(ApiError::bad_request("The simulator streams one channel: 'channels' must be 1."));
        }
        Ok(Self {
            request_id: admitted.request_id.clone(),
            model: Model::of(query)?,
            confidence: scenario.confidence,
            punctuated: query.flag("smart_format")? || query.flag("punctuate")?,
            stand_in: scenario.stand_in.clone(),
            endpointing_ms,
            ear: format.map(|format| Ear::new(format, &scenario.stand_in, endpointing_ms.unwrap_or(ENDPOINTING_MS))),
            utterance: Utterance::new(options),
            digest: Sha256::new(),
        })
    }

    /// Audio that says what it is: a WAV header in the first frame.
    fn sniff<'a>(&mut self, audio: &'a [u8]) -> Option<&'a [u8]> {
        let wav = read_wav(audio).filter(|wav| wav.channels == 1)?;
        self.ear = Some(Ear::new(wav.format, &self.stand_in, self.endpointing_ms.unwrap_or(ENDPOINTING_MS)));
        Some(wav.data)
    }

    fn now_ms(&self) -> u64 {
        self.ear.as_ref().map_or(0, Ear::position_ms)
    }

    fn shown(&self, report: &Report) -> Value {
        match report {
            Report::SpeechStarted { at_ms } => json!({"type": "SpeechStarted", "channel": [0, 1], "timestamp": seconds(*at_ms)}),
            Report::UtteranceEnd { last_word_end_ms } => {
                json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": seconds(*last_word_end_ms)})
            }
            Report::Results { start_ms, end_ms, words, is_final, speech_final, from_finalize } => json!({
                "type": "Results", "channel_index": [0, 1], "start": seconds(*start_ms), "duration": seconds(end_ms - start_ms),
                "is_final": is_final, "speech_final": speech_final, "from_finalize": from_finalize,
                "channel": {"alternatives": [alternative(words, self.punctuated, self.confidence)]},
                "metadata": {"request_id": self.request_id, "model_uuid": self.model.uuid(), "model_info": self.model.info()},
            }),
        }
    }

    fn configure(&self, command: &Value) -> Value {
        if self.model.arch != "nova-3" && command.get("keyterms").is_some() {
            let why = "Keyterms are only supported with Nova-3 models.";
            return json!({"type": "ConfigureFailure", "request_id": self.request_id, "code": "CONFIGURE_KEYTERMS_NOT_SUPPORTED", "description": why});
        }
        let mut success = json!({"type": "ConfigureSuccess", "request_id": self.request_id});
        if let Some(keyterms) = command.get("keyterms") {
            success["keyterms"] = keyterms.clone();
        }
        success
    }

    fn metadata(&self) -> Value {
        let duration = self.now_ms();
        json!({
            "type": "Metadata", "transaction_key": "deprecated", "request_id": self.request_id, "sha256": hex::encode(self.digest.clone().finalize()),
            "created": jiff::Timestamp::now().to_string(), "duration": seconds(duration), "channels": u8::from(duration > 0),
        })
    }
}

fn options(query: &Query, interim_ms: u64) -> Result<NovaOptions, ApiError> {
    let interim = query.flag("interim_results")?;
    let utterance_end_ms = query.number("utterance_end_ms", 1000..=60_000)?;
    if utterance_end_ms.is_some() && !interim {
        return Err(ApiError::bad_request("Invalid query parameter: 'utterance_end_ms' requires 'interim_results=true'."));
    }
    let endpointing_ms = match query.text("endpointing") {
        Some("false") => None,
        Some("true") | None => Some(ENDPOINTING_MS),
        Some(_) => query.number("endpointing", 0..=60_000)?,
    };
    Ok(NovaOptions { interim, interim_ms, endpointing_ms, utterance_end_ms, vad_events: query.flag("vad_events")? })
}

impl Scribe for Nova {
    fn opened(&mut self) -> Vec<Value> {
        Vec::new()
    }

    fn hear(&mut self, audio: &[u8]) -> Reply {
        self.digest.update(audio);
        let sound = if self.ear.is_none() { self.sniff(audio) } else { Some(audio) };
        let (Some(sound), Some(ear)) = (sound, &mut self.ear) else { return Reply { say: Vec::new(), close: Some(Closing::DATA) } };
        let reports: Vec<Report> = ear.hear(sound).into_iter().flat_map(|heard| self.utterance.hear(heard)).collect();
        Reply::say(reports.iter().map(|report| self.shown(report)).collect())
    }

    fn told(&mut self, text: &str) -> Reply {
        let command: Value = serde_json::from_str(text).unwrap_or_default();
        match command["type"].as_str() {
            Some("KeepAlive") => Reply::default(),
            Some("Finalize") => {
                let report = self.utterance.finalize(self.now_ms());
                Reply::say(report.iter().map(|report| self.shown(report)).collect())
            }
            Some("CloseStream") => self.finish(),
            Some("Configure") => Reply::say(vec![self.configure(&command)]),
            _ => Reply::say(vec![json!({
                "type": "Error", "variant": "SchemaError", "message": "The message is not a known command.",
                "description": "Could not deserialize last text message: unknown variant.",
            })]),
        }
    }

    fn finish(&mut self) -> Reply {
        let last = self.utterance.finish(self.now_ms());
        let say = last.iter().map(|report| self.shown(report)).chain([self.metadata()]).collect();
        Reply { say, close: Some(Closing::DONE) }
    }
}
