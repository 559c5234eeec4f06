//! What a scenario file may say about the Deepgram server: keys, pace, limits and faults.

use serde::Deserialize;

use super::faults::Fault;

/// The `[deepgram]` table of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeepgramScenario {
    /// Keys that are accepted; none listed means any key is.
    pub keys: Vec<String>,
    /// What is "heard" in sound that carries no words.
    pub stand_in: String,
    /// The confidence of every word and transcript, 0–1.
    pub confidence: f64,
    /// From the audio's arrival to the report about it, milliseconds.
    pub stt_ms: u64,
    /// Nova: interim results come no closer than this, milliseconds of audio.
    pub interim_ms: u64,
    /// Flux: the silence at which the end of a turn reaches confidence 0.7, milliseconds.
    pub eot_silence_ms: u64,
    /// Flux: the silence at which it reaches 0.5, milliseconds.
    pub eager_silence_ms: u64,
    /// Flux: an `Update` after so much audio without another event, milliseconds.
    pub update_ms: u64,
    /// A socket that receives nothing for so long is closed, milliseconds of the clock.
    pub idle_ms: u64,
    /// How long a spoken word of average length sounds, milliseconds.
    pub ms_per_word: u32,
    /// From `Flush` (or the request) to the first audio, milliseconds.
    pub tts_first_ms: u64,
    /// How many times faster than it plays audio is delivered; 0 is at once.
    pub tts_speed: f64,
    /// A speaking socket is closed after so long, milliseconds.
    pub speak_session_ms: u64,
    /// `Flush` messages a socket may send in a minute; the rest is ignored with a warning.
    pub flushes_per_minute: usize,
    /// Characters a socket may send in a minute; beyond it is closed.
    pub characters_per_minute: usize,
    /// Listening sockets at a time; beyond them 429.
    pub listen_limit: Option<usize>,
    /// Speaking sockets at a time; beyond them 429.
    pub speak_limit: Option<usize>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

impl Default for DeepgramScenario {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            stand_in: "I see.".to_owned(),
            confidence: 0.98,
            stt_ms: 0,
            interim_ms: 1000,
            eot_silence_ms: 200,
            eager_silence_ms: 100,
            update_ms: 250,
            idle_ms: 10_000,
            ms_per_word: 300,
            tts_first_ms: 0,
            tts_speed: 20.0,
            speak_session_ms: 3_600_000,
            flushes_per_minute: 20,
            characters_per_minute: 2400,
            listen_limit: None,
            speak_limit: None,
            faults: Vec::new(),
        }
    }
}
