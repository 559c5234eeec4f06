//! Hears words, sound and silence in a stream of μ-law that comes in pieces of any size.

use super::loudness::{Judged, Window};
use super::{BYTES_PER_MS, HEAD, MAGIC, Tone};

/// What was heard. Times are milliseconds of audio since the decoder began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A word begins (known as soon as its text has passed).
    WordStarted {
        /// The word.
        text: String,
        /// When its block began.
        at_ms: u64,
    },
    /// The whole block of the word has passed.
    WordEnded {
        /// The word.
        text: String,
        /// When its block ended.
        at_ms: u64,
    },
    /// The word broke off in the middle.
    WordCut {
        /// The word that was begun.
        text: String,
        /// When it broke off.
        at_ms: u64,
    },
    /// Nothing audible for so long; neighbours within one feed are joined.
    Silence {
        /// How long.
        ms: u64,
    },
    /// Sound without words (a person's real voice, a beep) for so long; neighbours within one feed are joined.
    Energy {
        /// How long.
        ms: u64,
    },
}

/// The listener. Feeding the same bytes in other pieces gives the same events, but for how silences are joined.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    /// Samples that are settled: judged, or part of a word.
    position: u64,
    window: Window,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Between,
    /// Perhaps the beginning of a block.
    Opening(Vec<u8>),
    Word(Word),
}

#[derive(Debug)]
struct Word {
    text: String,
    tone: Tone,
    /// Bytes of tone that have passed, and that belong to the block.
    passed: usize,
    length: usize,
}

impl Decoder {
    /// Listens to the next piece of audio.
    pub fn feed(&mut self, audio: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        self.hear(audio, &mut events);
        events
    }

    /// Milliseconds of audio heard so far.
    pub fn position_ms(&self) -> u64 {
        self.position / BYTES_PER_MS as u64
    }

    fn hear(&mut self, audio: &[u8], events: &mut Vec<Event>) {
        let mut rest = audio;
        while !rest.is_empty() {
            let taken = match &self.state {
                State::Between => self.between(rest, events),
                State::Opening(_) => self.opening(rest[0], events),
                State::Word(_) => self.word(rest, events),
            };
            rest = &rest[taken..];
        }
    }

    fn between(&mut self, audio: &[u8], events: &mut Vec<Event>) -> usize {
        let wordless = audio.iter().position(|byte| *byte == MAGIC[0]).unwrap_or(audio.len());
        self.wordless(&audio[..wordless], events);
        if wordless == audio.len() {
            return wordless;
        }
        self.state = State::Opening(vec![MAGIC[0]]);
        wordless + 1
    }

    fn wordless(&mut self, audio: &[u8], events: &mut Vec<Event>) {
        let mut rest = audio;
        while !rest.is_empty() {
            let (taken, full) = self.window.fill(rest);
            rest = &rest[taken..];
            if let Some(judged) = full {
                self.settle(&judged, events);
            }
        }
    }

    fn settle(&mut self, judged: &Judged, events: &mut Vec<Event>) {
        let before = self.position_ms();
        self.position += judged.samples as u64;
        let more = self.position_ms() - before;
        match (events.last_mut(), judged.audible) {
            (Some(Event::Energy { ms }), true) | (Some(Event::Silence { ms }), false) => *ms += more,
            (_, true) => events.push(Event::Energy { ms: more }),
            (_, false) => events.push(Event::Silence { ms: more }),
        }
    }

    /// Takes one byte of what may be a block's head; a head that proves wrong is heard again as plain sound.
    fn opening(&mut self, byte: u8, events: &mut Vec<Event>) -> usize {
        let State::Opening(held) = &mut self.state else { return 0 };
        held.push(byte);
        match judge(held) {
            Head::Unfinished => {}
            Head::Wrong => {
                let held = std::mem::take(held);
                self.state = State::Between;
                self.wordless(&held[..1], events);
                self.hear(&held[1..], events);
            }
            Head::Opens(word) => {
                let head = held.len() as u64;
                if let Some(judged) = self.window.close() {
                    self.settle(&judged, events);
                }
                events.push(Event::WordStarted { text: word.text.clone(), at_ms: self.position_ms() });
                self.position += head;
                self.state = State::Word(word);
                self.end_if_complete(events);
            }
        }
        1
    }

    fn word(&mut self, audio: &[u8], events: &mut Vec<Event>) -> usize {
        let State::Word(word) = &mut self.state else { return 0 };
        let due = audio.len().min(word.length - word.passed);
        let good = (0..due).take_while(|at| audio[*at] == word.tone.byte(word.passed + at)).count();
        word.passed += good;
        self.position += good as u64;
        if good < due {
            self.close_word(|text, at_ms| Event::WordCut { text, at_ms }, events);
        } else {
            self.end_if_complete(events);
        }
        good
    }

    fn end_if_complete(&mut self, events: &mut Vec<Event>) {
        if matches!(&self.state, State::Word(word) if word.passed == word.length) {
            self.close_word(|text, at_ms| Event::WordEnded { text, at_ms }, events);
        }
    }

    fn close_word(&mut self, event: fn(String, u64) -> Event, events: &mut Vec<Event>) {
        if let State::Word(word) = std::mem::take(&mut self.state) {
            events.push(event(word.text, self.position_ms()));
        }
    }
}

enum Head {
    Unfinished,
    Wrong,
    Opens(Word),
}

/// A head is believed once its text is whole, readable, and followed by the first byte of that text's tone.
fn judge(held: &[u8]) -> Head {
    let compared = held.len().min(MAGIC.len());
    if held[..compared] != MAGIC[..compared] {
        return Head::Wrong;
    }
    let Some((head, rest)) = held.split_at_checked(HEAD) else { return Head::Unfinished };
    let block = usize::from(u16::from_be_bytes([head[4], head[5]]));
    let text_length = usize::from(head[6]);
    if text_length == 0 || block <= HEAD + text_length {
        return Head::Wrong;
    }
    let text = match std::str::from_utf8(&rest[..rest.len().min(text_length)]) {
        Ok(text) if text.chars().any(|c| c.is_whitespace() || c.is_control()) => return Head::Wrong,
        Ok(text) => text,
        Err(error) if error.error_len().is_some() || rest.len() >= text_length => return Head::Wrong,
        Err(_) => return Head::Unfinished,
    };
    let Some(first) = rest.get(text_length) else { return Head::Unfinished };
    let tone = Tone::of(text);
    if *first != tone.byte(0) {
        return Head::Wrong;
    }
    Head::Opens(Word { text: text.to_owned(), tone, passed: 1, length: block - HEAD - text_length })
}
