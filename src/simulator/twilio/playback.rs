//! The buffer of a bidirectional stream: plays in order and in real time, and knows when each mark is due.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use crate::simulator::callee::{FRAME_BYTES, Frame};
use crate::simulator::voice::SILENCE;

/// Ten minutes of audio; what is sent beyond is dropped.
const FULL: usize = 10 * 60 * 8_000;

/// Audio waiting to be played, with marks between.
#[derive(Debug, Default)]
pub(super) struct Playback {
    items: VecDeque<Item>,
    bytes: usize,
}

#[derive(Debug)]
enum Item {
    Audio(Bytes),
    Mark(String),
}

impl Playback {
    /// Queues audio; false when the buffer is full.
    pub(super) fn push(&mut self, audio: Bytes) -> bool {
        if self.bytes + audio.len() > FULL {
            return false;
        }
        self.bytes += audio.len();
        if !audio.is_empty() {
            self.items.push_back(Item::Audio(audio));
        }
        true
    }

    /// Queues a mark; gives it back at once when nothing waits to be played.
    pub(super) fn mark(&mut self, name: String) -> Option<String> {
        if self.items.is_empty() {
            return Some(name);
        }
        self.items.push_back(Item::Mark(name));
        None
    }

    /// Drops everything; the marks come back in their order.
    pub(super) fn clear(&mut self) -> Vec<String> {
        self.bytes = 0;
        self.items.drain(..).filter_map(|item| if let Item::Mark(name) = item { Some(name) } else { None }).collect()
    }

    /// Plays 20 ms, and gives the marks that are reached.
    pub(super) fn play(&mut self) -> (Frame, Vec<String>) {
        let mut frame = [SILENCE; FRAME_BYTES];
        let mut filled = 0;
        let mut marks = Vec::new();
        while let Some(item) = self.items.front_mut() {
            match item {
                Item::Mark(name) => marks.push(std::mem::take(name)),
                Item::Audio(_) if filled == FRAME_BYTES => break,
                Item::Audio(audio) => {
                    let now = audio.len().min(FRAME_BYTES - filled);
                    audio.copy_to_slice(&mut frame[filled..filled + now]);
                    filled += now;
                    self.bytes -= now;
                    if audio.has_remaining() {
                        break;
                    }
                }
            }
            self.items.pop_front();
        }
        (frame, marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_when_all_before_it_was_played() {
        let mut playback = Playback::default();
        assert_eq!(playback.mark("at once".into()), Some("at once".into()));
        assert!(playback.push(Bytes::from(vec![1; 200])));
        assert_eq!(playback.mark("a".into()), None);
        playback.push(Bytes::from(vec![2; 100]));
        playback.mark("b".into());
        let (frame, marks) = playback.play();
        assert_eq!((frame, marks.len()), ([1; 160], 0));
        let (frame, marks) = playback.play();
        assert_eq!((&frame[..40], &frame[40..140], &frame[140..]), (&[1; 40][..], &[2; 100][..], &[SILENCE; 20][..]));
        assert_eq!(marks, ["a", "b"]);
    }

    #[test]
    fn clearing_drops_audio_and_returns_marks_in_order() {
        let mut playback = Playback::default();
        playback.push(Bytes::from(vec![1; 320]));
        playback.mark("a".into());
        playback.mark("b".into());
        assert_eq!(playback.clear(), ["a", "b"]);
        assert_eq!(playback.play(), ([SILENCE; 160], vec![]));
    }

    #[test]
    fn more_than_ten_minutes_is_not_taken() {
        let mut playback = Playback::default();
        assert!(playback.push(Bytes::from(vec![1; FULL])));
        assert!(!playback.push(Bytes::from_static(&[1])));
    }
}
