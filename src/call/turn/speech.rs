//! One speech of ours, from its first text to the last mark: what was sent, what was heard, what is left.

use bytes::Bytes;

use super::playout::{FRAME, Playout};
use super::sentences::Sentences;
use crate::call::journal::TurnTimings;

/// How long a character of speech takes, in μ-law bytes (about 14 characters a second); only for pieces whose audio has
/// not arrived completely.
const BYTES_PER_CHARACTER: u64 = 570;

/// A piece of a speech with one playback mark: a sentence, a clause or a clip.
#[derive(Debug, Clone, Default)]
pub struct Piece {
    /// Its words.
    pub text: String,
    audio: Vec<Bytes>,
    /// Bytes that arrived.
    pub bytes: u64,
    /// Bytes handed to the phone, those played before a pause included.
    sent: u64,
    /// Bytes known to be played.
    played: u64,
    /// No more text will join it.
    pub sealed: bool,
    /// All its audio has arrived.
    pub complete: bool,
    /// The mark that was sent after it.
    pub mark: Option<u32>,
    /// Its mark came back, or the clock says it was played.
    pub heard: bool,
}

impl Piece {
    /// A piece whose audio comes from the mouth.
    pub fn spoken(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    /// A piece that the mouth was told to render as it is.
    pub fn ordered(text: String) -> Self {
        Self { sealed: true, ..Self::spoken(text) }
    }

    /// A piece that was rendered ahead.
    pub fn clip(text: String, audio: Bytes) -> Self {
        let bytes = audio.len() as u64;
        Self { text, audio: vec![audio], bytes, sealed: true, complete: true, ..Self::default() }
    }

    /// Nothing more will happen to it.
    fn settled(&self) -> bool {
        self.heard || self.complete && self.bytes == 0
    }

    fn words_heard(&self) -> &str {
        if self.heard || self.complete && self.bytes > 0 && self.played >= self.bytes {
            return &self.text;
        }
        let expected = if self.complete { self.bytes } else { self.bytes.max(self.text.len() as u64 * BYTES_PER_CHARACTER) };
        cut_to_words(&self.text, self.played, expected)
    }
}

/// The whole words within the first `part` of `whole` of a text.
fn cut_to_words(text: &str, part: u64, whole: u64) -> &str {
    let reach = usize::try_from(text.len() as u64 * part / whole.max(1)).unwrap_or(usize::MAX);
    if reach >= text.len() {
        return text;
    }
    let ends = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    let end = ends.take_while(|at| *at <= reach).last().unwrap_or(0);
    text[..end].trim_end()
}

/// Where the words of a speech come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Lines that are said as written.
    Line,
    /// The model.
    Model,
}

/// A speech.
#[derive(Debug, Clone)]
pub struct Speech {
    /// Its number; audio and text of any other number are late and dropped.
    pub no: u32,
    /// Where the words come from.
    pub source: Source,
    /// The pieces in order.
    pub pieces: Vec<Piece>,
    /// Text of the model that is no piece yet.
    pub sentences: Sentences,
    /// No more text will come.
    pub text_done: bool,
    /// Nothing leaves: it waits for a certain end of turn, or was paused.
    pub held: bool,
    /// When the callee began to wait for it.
    pub wanted_at: u64,
    /// When text of the model last came.
    pub text_at: u64,
    /// When the mouth was last asked or delivered.
    pub moved_at: u64,
    /// When its first audio left.
    pub began_at: Option<u64>,
    /// When a filler is due.
    pub filler_due: Option<u64>,
    /// The filler was said in front of it.
    pub filled: bool,
    /// The mouth was connected anew for it.
    pub nudged: bool,
    /// Its turn's timings.
    pub timings: TurnTimings,
}

/// What leaves for the phone.
pub enum Out {
    /// Audio.
    Audio(Bytes),
    /// All audio of the piece with this index has left.
    PieceEnd(usize),
}

impl Speech {
    /// An empty speech.
    pub fn new(no: u32, source: Source, now: u64) -> Self {
        Self {
            no,
            source,
            pieces: Vec::new(),
            sentences: Sentences::default(),
            text_done: source == Source::Line,
            held: false,
            wanted_at: now,
            text_at: now,
            moved_at: now,
            began_at: None,
            filler_due: None,
            filled: false,
            nudged: false,
            timings: TurnTimings::default(),
        }
    }

    /// Takes audio of the mouth; `false` when nothing waits for it.
    pub fn take_audio(&mut self, audio: Bytes, now: u64) -> bool {
        let Some(piece) = self.pieces.iter_mut().find(|piece| !piece.complete) else { return false };
        piece.bytes += audio.len() as u64;
        piece.audio.push(audio);
        self.moved_at = now;
        true
    }

