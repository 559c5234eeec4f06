//! Groups the telephone's 20 ms frames into the chunks that the service likes, except while somebody speaks: the silence that
//! ends a turn would otherwise lie in a half-full chunk while the callee waits.

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

    /// Adds audio; gives everything so far once it is enough, or when it may not wait.
    pub fn push(&mut self, audio: Bytes, at_once: bool) -> Option<Bytes> {
        if self.buffer.is_empty() && !audio.is_empty() && (at_once || audio.len() >= self.size) {
            return Some(audio);
        }
        if self.buffer.capacity() < self.buffer.len() + audio.len() {
            self.buffer.reserve(4 * self.size.max(audio.len()));
        }
        self.buffer.extend_from_slice(&audio);
        if at_once || self.buffer.len() >= self.size { self.rest() } else { None }
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
        fn loses_nothing_and_never_yields_nothing(pieces in proptest::collection::vec((0..400usize, any::<bool>()), 0..40)) {
            let frames: Vec<(Vec<u8>, bool)> = (0..).zip(pieces).map(|(n, (length, at_once))| (vec![n; length], at_once)).collect();
            let mut grouping = Grouping::new(320);
            let mut chunks: Vec<Bytes> = Vec::new();
            for (frame, at_once) in &frames {
                let chunk = grouping.push(Bytes::from(frame.clone()), *at_once);
                prop_assert!(*at_once || chunk.as_ref().is_none_or(|chunk| chunk.len() >= 320));
                prop_assert!(!*at_once || grouping.buffer.is_empty(), "what may not wait does not");
                chunks.extend(chunk);
            }
            chunks.extend(grouping.rest());
            prop_assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
            prop_assert_eq!(chunks.concat(), frames.into_iter().flat_map(|(frame, _)| frame).collect::<Vec<u8>>());
        }
    }
}
