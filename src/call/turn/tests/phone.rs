//! A phone that plays in real time audio that spells its words.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::call::turn::playout::BYTES_PER_MS;

/// Audio of one character: three frames of its byte.
const CHARACTER: usize = 480;

pub(crate) fn spell(text: &str) -> Bytes {
    text.bytes().flat_map(|byte| std::iter::repeat_n(byte, CHARACTER)).collect()
}

/// What audio spells.
pub(crate) fn read_aloud(audio: &[u8]) -> String {
    audio.chunks(160).map(|frame| frame[0]).collect::<Vec<u8>>().chunks(3).map(|three| char::from(three[0])).collect()
}

/// The phone: plays in real time, returns marks.
#[derive(Default)]
pub(crate) struct Phone {
    pub queue: VecDeque<Queued>,
    pub played: Vec<u8>,
    at: u64,
}

pub(crate) enum Queued {
    Audio(Bytes),
    Mark(u32),
}

impl Phone {
    /// Plays until `now`; gives the marks that were passed.
    pub fn play_until(&mut self, now: u64) -> Vec<u32> {
        let mut room = usize::try_from((now - self.at) * BYTES_PER_MS).unwrap();
        self.at = now;
        let mut marks = Vec::new();
        while let Some(next) = self.queue.pop_front() {
            match next {
                Queued::Mark(mark) => marks.push(mark),
                Queued::Audio(audio) if audio.len() <= room => {
                    room -= audio.len();
                    self.played.extend_from_slice(&audio);
                }
                Queued::Audio(mut audio) => {
                    self.played.extend_from_slice(&audio.split_to(room));
                    self.queue.push_front(Queued::Audio(audio));
                    break;
                }
            }
        }
        marks
    }

    pub fn until_next_mark(&self) -> Option<u64> {
        let mut bytes = 0;
        for queued in &self.queue {
            match queued {
                Queued::Audio(audio) => bytes += audio.len() as u64,
                Queued::Mark(_) => return Some(self.at + bytes.div_ceil(BYTES_PER_MS)),
            }
        }
        None
    }

    pub fn is_playing(&self) -> bool {
        self.queue.iter().any(|queued| matches!(queued, Queued::Audio(_)))
    }

    /// Drops what was not played; a frame that was cut will be said again.
    pub fn clear(&mut self) -> Vec<u32> {
        let whole = self.played.len() - self.played.len() % 160;
        self.played.truncate(whole);
        self.queue.drain(..).filter_map(|queued| if let Queued::Mark(mark) = queued { Some(mark) } else { None }).collect()
    }
}
