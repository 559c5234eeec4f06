//! Audio that carries its words: the simulated lead, the simulated mouth and the simulated ears speak it to each other.
//!
//! It is ordinary 8 kHz μ-law, one byte a sample, so it travels through any telephone path untouched. A spoken word is one
//! block: [`MAGIC`], the block's length in bytes (u16, big endian, magic included), the length of its text (u8), the text in
//! UTF-8, and a loud tone that fills the rest. The tone depends on the word, so a block that was cut anywhere is noticed at
//! the first wrong byte, and whoever listens knows exactly which words were played whole. Silence is [`SILENCE`].

mod decoder;
mod loudness;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Event};

/// Opens a word's block. The two first bytes can never stand together in UTF-8, and none of them is part of a tone.
pub const MAGIC: [u8; 4] = [0x55, 0xAA, 0x3C, 0xC3];
/// A μ-law sample of nothing.
pub const SILENCE: u8 = 0xFF;
/// Samples, and so bytes, of one millisecond.
pub const BYTES_PER_MS: usize = 8;

/// Bytes before the text: magic, block length, text length.
const HEAD: usize = MAGIC.len() + 2 + 1;
/// Longest text of one block; a longer word is spoken in pieces.
const LONGEST_TEXT: usize = 200;

/// Speaks a text: one block a word, each about `ms_per_word` long (long words take a little more, short ones less).
pub fn encode(text: &str, ms_per_word: u32) -> Vec<u8> {
    let mut audio = Vec::new();
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|c| !c.is_control()).collect();
        for piece in pieces(&word) {
            push_block(&mut audio, piece, block_length(piece, ms_per_word));
        }
    }
    audio
}

/// So much silence.
pub fn silence(ms: u32) -> Vec<u8> {
    vec![SILENCE; ms as usize * BYTES_PER_MS]
}

/// A 1 kHz tone without words: the beep of a voicemail, the whistle of a fax.
pub fn beep(ms: u32) -> Vec<u8> {
    (0..ms as usize * BYTES_PER_MS).map(|at| if at % 8 < 4 { 0x90 } else { 0x10 }).collect()
}

fn block_length(word: &str, ms_per_word: u32) -> usize {
    let letters = word.chars().count().min(15);
    let ms = ms_per_word as usize * (60 + 8 * letters) / 100;
    (ms * BYTES_PER_MS).clamp(HEAD + word.len() + BYTES_PER_MS, usize::from(u16::MAX))
}

fn push_block(audio: &mut Vec<u8>, word: &str, length: usize) {
    audio.extend_from_slice(&MAGIC);
    audio.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    audio.push(u8::try_from(word.len()).unwrap_or(u8::MAX));
    audio.extend_from_slice(word.as_bytes());
    let tone = Tone::of(word);
    audio.extend((0..length - HEAD - word.len()).map(|at| tone.byte(at)));
}

fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let mut end = rest.len().min(LONGEST_TEXT);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, later) = rest.split_at(end);
        rest = later;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The sound of one word: a 500 Hz square wave in the loudest μ-law segment whose low bits wander with the word.
#[derive(Debug, Clone, Copy)]
struct Tone {
    colour: u32,
}

impl Tone {
    fn of(word: &str) -> Self {
        let colour = word.bytes().fold(0x811C_9DC5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self { colour }
    }

    /// Always `0x0?` or `0x8?`: loud, never silence and never a byte of [`MAGIC`].
    fn byte(self, at: usize) -> u8 {
        let step = u32::try_from(at).unwrap_or(u32::MAX);
        let mixed = (self.colour ^ step.wrapping_mul(0x9E37_79B1)).wrapping_mul(0x85EB_CA6B);
        let sign = if at % 16 < 8 { 0x80 } else { 0x00 };
        sign | u8::try_from(mixed >> 28).unwrap_or(0)
    }
}
