//! The playout clock: how much of what was sent has been played, computed from the bytes sent.
//!
//! The provider buffers what we send and plays it in order in real time, so the clock needs no help from the wire. It is
//! never restarted: audio that comes late begins where the silence ends.

/// μ-law at 8 kHz: bytes per millisecond.
pub const BYTES_PER_MS: u64 = 8;
/// One phone frame of 20 ms.
pub const FRAME: u64 = 160;

/// When everything sent so far will have been played, in bytes since the stream started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Playout {
    ends_at: u64,
}

impl Playout {
    /// `bytes` of audio leave now.
    pub fn send(&mut self, bytes: u64, now_ms: u64) {
        self.ends_at = self.ends_at.max(now_ms * BYTES_PER_MS) + bytes;
    }

    /// Bytes that were sent and are not played yet.
    #[must_use]
    pub fn ahead(&self, now_ms: u64) -> u64 {
        self.ends_at.saturating_sub(now_ms * BYTES_PER_MS)
    }

    /// The moment the last byte will have been played.
    #[must_use]
    pub fn ends_at_ms(&self) -> u64 {
        self.ends_at.div_ceil(BYTES_PER_MS)
    }

    /// Everything unplayed is dropped.
    pub fn clear(&mut self, now_ms: u64) {
        self.ends_at = self.ends_at.min(now_ms * BYTES_PER_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::Playout;

    #[test]
    fn audio_sent_ahead_plays_in_order_and_a_gap_shifts_the_rest() {
        let mut playout = Playout::default();
        playout.send(8_000, 0);
        playout.send(8_000, 100);
        assert_eq!(playout.ahead(500), 12_000);
        assert_eq!(playout.ends_at_ms(), 2_000);
        playout.send(800, 3_000);
        assert_eq!(playout.ahead(3_000), 800, "the second of silence is not caught up");
        playout.clear(3_050);
        assert_eq!(playout.ahead(3_050), 0);
    }
}
