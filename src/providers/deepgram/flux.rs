//! Flux (`/v2/listen`): the service finds the turns itself; its events map one to one.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::providers::{Again, EarsOptions, Heard, ProviderError};

use super::turns::{Capped, TurnCap, Turns, Word, silence};
use super::{TurnSettings, error, with_query};

const FORCE_END: &str = r#"{"type":"ForceEndTurn"}"#;

/// The request line of the handshake. Only the multilingual model takes a language.
#[must_use]
pub fn path(options: &EarsOptions, turns: &TurnSettings) -> String {
    let fixed = [("model", options.model.clone()), ("encoding", "mulaw".into()), ("sample_rate", "8000".into())];
    let multi = options.model.ends_with("multi") && !options.language.is_empty();
    let optional = [
        ("language_hint", multi.then(|| options.language.clone())),
        ("eot_threshold", turns.eot_threshold.map(|t| t.to_string())),
        ("eager_eot_threshold", turns.eager_eot_threshold.map(|t| t.to_string())),
        ("eot_timeout_ms", turns.eot_timeout.map(|t| t.as_millis().to_string())),
    ];
    let terms = options.keyterms.iter().map(|term| ("keyterm", term.clone()));
    let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
    with_query("/v2/listen", fixed.into_iter().chain(optional).chain(terms))
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Message {
    TurnInfo(TurnInfo),
    Error {
        #[serde(default)]
        code: String,
        #[serde(default)]
        description: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct TurnInfo {
    event: String,
    turn_index: u64,
    #[serde(default)]
    transcript: String,
    end_of_turn_confidence: Option<f32>,
    #[serde(default)]
    audio_window_end: f64,
    #[serde(default)]
    words: Vec<Word>,
}

/// The running turn of a Flux stream.
#[derive(Debug)]
pub struct FluxTurns {
    /// Turns below this are over; whatever still comes for them is late.
    next: u64,
    /// The running turn's number and words.
    running: Option<(u64, String)>,
    /// An early end was reported and not taken back.
    eager: bool,
    cap: TurnCap,
}

impl FluxTurns {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(settings: &TurnSettings) -> Self {
        Self { next: 0, running: None, eager: false, cap: TurnCap::new(settings.longest, settings.patience) }
    }

    fn turn(&mut self, info: &TurnInfo, now: Instant, heard: &mut Vec<Heard>) {
        if info.turn_index < self.next {
            return;
        }
        let text = info.transcript.trim().to_owned();
        let news = self.running.as_ref().is_none_or(|(_, words)| *words != text);
        if !text.is_empty() {
            self.cap.words(now);
        }
        self.running = Some((info.turn_index, text.clone()));
        match info.event.as_str() {
            "StartOfTurn" => heard.push(Heard::SpeechStarted),
            "EagerEndOfTurn" if !text.is_empty() => {
                self.eager = true;
                return heard.push(Heard::EagerEnd { text });
            }
            "TurnResumed" if std::mem::take(&mut self.eager) => heard.push(Heard::Resumed),
            "EndOfTurn" => {
                let silence = silence(info.words.last().and_then(|word| word.end), info.audio_window_end);
                return self.end(info.end_of_turn_confidence, silence, heard);
            }
            _ => {}
        }
        if news && !text.is_empty() {
            heard.push(Heard::Interim { text });
        }
    }

    /// Ends the running turn; a turn without words is none.
    fn end(&mut self, confidence: Option<f32>, silence: Option<Duration>, heard: &mut Vec<Heard>) {
        if let Some((turn, text)) = self.running.take() {
            self.next = turn + 1;
            if !text.is_empty() {
                heard.push(Heard::EndOfTurn { text, confidence, silence });
            }
        }
        self.eager = false;
        self.cap.reset();
    }
}

impl Turns for FluxTurns {
    fn read(&mut self, text: &str, now: Instant, heard: &mut Vec<Heard>) -> Result<(), ProviderError> {
        match serde_json::from_str(text) {
            Ok(Message::TurnInfo(info)) => self.turn(&info, now, heard),
            Ok(Message::Error { code, description }) => {
                let again = if code.starts_with("INTERNAL") { Again::Yes } else { Again::No };
                return Err(error::reported(&code, &description, again));
            }
            Ok(Message::Other) => {}
            Err(_) => tracing::warn!(provider = super::PROVIDER, "unreadable message from the listening service"),
        }
        Ok(())
    }

    fn hurry(&mut self, now: Instant, heard: &mut Vec<Heard>) -> Option<&'static str> {
        match self.cap.check(now) {
            Capped::Wait => None,
            Capped::Ask => Some(FORCE_END),
            Capped::Force => {
                self.end(None, None, heard);
                None
            }
        }
    }

    fn is_running(&self) -> bool {
        self.cap.is_running()
    }

    fn finish(&mut self, heard: &mut Vec<Heard>) {
        self.end(None, None, heard);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn info(event: &str, turn: u64, text: &str) -> String {
        json!({
            "type": "TurnInfo", "request_id": "x", "sequence_id": 7, "event": event, "turn_index": turn, "audio_window_start": 0.0,
            "audio_window_end": 2.4, "transcript": text, "words": [], "end_of_turn_confidence": 0.5
        })
        .to_string()
    }

    fn turns() -> FluxTurns {
        FluxTurns::new(&TurnSettings::default())
    }

    fn hear(turns: &mut FluxTurns, messages: &[String]) -> Vec<Heard> {
        let mut heard = Vec::new();
        for message in messages {
            turns.read(message, Instant::now(), &mut heard).unwrap();
        }
        heard
    }

    fn end(text: &str) -> Heard {
        Heard::EndOfTurn { text: text.into(), confidence: Some(0.5), silence: None }
    }

    #[test]
    fn events_map_one_to_one() {
        let messages = [
            r#"{"type":"Connected","request_id":"x","sequence_id":0}"#.to_owned(),
            info("StartOfTurn", 0, "Yes,"),
            info("Update", 0, "Yes, that"),
            info("Update", 0, "Yes, that"),
            info("EagerEndOfTurn", 0, "Yes, that works."),
            info("TurnResumed", 0, "Yes, that works."),
            info("EagerEndOfTurn", 0, "Yes, that works. But"),
            info("EndOfTurn", 0, "Yes, that works. But"),
        ];
        let expected = [
            Heard::SpeechStarted,
            Heard::Interim { text: "Yes,".into() },
            Heard::Interim { text: "Yes, that".into() },
            Heard::EagerEnd { text: "Yes, that works.".into() },
            Heard::Resumed,
            Heard::EagerEnd { text: "Yes, that works. But".into() },
            end("Yes, that works. But"),
        ];
        assert_eq!(hear(&mut turns(), &messages), expected);
    }

    #[test]
    fn late_copies_of_an_ended_turn_are_nothing() {
        let mut turns = turns();
        assert_eq!(hear(&mut turns, &[info("EndOfTurn", 0, "Hi."), info("EndOfTurn", 0, "Hi."), info("Update", 0, "Hi.")]), [end("Hi.")]);
        assert_eq!(hear(&mut turns, &[info("EndOfTurn", 1, "Hi.")]), [end("Hi.")]);
    }

    #[test]
    fn a_turn_without_words_is_none() {
        let messages = [info("StartOfTurn", 0, ""), info("TurnResumed", 0, ""), info("EndOfTurn", 0, " ")];
        assert_eq!(hear(&mut turns(), &messages), [Heard::SpeechStarted]);
    }

    #[test]
    fn an_endless_turn_is_ended() {
        let (mut turns, mut heard, now) = (turns(), Vec::new(), Instant::now());
        turns.read(&info("Update", 0, "la la"), now, &mut heard).unwrap();
        heard.clear();
        assert_eq!(turns.hurry(now + Duration::from_secs(30), &mut heard), Some(FORCE_END));
        assert_eq!(turns.hurry(now + Duration::from_secs(31), &mut heard), None);
        assert_eq!(heard, [Heard::EndOfTurn { text: "la la".into(), confidence: None, silence: None }]);
        assert_eq!(hear(&mut turns, &[info("EndOfTurn", 0, "la la")]), []);
    }

    #[test]
    fn errors_say_whether_to_reconnect() {
        let again = |code: &str| {
            let text = json!({"type": "Error", "sequence_id": 9, "code": code, "description": "x"}).to_string();
            turns().read(&text, Instant::now(), &mut Vec::new()).unwrap_err().again
        };
        assert_eq!((again("INTERNAL_SERVER_ERROR"), again("BAD_REQUEST")), (Again::Yes, Again::No));
    }

    #[test]
    fn asks_for_telephone_audio() {
        let options = EarsOptions { model: "flux-general-en".into(), language: "en".into(), keyterms: vec!["Acme".into()] };
        let settings =
            TurnSettings { eager_eot_threshold: Some(0.4), eot_timeout: Some(Duration::from_secs(3)), ..TurnSettings::default() };
        let expected =
            "/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000&eager_eot_threshold=0.4&eot_timeout_ms=3000&keyterm=Acme";
        assert_eq!(path(&options, &settings), expected);
        let multi = EarsOptions { model: "flux-general-multi".into(), language: "de".into(), keyterms: vec![] };
        assert!(path(&multi, &TurnSettings::default()).ends_with("&language_hint=de"));
    }

    #[test]
    fn the_silence_before_the_end_is_told_where_words_have_times() {
        let timed = info("EndOfTurn", 0, "Hi.").replace(r#""words":[]"#, r#""words":[{"word":"Hi.","end":2.0}]"#);
        let expected = Heard::EndOfTurn { text: "Hi.".into(), confidence: Some(0.5), silence: Some(Duration::from_millis(400)) };
        assert_eq!(hear(&mut turns(), &[timed]).last(), Some(&expected));
    }
}