    /// The mouth finished the oldest open piece.
    pub fn take_flushed(&mut self, now: u64) {
        if let Some(piece) = self.pieces.iter_mut().find(|piece| !piece.complete && piece.sealed) {
            piece.complete = true;
            self.moved_at = now;
        }
    }

    /// Everything that may leave now, in order.
    pub fn release(&mut self, playout: &mut Playout, now: u64, out: &mut Vec<Out>) {
        if self.held {
            return;
        }
        for (index, piece) in self.pieces.iter_mut().enumerate() {
            piece.release(playout, now, out);
            if !piece.complete {
                break;
            }
            if piece.mark.is_none() && !piece.settled() {
                out.push(Out::PieceEnd(index));
            }
        }
    }

    /// A mark came back; `true` when it was one of ours.
    pub fn take_mark(&mut self, mark: u32) -> bool {
        let Some(piece) = self.pieces.iter_mut().find(|piece| piece.mark == Some(mark)) else { return false };
        piece.heard = true;
        piece.audio = Vec::new();
        true
    }

    /// Reads the playout clock into the pieces: what is still unplayed belongs to the last ones sent.
    pub fn read_clock(&mut self, playout: &Playout, now: u64) {
        let mut ahead = playout.ahead(now);
        for piece in self.pieces.iter_mut().rev() {
            let unplayed = ahead.min(piece.sent - piece.played);
            ahead -= unplayed;
            piece.played = piece.sent - unplayed;
        }
    }

    /// Stops sending; what was not played will be sent again by a later release. Call [`Self::read_clock`] first.
    pub fn pause(&mut self) {
        self.held = true;
        for piece in self.pieces.iter_mut().filter(|piece| !piece.heard) {
            piece.played -= piece.played % FRAME;
            piece.sent = piece.played;
            piece.mark = None;
        }
    }

    /// Everything was said and heard.
    pub fn finished(&self) -> bool {
        self.text_done && self.pieces.iter().all(Piece::settled)
    }

    /// Everything there is has been sent; the clock alone can tell when it ends.
    pub fn all_sent(&self) -> bool {
        self.text_done && !self.held && self.pieces.iter().all(|piece| piece.complete && piece.sent == piece.bytes)
    }

    /// Whether any audio has arrived (a filler does not count).
    pub fn has_audio(&self) -> bool {
        self.pieces.iter().skip(usize::from(self.filled)).any(|piece| piece.bytes > 0)
    }

    /// Whether the mouth still owes us audio.
    pub fn mouth_owes(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.complete)
    }

    /// The words that were really heard, by marks first and by the clock for the running piece.
    pub fn heard(&self) -> String {
        let mut words = String::new();
        for piece in self.pieces.iter().filter(|piece| !(piece.complete && piece.bytes == 0)) {
            let heard = piece.words_heard();
            if !heard.is_empty() {
                words.push_str(if words.is_empty() { "" } else { " " });
                words.push_str(heard);
            }
            if heard.len() < piece.text.len() {
                break;
            }
        }
        words
    }
}

impl Piece {
    fn release(&mut self, playout: &mut Playout, now: u64, out: &mut Vec<Out>) {
        if self.sent == self.bytes {
            return;
        }
        let mut skip = self.sent;
        for chunk in &self.audio {
            let len = chunk.len() as u64;
            if skip >= len {
                skip -= len;
                continue;
            }
            let start = usize::try_from(skip).unwrap_or(chunk.len());
            out.push(Out::Audio(if start == 0 { chunk.clone() } else { chunk.slice(start..) }));
            skip = 0;
        }
        playout.send(self.bytes - self.sent, now);
        self.sent = self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, Source, Speech, cut_to_words};
    use crate::call::turn::playout::Playout;
    use bytes::Bytes;

    #[test]
    fn a_part_is_cut_to_whole_words() {
        let text = "one two three four";
        assert_eq!(cut_to_words(text, 0, 100), "");
        assert_eq!(cut_to_words(text, 45, 100), "one two");
        assert_eq!(cut_to_words(text, 100, 100), text);
    }

    #[test]
    fn a_paused_speech_goes_on_where_it_was() {
        let (mut playout, mut out) = (Playout::default(), Vec::new());
        let mut speech = Speech::new(1, Source::Line, 0);
        speech.pieces.push(Piece::clip("hello there my friend".into(), Bytes::from(vec![0; 8_000])));
        speech.release(&mut playout, 0, &mut out);
        assert_eq!(out.len(), 2, "the clip and its mark");
        speech.read_clock(&playout, 510);
        speech.pause();
        playout.clear(510);
        assert_eq!(speech.heard(), "hello");
        speech.held = false;
        speech.release(&mut playout, 900, &mut out);
        assert_eq!(playout.ahead(900), 4_000, "the second half, from a frame's border");
    }
}
