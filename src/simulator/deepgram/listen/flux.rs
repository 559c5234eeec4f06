//! `wss /v2/listen`: Flux, which finds the turns itself.

use axum::Extension;
use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::ear::Ear;
use super::socket::{Reply, Scribe, serve};
use super::turn::{Curve, Event, FluxOptions, Report, Turn};
use super::words::{Word, seconds, transcript};
use crate::simulator::deepgram::error::{ApiError, Closing};
use crate::simulator::deepgram::front::Admitted;
use crate::simulator::deepgram::query::{Query, RawQuery};
use crate::simulator::deepgram::sound::Format;
use crate::simulator::deepgram::{Deepgram, Shared};

const MODELS: [&str; 2] = ["flux-general-en", "flux-general-multi"];
const EOT_THRESHOLD: f64 = 0.7;
const EOT_TIMEOUT_MS: u64 = 5000;
const EOT_LIMITS: std::ops::RangeInclusive<f64> = 0.5..=1.0;
const EAGER_LIMITS: std::ops::RangeInclusive<f64> = 0.3..=0.9;
const TIMEOUT_LIMITS: std::ops::RangeInclusive<u64> = 500..=60_000;

/// Opens a socket.
pub async fn open(
    State(deepgram): State<Shared>,
    Extension(admitted): Extension<Admitted>,
    query: RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let asked = Flux::new(&deepgram, &admitted, &Query(query.0)).and_then(|scribe| Ok((scribe, deepgram.listening.take()?)));
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

/// One conversation.
struct Flux {
    request_id: String,
    sequence: u64,
    confidence: f64,
    ear: Ear,
    turn: Turn,
    keyterms: Vec<String>,
    language_hints: Vec<String>,
}

impl Flux {
    fn new(deepgram: &Deepgram, admitted: &Admitted, query: &Query) -> Result<Self, ApiError> {
        let scenario = &deepgram.scenario;
        if !MODELS.contains(&query.required("model")?) {
            return Err(ApiError::bad_request(format!("Bad Request: No such model: /v2/listen takes {MODELS:?}.")));
        }
        let language_hints = query.all("language_hint");
        if !language_hints.is_empty() && query.text("model") != Some(MODELS[1]) {
            return Err(ApiError::bad_request("Invalid query parameter: 'language_hint' needs flux-general-multi."));
        }
        let format = Format::of(query)?.ok_or_else(|| ApiError::bad_request("The simulator's Flux needs 'encoding' and 'sample_rate'."))?;
        Ok(Self {
            request_id: admitted.request_id.clone(),
            sequence: 0,
            confidence: scenario.confidence,
            ear: Ear::new(format, &scenario.stand_in, scenario.eot_silence_ms),
            turn: Turn::new(FluxOptions {
                curve: Curve { eager_ms: scenario.eager_silence_ms, end_ms: scenario.eot_silence_ms },
                eot_threshold: query.number("eot_threshold", EOT_LIMITS)?.unwrap_or(EOT_THRESHOLD),
                eager_eot_threshold: query.number("eager_eot_threshold", EAGER_LIMITS)?,
                eot_timeout_ms: query.number("eot_timeout_ms", TIMEOUT_LIMITS)?.unwrap_or(EOT_TIMEOUT_MS),
                update_ms: scenario.update_ms,
            }),
            keyterms: query.all("keyterm"),
            language_hints,
        })
    }

    /// Numbers a message: the sequence runs over all of them.
    fn numbered(&mut self, mut message: Value) -> Value {
        message["sequence_id"] = self.sequence.into();
        self.sequence += 1;
        message
    }

    fn shown(&mut self, report: &Report) -> Value {
        let (event, trigger) = match report.event {
            Event::Update => ("Update", None),
            Event::StartOfTurn => ("StartOfTurn", None),
            Event::EagerEndOfTurn => ("EagerEndOfTurn", None),
            Event::TurnResumed => ("TurnResumed", None),
            Event::EndOfTurn(trigger) => ("EndOfTurn", Some(trigger)),
        };
        let word = |word: &Word| json!({"word": word.text, "confidence": self.confidence, "start": seconds(word.start_ms), "end": seconds(word.end_ms)});
        let mut message = json!({
            "type": "TurnInfo", "request_id": self.request_id, "event": event, "turn_index": report.turn_index,
            "audio_window_start": seconds(report.window_ms.0), "audio_window_end": seconds(report.window_ms.1),
            "transcript": transcript(&report.words, true), "words": report.words.iter().map(word).collect::<Vec<_>>(),
            "end_of_turn_confidence": report.confidence,
        });
        if let Some(trigger) = trigger {
            message["trigger"] = trigger.into();
        }
        if !self.language_hints.is_empty() {
            message["languages_hinted"] = self.language_hints.as_slice().into();
        }
        self.numbered(message)
    }

    fn configure(&mut self, command: &Value) -> Value {
        let changed = self.change_thresholds(command["thresholds"].as_object().unwrap_or(&Map::new()));
        if let Err(why) = changed {
            let failure =
                json!({"type": "ConfigureFailure", "request_id": self.request_id, "code": "INVALID_THRESHOLDS", "description": why});
            return self.numbered(failure);
        }
        let texts = |value: &Value| value.as_array().map(|all| all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect());
        self.keyterms = texts(&command["keyterms"]).unwrap_or_else(|| std::mem::take(&mut self.keyterms));
        self.language_hints = texts(&command["language_hints"]).unwrap_or_else(|| std::mem::take(&mut self.language_hints));
        let options = *self.turn.options_mut();
        self.numbered(json!({
            "type": "ConfigureSuccess", "request_id": self.request_id, "keyterms": self.keyterms, "language_hints": self.language_hints,
            "thresholds": {"eot_threshold": options.eot_threshold, "eager_eot_threshold": options.eager_eot_threshold, "eot_timeout_ms": options.eot_timeout_ms},
        }))
    }

    /// All of them, or none.
    fn change_thresholds(&mut self, asked: &Map<String, Value>) -> Result<(), String> {
        let options = self.turn.options_mut();
        let mut changed = *options;
        for (name, value) in asked {
            let number = value.as_f64();
            let refused = || format!("'{name}' is out of range.");
            match name.as_str() {
                "eot_threshold" => changed.eot_threshold = number.filter(|number| EOT_LIMITS.contains(number)).ok_or_else(refused)?,
                "eager_eot_threshold" if value.is_null() => changed.eager_eot_threshold = None,
                "eager_eot_threshold" => {
                    changed.eager_eot_threshold = Some(number.filter(|number| EAGER_LIMITS.contains(number)).ok_or_else(refused)?);
                }
                "eot_timeout_ms" => changed.eot_timeout_ms = value.as_u64().filter(|ms| TIMEOUT_LIMITS.contains(ms)).ok_or_else(refused)?,
                _ => return Err(format!("'{name}' is not a threshold.")),
            }
        }
        *options = changed;
        Ok(())
    }
}

impl Scribe for Flux {
    fn opened(&mut self) -> Vec<Value> {
        let connected = json!({"type": "Connected", "request_id": self.request_id});
        vec![self.numbered(connected)]
    }

    fn hear(&mut self, audio: &[u8]) -> Reply {
        let heard = self.ear.hear(audio);
        let reports: Vec<Report> = heard.into_iter().flat_map(|heard| self.turn.hear(heard)).collect();
        Reply::say(reports.iter().map(|report| self.shown(report)).collect())
    }

    fn told(&mut self, text: &str) -> Reply {
        let command: Value = serde_json::from_str(text).unwrap_or_default();
        match command["type"].as_str() {
            // Not part of this protocol, but harmless.
            Some("KeepAlive") => Reply::default(),
            Some("ForceEndTurn") => {
                let report = self.turn.force_end(self.ear.position_ms());
                Reply::say(report.iter().map(|report| self.shown(report)).collect())
            }
            Some("Configure") => Reply::say(vec![self.configure(&command)]),
            Some("CloseStream") => self.finish(),
            _ => {
                let error =
                    json!({"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE", "description": "The message is not a known command."});
                Reply { say: vec![self.numbered(error)], close: Some(Closing::DATA) }
            }
        }
    }

    fn finish(&mut self) -> Reply {
        let last = self.turn.finish(self.ear.position_ms());
        Reply { say: last.iter().map(|report| self.shown(report)).collect(), close: Some(Closing::DONE) }
    }
}
