//! An ear: bytes in, words and silences out, on the time of the audio.

use super::words::Word;
use crate::simulator::deepgram::sound::{Format, Reader};
use crate::simulator::voice::{Decoder, Event};

/// Silence is reported in steps of this, so that an end is found on time however much audio came at once.
const TICK_MS: u64 = 10;
/// Sound without words counts as speech from this long on; anything shorter is a click.
const SPEECH_MS: u64 = 100;

/// What is heard at a moment of the audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The moment, milliseconds from the stream's start.
    pub at_ms: u64,
    /// What it is.
    pub what: What,
}

/// What is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A voice begins a word.
    Voice,
    /// The words that have just ended.
    Words(Vec<Word>),
    /// A little more silence.
    Silence {
        /// How much.
        ms: u64,
    },
}

/// The ear.
#[derive(Debug)]
pub struct Ear {
    reader: Reader,
    decoder: Decoder,
    stand_in: String,
    /// A silence of this length ends an utterance: the next voice without words is a new one.
    gap_ms: u64,
    now_ms: u64,
    word_began: u64,
    noise_began: u64,
    noise_ms: u64,
    quiet_ms: u64,
    stood_in: bool,
}

impl Ear {
    /// Hears a stream; `stand_in` is what it makes of a voice without words, `gap_ms` the silence that ends an utterance.
    pub fn new(format: Format, stand_in: &str, gap_ms: u64) -> Self {
        Self {
            reader: Reader::new(format),
            decoder: Decoder::default(),
            stand_in: stand_in.to_owned(),
            gap_ms,
            now_ms: 0,
            word_began: 0,
            noise_began: 0,
            noise_ms: 0,
            quiet_ms: 0,
            stood_in: false,
        }
    }

    /// Hears the next piece.
    pub fn hear(&mut self, piece: &[u8]) -> Vec<Heard> {
        let audio = self.reader.read(piece);
        let events = self.decoder.feed(&audio);
        events.into_iter().flat_map(|event| self.judge(event)).collect()
    }

    /// How much audio has been judged, milliseconds.
    pub fn position_ms(&self) -> u64 {
        self.now_ms
    }

    fn judge(&mut self, event: Event) -> Vec<Heard> {
        match event {
            Event::WordStarted { at_ms, .. } => {
                self.word_began = at_ms;
                self.quiet_ms = 0;
                self.now_ms = at_ms;
                vec![self.heard(What::Voice)]
            }
            Event::WordEnded { text, at_ms } => {
                self.now_ms = at_ms;
                vec![self.heard(What::Words(vec![Word { text, start_ms: self.word_began, end_ms: at_ms }]))]
            }
            // Half a word was a voice, but nobody can say which word.
            Event::WordCut { at_ms, .. } => {
                self.now_ms = at_ms;
                Vec::new()
            }
            Event::Silence { ms } => self.silence(ms),
            Event::Energy { ms } => self.noise(ms),
        }
    }

    fn silence(&mut self, mut ms: u64) -> Vec<Heard> {
        let mut heard = Vec::new();
        while ms > 0 {
            let tick = ms.min(TICK_MS);
            ms -= tick;
            self.now_ms += tick;
            self.quiet(tick);
            heard.push(self.heard(What::Silence { ms: tick }));
        }
        heard
    }

    fn quiet(&mut self, ms: u64) {
        self.quiet_ms += ms;
        if self.quiet_ms >= self.gap_ms {
            self.noise_ms = 0;
            self.stood_in = false;
        }
    }

    fn noise(&mut self, ms: u64) -> Vec<Heard> {
        if self.noise_ms == 0 {
            self.noise_began = self.now_ms;
        }
        self.now_ms += ms;
        self.noise_ms += ms;
        self.quiet_ms = 0;
        if self.noise_ms < SPEECH_MS {
            return Vec::new();
        }
        let mut heard = vec![self.heard(What::Voice)];
        if !std::mem::replace(&mut self.stood_in, true) {
            heard.push(self.heard(What::Words(self.stand_in_words())));
        }
        heard
    }

    /// The stand-in's words, spread over what was heard of the voice so far.
    fn stand_in_words(&self) -> Vec<Word> {
        let texts: Vec<&str> = self.stand_in.split_whitespace().collect();
        let began = self.noise_began;
        let each = (self.now_ms - began) / (texts.len() as u64).max(1);
        let at = |index: usize| began + each * index as u64;
        texts
            .iter()
            .enumerate()
            .map(|(index, text)| Word { text: (*text).to_owned(), start_ms: at(index), end_ms: at(index + 1) })
            .collect()
    }

    fn heard(&self, what: What) -> Heard {
        Heard { at_ms: self.now_ms, what }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ear, What};
    use crate::simulator::deepgram::sound::{Encoding, Format};
    use crate::simulator::voice;

    const MULAW: Format = Format { encoding: Encoding::Mulaw, rate: 8000 };

    fn words(ear: &mut Ear, audio: &[u8], piece: usize) -> Vec<String> {
        let heard = audio.chunks(piece).flat_map(|piece| ear.hear(piece)).collect::<Vec<_>>();
        heard
            .into_iter()
            .filter_map(|heard| if let What::Words(words) = heard.what { Some(words) } else { None })
            .flatten()
            .map(|word| word.text)
            .collect()
    }

    #[test]
    fn words_are_heard_in_mulaw_and_in_linear16() {
        let audio = [voice::silence(200), voice::encode("Yes, tomorrow works.", 300), voice::silence(300)].concat();
        assert_eq!(words(&mut Ear::new(MULAW, "x", 200), &audio, 160), ["Yes,", "tomorrow", "works."]);
        let linear = Format { encoding: Encoding::Linear16, rate: 16_000 };
        assert_eq!(words(&mut Ear::new(linear, "x", 200), &linear.write(&audio), 333), ["Yes,", "tomorrow", "works."]);
    }

    #[test]
    fn a_voice_without_words_becomes_the_stand_in_once_an_utterance() {
        let mut ear = Ear::new(MULAW, "I see.", 200);
        let burst = [voice::beep(400), voice::silence(150), voice::beep(300), voice::silence(500)].concat();
        assert_eq!(words(&mut ear, &burst, 160), ["I", "see."]);
        assert_eq!(words(&mut ear, &burst, 160), ["I", "see."]);
        assert!(
            words(&mut Ear::new(MULAW, "I see.", 200), &[voice::beep(50), voice::silence(500)].concat(), 160).is_empty(),
            "a click is no voice"
        );
    }

    #[test]
    fn time_is_the_audio_s() {
        let mut ear = Ear::new(MULAW, "x", 200);
        ear.hear(&voice::silence(1500));
        assert_eq!(ear.position_ms(), 1500);
    }
}
