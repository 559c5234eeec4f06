//! A person on the line: 20 ms at a time they hear what was really played and say what they say. No clock and no I/O of its
//! own, so a call can be replayed from its frames.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::chance::Chance;
use super::persona::{Behaviour, Interrupts, Persona, Rule, Then};
use super::scenario::Pace;
use super::voice::{self, BYTES_PER_MS, Decoder, Event, SILENCE};

/// Length of a moment.
pub const FRAME_MS: u64 = 20;
/// 20 ms of μ-law.
pub const FRAME_BYTES: usize = 160;

/// 20 ms of audio.
pub type Frame = [u8; FRAME_BYTES];

/// What a person did in 20 ms.
#[derive(Debug)]
pub struct Moment {
    /// What their microphone heard.
    pub said: Frame,
    /// Words of the other side that they heard whole.
    pub heard: Vec<String>,
    /// Keys they pressed.
    pub pressed: String,
    /// They put the phone down.
    pub hung_up: bool,
}

/// Someone who picked up.
#[derive(Debug)]
pub struct Callee {
    persona: Arc<Persona>,
    pace: Pace,
    chance: Chance,
    number: String,
    now_ms: u64,
    ears: Ears,
    mouth: Mouth,
    greeted: bool,
    mute: bool,
    hung_up: bool,
    interrupted: u32,
    /// How often each rule was used.
    used: Vec<u32>,
    turns: u32,
}

#[derive(Debug, Default)]
struct Ears {
    decoder: Decoder,
    /// What the other side said since this person's last turn, and whether there was sound without words.
    since_turn: String,
    unclear: bool,
    words_in_utterance: u32,
    words_in_call: u32,
    in_word: bool,
    last_sound_ms: u64,
}

#[derive(Debug, Default)]
struct Mouth {
    audio: Vec<u8>,
    said: usize,
    then: Then,
    last_spoke_ms: u64,
}

impl Callee {
    /// Picks up.
    pub fn new(persona: Arc<Persona>, pace: &Pace, chance: Chance, number: &str) -> Self {
        Self {
            used: vec![0; persona.rules.len()],
            persona,
            pace: pace.clone(),
            chance,
            number: number.to_owned(),
            now_ms: 0,
            ears: Ears::default(),
            mouth: Mouth::default(),
            greeted: false,
            mute: false,
            hung_up: false,
            interrupted: 0,
            turns: 0,
        }
    }

    /// Lives for 20 ms, hearing `played`.
    pub fn tick(&mut self, played: &[u8]) -> Moment {
        self.now_ms += FRAME_MS;
        let heard = self.ears.listen(played, self.now_ms);
        let mut pressed = String::new();
        self.decide(&mut pressed);
        let said = self.mouth.speak(self.now_ms);
        Moment { said, heard, pressed, hung_up: self.hung_up }
    }

    /// The most urgent thing first.
    fn decide(&mut self, pressed: &mut String) {
        if self.leaves() {
            self.hung_up = true;
        } else if self.wants_to_interrupt() {
            self.interrupt();
        } else if self.mouth.busy() {
            // One does not begin a sentence before the last one is over.
        } else if self.mouth.then != Then::Listen {
            self.follow_up(pressed);
        } else if !self.greeted && self.now_ms >= self.hello_after_ms() {
            self.greet();
        } else if !self.mute && self.my_turn() {
            self.answer();
        }
    }

    fn leaves(&self) -> bool {
        let limits = self.persona.hangs_up_after.unwrap_or_default();
        let quiet_since = self.ears.last_sound_ms.max(self.mouth.last_spoke_ms);
        limits.ms.is_some_and(|ms| self.now_ms >= ms)
            || limits.words.is_some_and(|words| self.ears.words_in_call >= words)
            || self.now_ms.saturating_sub(quiet_since) >= self.persona.patience_ms.unwrap_or(self.pace.patience_ms)
    }

    fn wants_to_interrupt(&self) -> bool {
        let enough = |plan: &Interrupts| {
            self.turns >= plan.after_turns
                && self.interrupted < plan.times
                && self.ears.in_word
                && self.ears.words_in_utterance >= plan.after_words
        };
        !self.mute && !self.mouth.busy() && self.persona.interrupts.as_ref().is_some_and(enough)
    }

    fn interrupt(&mut self) {
        self.interrupted += 1;
        self.ears.words_in_utterance = 0;
        if let Some(plan) = &self.persona.interrupts {
            let words = plan.say.clone();
            self.say(&words, Then::Listen);
        }
    }

    fn follow_up(&mut self, pressed: &mut String) {
        match std::mem::take(&mut self.mouth.then) {
            Then::Listen => {}
            Then::HangUp => self.hung_up = true,
            Then::Silence => self.mute = true,
            Then::Press(keys) => pressed.push_str(&keys),
        }
    }

