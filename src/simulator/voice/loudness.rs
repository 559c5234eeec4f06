//! How loud is a stretch of μ-law that carries no words?

/// Samples that are judged together: 10 ms.
const WINDOW: usize = 80;
/// Mean amplitude (of 32,124) from which a window is called sound: above line noise, below quiet speech.
const AUDIBLE: u32 = 400;

static AMPLITUDE: [u16; 256] = amplitudes();

/// A window being filled.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    samples: usize,
    sum: u32,
}

/// A judged window: samples and whether they were audible.
pub(super) struct Judged {
    pub samples: usize,
    pub audible: bool,
}

impl Window {
    /// Takes as many samples as the window still holds; gives how many, and the window when it is full.
    pub(super) fn fill(&mut self, audio: &[u8]) -> (usize, Option<Judged>) {
        let taken = audio.len().min(WINDOW - self.samples);
        self.sum += audio[..taken].iter().map(|byte| u32::from(AMPLITUDE[usize::from(*byte)])).sum::<u32>();
        self.samples += taken;
        let full = if self.samples == WINDOW { self.close() } else { None };
        (taken, full)
    }

    /// Judges what is there, full or not.
    pub(super) fn close(&mut self) -> Option<Judged> {
        let Self { samples, sum } = std::mem::take(self);
        let count = u32::try_from(samples).unwrap_or(u32::MAX);
        (samples > 0).then(|| Judged { samples, audible: sum / count >= AUDIBLE })
    }
}

/// ITU-T G.711 μ-law expansion, sign dropped.
const fn amplitudes() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let inverted = !(byte as u8);
        let exponent = (inverted >> 4) & 0x07;
        let mantissa = (inverted & 0x0F) as u16;
        table[byte] = (((mantissa << 3) + 0x84) << exponent) - 0x84;
        byte += 1;
    }
    table
}
