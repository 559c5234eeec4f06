//! `wss /v1/speak`: text gathers until `Flush`, audio comes faster than it plays, `Clear` forgets.

use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::limits::Minute;
use super::{LONGEST_TEXT, VERSION, model, model_uuid};
use crate::simulator::deepgram::error::{ApiError, Closing};
use crate::simulator::deepgram::front::Admitted;
use crate::simulator::deepgram::outbox::{Flow, Outbox};
use crate::simulator::deepgram::query::{Query, RawQuery};
use crate::simulator::deepgram::sound::{Encoding, Format};
use crate::simulator::deepgram::{Deepgram, Shared};
use crate::simulator::voice;

/// Audio of one frame, milliseconds.
const FRAME_MS: u32 = 100;

/// Opens a socket.
pub async fn open(
    State(deepgram): State<Shared>,
    Extension(admitted): Extension<Admitted>,
    query: RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let asked = Mouth::new(&deepgram, &admitted, &Query(query.0)).and_then(|mouth| Ok((mouth, deepgram.speaking.take()?)));
    let (mouth, place) = match asked {
        Ok(asked) => asked,
        Err(refused) => return refused.respond(&admitted.request_id),
    };
    let tasks = deepgram.stage.tasks.clone();
    upgrade.protocols(["token", "bearer"]).on_upgrade(move |socket| {
        tasks.track_future(async move {
            mouth.serve(socket, &deepgram).await;
            drop(place);
        })
    })
}

/// One conversation.
struct Mouth {
    request_id: String,
    model: String,
    format: Format,
    outbox: Outbox,
    text: String,
    sequence: u64,
    flushes: Minute,
    characters: Minute,
}

impl Mouth {
    fn new(deepgram: &Deepgram, admitted: &Admitted, query: &Query) -> Result<Self, ApiError> {
        let by_default = Format { encoding: Encoding::Linear16, rate: 24_000 };
        Ok(Self {
            request_id: admitted.request_id.clone(),
            model: model(query)?,
            format: Format::of(query)?.unwrap_or(by_default),
            outbox: Outbox::new(admitted.fault.clone()),
            text: String::new(),
            sequence: 0,
            flushes: Minute::new(deepgram.scenario.flushes_per_minute),
            characters: Minute::new(deepgram.scenario.characters_per_minute),
        })
    }

    async fn serve(mut self, mut socket: WebSocket, deepgram: &Deepgram) {
        self.post(&json!({
            "type": "Metadata", "request_id": self.request_id, "model_name": self.model, "model_version": VERSION,
            "model_uuid": model_uuid(&self.model), "additional_model_uuids": [],
        }));
        let too_old = Instant::now() + Duration::from_millis(deepgram.scenario.speak_session_ms);
        let mut ending = false;
        loop {
            tokio::select! {
                biased;
                () = deepgram.stage.stop.cancelled() => return,
                () = self.outbox.due() => if self.outbox.send_next(&mut socket).await == Flow::Over { return },
                () = sleep_until(too_old), if !ending => ending = self.close(Closing::TOO_OLD),
                message = socket.recv(), if !ending => {
                    let Some(Ok(message)) = message else { return };
                    ending = self.take(&message, deepgram);
                }
            }
        }
    }

    /// Whether the socket is ending.
    fn take(&mut self, message: &Message, deepgram: &Deepgram) -> bool {
        match message {
            Message::Text(text) => self.obey(&serde_json::from_str(text).unwrap_or_default(), deepgram),
            Message::Binary(_) => self.close(Closing::NOT_TEXT),
            Message::Close(_) => self.close(Closing::DONE),
            Message::Ping(_) | Message::Pong(_) => false,
        }
    }

    fn obey(&mut self, command: &Value, deepgram: &Deepgram) -> bool {
        match (command["type"].as_str(), command["text"].as_str()) {
            (Some("Speak"), Some(text)) => self.speak(text),
            (Some("Flush"), _) => self.flush(deepgram),
            (Some("Clear"), _) => self.clear(),
            (Some("Close"), _) => self.close(Closing::DONE),
            _ => self.close(Closing::DATA),
        }
    }

    fn speak(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        if length > LONGEST_TEXT {
            return self.close(Closing::TOO_BIG);
        }
        if !self.characters.take(length, Instant::now()) {
            return self.close(Closing::TOO_FAST);
        }
        self.text.push_str(text);
        false
    }

    fn flush(&mut self, deepgram: &Deepgram) -> bool {
        if !self.flushes.take(1, Instant::now()) {
            self.post(&json!({"type": "Warning", "code": "EXCESSIVE_FLUSH", "description": "Too many Flush messages in the last 60 seconds: this one was ignored."}));
            return false;
        }
        let text = std::mem::take(&mut self.text);
        let sound = self.format.write(&voice::encode(&text, deepgram.scenario.ms_per_word));
        let frame = self.format.rate as usize / 1000 * FRAME_MS as usize * self.format.encoding.width();
        let mut after = Duration::from_millis(deepgram.scenario.tts_first_ms);
        for piece in sound.chunks(frame) {
            self.outbox.push(after, Message::Binary(Bytes::copy_from_slice(piece)));
            after += pace(deepgram.scenario.tts_speed);
        }
        self.answer("Flushed");
        false
    }

    fn clear(&mut self) -> bool {
        self.text.clear();
        self.outbox.clear();
        self.answer("Cleared");
        false
    }

    /// `Flushed` and `Cleared` are numbered together.
    fn answer(&mut self, kind: &str) {
        self.post(&json!({"type": kind, "sequence_id": self.sequence}));
        self.sequence += 1;
    }

    fn post(&mut self, message: &Value) {
        self.outbox.push(Duration::ZERO, Message::Text(message.to_string().into()));
    }

    /// Closes without waiting for audio that has not been sent.
    fn close(&mut self, closing: Closing) -> bool {
        self.outbox.clear();
        self.outbox.push(Duration::ZERO, closing.frame());
        true
    }
}

/// From one frame to the next.
fn pace(speed: f64) -> Duration {
    if speed > 0.0 { Duration::from_millis(u64::from(FRAME_MS)).div_f64(speed) } else { Duration::ZERO }
}
