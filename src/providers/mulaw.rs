//! Telephone audio: 8 kHz μ-law (G.711), one byte per sample, and the way down to it from 24 kHz linear sound.

/// Samples, and bytes, per second.
pub const RATE: u32 = 8000;
/// What silence looks like.
pub const SILENCE: u8 = 0xff;

const BIAS: i32 = 0x84;
const CLIP: i32 = 32_635;

/// One linear sample as μ-law.
#[must_use]
pub fn encode(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(CLIP) + BIAS;
    // The bias makes bit 7 or a higher one the leading one, so there is always a segment.
    let segment = 24 - magnitude.leading_zeros();
    let mantissa = (magnitude >> (segment + 3)) & 0x0f;
    !u8::try_from(sign | (segment.cast_signed() << 4) | mantissa).unwrap_or(SILENCE)
}

/// One μ-law byte as a linear sample.
#[must_use]
pub fn decode(byte: u8) -> i16 {
    let bits = i32::from(!byte);
    let magnitude = (((bits & 0x0f) << 3) + BIAS) << ((bits >> 4) & 0x07);
    let sample = if bits & 0x80 == 0 { magnitude - BIAS } else { BIAS - magnitude };
    i16::try_from(sample).unwrap_or(i16::MAX)
}

/// The header of a WAV file with one channel of μ-law (format 7) and `bytes` of audio after it.
#[must_use]
pub fn wav_header(bytes: u32, channels: u16) -> Vec<u8> {
    let mut header = Vec::with_capacity(58);
    let rate = RATE * u32::from(channels);
    header.extend(b"RIFF");
    header.extend(50u32.saturating_add(bytes).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(18u32.to_le_bytes());
    header.extend([7, channels].map(u16::to_le_bytes).concat());
    header.extend([RATE, rate].map(u32::to_le_bytes).concat());
    header.extend([channels, 8, 0].map(u16::to_le_bytes).concat());
    header.extend(b"fact");
    header.extend([4, bytes / u32::from(channels.max(1))].map(u32::to_le_bytes).concat());
    header.extend(b"data");
    header.extend(bytes.to_le_bytes());
    header
}

/// Taps of the low-pass: about 60 dB down where 24 kHz sound would fold into the telephone band.
const TAPS: usize = 95;
const DECIMATION: usize = 3;
/// Half-way down, as a share of the 24 kHz.
const CUTOFF: f32 = 3550.0 / 24_000.0;

/// Brings a stream of 24 kHz 16-bit little-endian mono down to 8 kHz μ-law: filters first, because dropping two of three
/// samples of unfiltered speech folds its hiss into the voice. Chunks may be cut anywhere, even inside a sample.
#[derive(Debug, Clone)]
pub struct Downsampler {
    taps: Vec<f32>,
    /// Samples that a later output still needs.
    recent: Vec<f32>,
    /// First byte of a sample that was cut.
    half: Option<u8>,
}

impl Default for Downsampler {
    fn default() -> Self {
        Self { taps: low_pass(), recent: vec![0.0; TAPS / 2], half: None }
    }
}

impl Downsampler {
    /// Takes the next chunk of sound, gives what of it is complete.
    pub fn push(&mut self, pcm: &[u8]) -> Vec<u8> {
        let bytes: Vec<u8> = self.half.take().into_iter().chain(pcm.iter().copied()).collect();
        let (samples, cut) = bytes.as_chunks::<2>();
        self.half = cut.first().copied();
        self.recent.extend(samples.iter().map(|sample| f32::from(i16::from_le_bytes(*sample))));
        self.drain()
    }

    /// The end of the sound: what is still in the filter.
    pub fn finish(mut self) -> Vec<u8> {
        self.recent.extend([0.0; TAPS / 2]);
        self.drain()
    }

    fn drain(&mut self) -> Vec<u8> {
        let outputs = (self.recent.len() + DECIMATION).saturating_sub(TAPS) / DECIMATION;
        let sample = |n: usize| {
            let window = &self.recent[n * DECIMATION..n * DECIMATION + TAPS];
            let sum: f32 = window.iter().zip(&self.taps).map(|(sample, tap)| sample * tap).sum();
            // Rounded and clipped to 16 bits; the cast saturates.
            encode(sum.round() as i16)
        };
        let audio = (0..outputs).map(sample).collect();
        self.recent.drain(..outputs * DECIMATION);
        audio
    }
}

/// A windowed sinc with unit gain at zero.
fn low_pass() -> Vec<f32> {
    let middle = (TAPS / 2) as f32;
    let tap = |n: usize| {
        let x = n as f32 - middle;
        let sinc = if x == 0.0 { 2.0 * CUTOFF } else { (std::f32::consts::TAU * CUTOFF * x).sin() / (std::f32::consts::PI * x) };
        let turn = std::f32::consts::TAU * n as f32 / (TAPS - 1) as f32;
        sinc * (0.54 - 0.46 * turn.cos())
    };
    let taps: Vec<f32> = (0..TAPS).map(tap).collect();
    let gain: f32 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / gain).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn agrees_with_the_standard() {
        assert_eq!([0, 32_124, -32_124, 1000, -1000].map(encode), [0xff, 0x80, 0x00, 0xce, 0x4e]);
        assert_eq!([0xff, 0x7f, 0x80, 0x00].map(decode), [0, 0, 32_124, -32_124]);
        assert_eq!((encode(i16::MAX), encode(i16::MIN)), (0x80, 0x00));
        for byte in 0..=255u8 {
            let again = encode(decode(byte));
            assert!(again == byte || (byte == 0x7f && again == 0xff), "{byte:#x} became {again:#x}; only the two zeros may merge");
        }
    }

    fn tone(hertz: f32, samples: u32) -> Vec<u8> {
        let sample = |n: u32| (10_000.0 * (std::f32::consts::TAU * hertz * n as f32 / 24_000.0).sin()) as i16;
        (0..samples).flat_map(|n| sample(n).to_le_bytes()).collect()
    }

    fn loudness(audio: &[u8]) -> f32 {
        let power: f32 = audio.iter().map(|byte| f32::from(decode(*byte)).powi(2)).sum();
        (power / audio.len() as f32).sqrt()
    }

    fn down(pcm: &[u8], size: usize) -> Vec<u8> {
        let mut filter = Downsampler::default();
        let mut audio: Vec<u8> = pcm.chunks(size).flat_map(|chunk| filter.push(chunk)).collect();
        audio.extend(filter.finish());
        audio
    }

    #[test]
    fn keeps_the_voice_and_drops_what_would_fold() {
        for (hertz, low, high) in
            [(300.0, 6700.0, 7400.0), (1000.0, 6700.0, 7400.0), (3000.0, 6400.0, 7400.0), (5000.0, 0.0, 70.0), (9000.0, 0.0, 70.0)]
        {
            let heard = loudness(&down(&tone(hertz, 24_000), 4800));
            assert!((low..=high).contains(&heard), "{hertz} Hz came out at {heard}");
        }
        assert_eq!(down(&tone(440.0, 24_000), 4800).len(), 8000);
    }

    #[test]
    fn writes_a_header_that_players_know() {
        let header = wav_header(8000, 2);
        assert_eq!((header.len(), &header[..4], &header[8..16]), (58, &b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!(u32::from_le_bytes(header[4..8].try_into().unwrap()), 8000 + 58 - 8);
        assert_eq!(header[20..24], [7, 0, 2, 0], "μ-law, two channels");
        assert_eq!(u32::from_le_bytes(header[28..32].try_into().unwrap()), 16_000, "bytes per second");
        assert_eq!((&header[38..42], &header[50..54]), (&b"fact"[..], &b"data"[..]));
    }

    proptest! {
        #[test]
        fn coding_loses_little(sample in any::<i16>()) {
            let back = i32::from(decode(encode(sample)));
            let error = (back - i32::from(sample)).abs();
            prop_assert!(error <= i32::from(sample).abs() / 16 + 16, "{} came back as {}", sample, back);
        }

        #[test]
        fn cuts_do_not_matter(length in 0..3000usize, size in 1..700usize) {
            let pcm = &tone(700.0, 1500)[..length];
            prop_assert_eq!(down(pcm, size), down(pcm, usize::MAX));
        }
    }
}