    fn hello_after_ms(&self) -> u64 {
        self.persona.hello_after_ms.unwrap_or(self.pace.hello_after_ms)
    }

    fn greet(&mut self) {
        self.greeted = true;
        match self.persona.behaviour {
            Behaviour::Voicemail => {
                self.mute = true;
                self.mouth.audio = machine_greeting(&self.persona, &self.pace);
                self.mouth.said = 0;
            }
            Behaviour::Fax => {
                self.mute = true;
                self.mouth.audio = [voice::beep(500), voice::silence(2_000), voice::beep(2_600)].concat();
                self.mouth.said = 0;
            }
            Behaviour::Silent => self.mute = true,
            _ => {
                let hello = self.chance.pick(&self.persona.hello.0, "hello", &self.number).cloned().unwrap_or_default();
                self.mouth.begin(&hello, self.ms_per_word(), Then::Listen);
            }
        }
    }

    fn my_turn(&self) -> bool {
        let pause = self.now_ms.saturating_sub(self.ears.last_sound_ms);
        self.ears.heard_something() && !self.ears.in_word && pause >= self.persona.reply_after_ms.unwrap_or(self.pace.reply_after_ms)
    }

    fn answer(&mut self) {
        let persona = Arc::clone(&self.persona);
        let usable = |(place, rule): &(usize, &Rule)| {
            rule.times.is_none_or(|times| self.used[*place] < times) && rule.when.fits(&self.ears.since_turn)
        };
        let Some((place, rule)) = persona.rules.iter().enumerate().find(usable) else {
            self.ears.forget_turn();
            return;
        };
        self.used[place] += 1;
        let subject = format!("{} {}", self.number, self.turns);
        let words = self.chance.pick(&rule.say.0, "line", &subject).cloned().unwrap_or_default();
        self.say(&words, rule.then.clone());
    }

    fn say(&mut self, words: &str, then: Then) {
        self.turns += 1;
        self.ears.forget_turn();
        self.mouth.begin(words, self.ms_per_word(), then);
    }

    fn ms_per_word(&self) -> u32 {
        self.persona.ms_per_word.unwrap_or(self.pace.ms_per_word)
    }
}

/// The greeting of a voicemail with its beep.
pub fn machine_greeting(persona: &Persona, pace: &Pace) -> Vec<u8> {
    let mut audio = voice::encode(&persona.greeting, persona.ms_per_word.unwrap_or(pace.ms_per_word));
    audio.extend(voice::silence(300));
    audio.extend(voice::beep(persona.beep_ms));
    audio
}

impl Ears {
    fn listen(&mut self, played: &[u8], now_ms: u64) -> Vec<String> {
        let mut heard = Vec::new();
        for event in self.decoder.feed(played) {
            match event {
                Event::WordStarted { .. } => self.begin_word(now_ms),
                Event::WordEnded { text, .. } => {
                    self.end_word(&text, now_ms);
                    heard.push(text);
                }
                Event::WordCut { .. } => self.in_word = false,
                Event::Energy { .. } => {
                    self.unclear = true;
                    self.last_sound_ms = now_ms;
                }
                Event::Silence { .. } => {}
            }
        }
        if self.in_word {
            self.last_sound_ms = now_ms;
        }
        heard
    }

    /// After a pause the other side's next word opens a new utterance.
    fn begin_word(&mut self, now_ms: u64) {
        if now_ms.saturating_sub(self.last_sound_ms) > 300 {
            self.words_in_utterance = 0;
        }
        self.in_word = true;
    }

    fn end_word(&mut self, text: &str, now_ms: u64) {
        self.in_word = false;
        self.last_sound_ms = now_ms;
        self.words_in_utterance += 1;
        self.words_in_call += 1;
        if !self.since_turn.is_empty() {
            self.since_turn.push(' ');
        }
        self.since_turn.push_str(text);
    }

    fn heard_something(&self) -> bool {
        self.unclear || !self.since_turn.is_empty()
    }

    fn forget_turn(&mut self) {
        self.since_turn.clear();
        self.unclear = false;
    }
}

impl Mouth {
    fn begin(&mut self, words: &str, ms_per_word: u32, then: Then) {
        self.audio = voice::encode(words, ms_per_word);
        self.said = 0;
        self.then = then;
    }

    fn busy(&self) -> bool {
        self.said < self.audio.len()
    }

    fn speak(&mut self, now_ms: u64) -> Frame {
        let mut frame = [SILENCE; FRAME_BYTES];
        let rest = &self.audio[self.said..];
        let now = rest.len().min(FRAME_BYTES);
        frame[..now].copy_from_slice(&rest[..now]);
        self.said += now;
        if now > 0 {
            self.last_spoke_ms = now_ms;
        }
        frame
    }
}

/// How long a piece of speech takes.
pub fn duration_ms(audio: &[u8]) -> u64 {
    (audio.len() / BYTES_PER_MS) as u64
}
