//! Groups the telephone's 20 ms frames into the chunks that the service likes.

use bytes::{Bytes, BytesMut};

/// Collects audio until a chunk is full. Never yields an empty chunk: an empty binary frame would close the stream.
#[derive(Debug)]
pub struct Grouping {
    size: usize,
    buffer: BytesMut,
}

impl Grouping {
    /// Chunks of at least `size` bytes (8 per millisecond).
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { size, buffer: BytesMut::new() }
    }

    /// Adds audio; gives everything so far once it is enough.
    pub fn push(&mut self, audio: Bytes) -> Option<Bytes> {
        if self.buffer.is_empty() && audio.len() >= self.size {
            return Some(audio);
        }
        if self.buffer.capacity() < self.buffer.len() + audio.len() {
            self.buffer.reserve(4 * self.size.max(audio.len()));
        }
        self.buffer.extend_from_slice(&audio);
        if self.buffer.len() >= self.size { self.rest() } else { None }
    }

    /// What is left over.
    pub fn rest(&mut self) -> Option<Bytes> {
        (!self.buffer.is_empty()).then(|| self.buffer.split().freeze())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn loses_nothing_and_never_yields_nothing(lengths in proptest::collection::vec(0..400usize, 0..40)) {
            let frames: Vec<Vec<u8>> = (0..).zip(lengths).map(|(n, length)| vec![n; length]).collect();
            let mut grouping = Grouping::new(320);
            let mut chunks: Vec<Bytes> = frames.iter().filter_map(|f| grouping.push(Bytes::from(f.clone()))).collect();
            prop_assert!(chunks.iter().all(|chunk| chunk.len() >= 320));
            chunks.extend(grouping.rest());
            prop_assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
            prop_assert_eq!(chunks.concat(), frames.concat());
        }
    }
}
