//! Sound between the encodings of the wire and 8 kHz μ-law, in which words are carried.

use super::error::ApiError;
use super::query::Query;

/// The rate at which words are carried.
const RATE: u32 = 8000;

/// How sound is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The samples.
    pub encoding: Encoding,
    /// Samples a second.
    pub rate: u32,
}

/// How a sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// G.711 μ-law, one byte.
    Mulaw,
    /// Signed 16 bit, little endian.
    Linear16,
}

impl Encoding {
    /// Bytes of one sample.
    pub const fn width(self) -> usize {
        match self {
            Self::Mulaw => 1,
            Self::Linear16 => 2,
        }
    }

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mulaw => "mulaw",
            Self::Linear16 => "linear16",
        }
    }
}

impl Format {
    /// What `encoding` and `sample_rate` say; nothing when there is no `encoding`.
    ///
    /// # Errors
    /// A 400 for an encoding the simulator cannot read, or a missing rate.
    pub fn of(query: &Query) -> Result<Option<Self>, ApiError> {
        let encoding = match query.text("encoding") {
            None => return Ok(None),
            Some("mulaw") => Encoding::Mulaw,
            Some("linear16") => Encoding::Linear16,
            Some(other) => {
                return Err(ApiError::bad_request(format!("The simulator reads and writes 'mulaw' and 'linear16', not '{other}'.")));
            }
        };
        let rate = query.number("sample_rate", RATE..=48_000)?;
        let rate = rate.ok_or_else(|| ApiError::bad_request("Invalid query parameter: 'sample_rate' is required with 'encoding'."))?;
        Ok(Some(Self { encoding, rate }))
    }

    /// Writes 8 kHz μ-law in this format: samples are repeated, not smoothed.
    pub fn write(self, mulaw: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(mulaw.len() * self.encoding.width() * (self.rate / RATE) as usize);
        let mut due = 0;
        for byte in mulaw {
            due += self.rate;
            while due >= RATE {
                due -= RATE;
                match self.encoding {
                    Encoding::Mulaw => out.push(*byte),
                    Encoding::Linear16 => out.extend_from_slice(&expand(*byte).to_le_bytes()),
                }
            }
        }
        out
    }
}

/// Reads a stream of any format as 8 kHz μ-law: samples are dropped, not averaged, so that words at 8 kHz survive.
#[derive(Debug)]
pub struct Reader {
    format: Format,
    rest: Vec<u8>,
    due: u32,
}

impl Reader {
    /// A stream of this format.
    pub fn new(format: Format) -> Self {
        Self { format, rest: Vec::new(), due: RATE }
    }

    /// The next piece; half a sample waits for its other half.
    pub fn read(&mut self, piece: &[u8]) -> Vec<u8> {
        let width = self.format.encoding.width();
        let bytes = [std::mem::take(&mut self.rest).as_slice(), piece].concat();
        let whole = bytes.len() - bytes.len() % width;
        self.rest = bytes[whole..].to_vec();
        bytes[..whole].chunks_exact(width).filter_map(|sample| self.sample(sample)).collect()
    }

    fn sample(&mut self, sample: &[u8]) -> Option<u8> {
        let taken = self.due >= self.format.rate || self.format.rate == RATE;
        self.due = if taken { self.due % self.format.rate + RATE } else { self.due + RATE };
        taken.then(|| match *sample {
            [byte] => byte,
            [low, high] => compress(i16::from_le_bytes([low, high])),
            _ => 0xff,
        })
    }
}

const BIAS: i32 = 0x84;
const LOUDEST: i32 = 32_635;

/// ITU-T G.711 μ-law expansion.
fn expand(byte: u8) -> i16 {
    let inverted = !byte;
    let magnitude = ((i32::from(inverted & 0x0f) << 3) + BIAS) << ((inverted >> 4) & 7);
    let sample = if inverted & 0x80 == 0 { magnitude - BIAS } else { BIAS - magnitude };
    i16::try_from(sample).unwrap_or(i16::MAX)
}

/// ITU-T G.711 μ-law compression.
fn compress(sample: i16) -> u8 {
    let magnitude = i32::from(sample).abs().min(LOUDEST) + BIAS;
    let exponent = (magnitude >> 7).ilog2();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let code = sign | u8::try_from(exponent << 4).unwrap_or(0x70) | u8::try_from(mantissa).unwrap_or(0x0f);
    !code
}

/// A WAV file's sound.
#[derive(Debug)]
pub struct Wav<'b> {
    /// How it is written.
    pub format: Format,
    /// Interleaved channels.
    pub channels: usize,
    /// The samples.
    pub data: &'b [u8],
}

/// Reads a WAV file of 16-bit PCM or μ-law; a data chunk of unknown length goes to the end.
pub fn read_wav(bytes: &[u8]) -> Option<Wav<'_>> {
    let mut rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut shape = None;
    loop {
        let (head, body) = rest.split_at_checked(8)?;
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        match &head[..4] {
            b"fmt " => shape = Some(wav_shape(body.get(..16)?)?),
            b"data" => {
                let (format, channels) = shape?;
                return Some(Wav { format, channels, data: &body[..length.min(body.len())] });
            }
            _ => {}
        }
        rest = body.get(length + length % 2..)?;
    }
}

fn wav_shape(fmt: &[u8]) -> Option<(Format, usize)> {
    let short = |at: usize| u16::from_le_bytes([fmt[at], fmt[at + 1]]);
    let encoding = match (short(0), short(14)) {
        (1, 16) => Encoding::Linear16,
        (7, 8) => Encoding::Mulaw,
        _ => return None,
    };
    let rate = u32::from_le_bytes([fmt[4], fmt[5], fmt[6], fmt[7]]);
    Some((Format { encoding, rate }, usize::from(short(2)).max(1)))
}

/// The header of a WAV stream whose length is not known yet.
pub fn wav_head(format: Format) -> Vec<u8> {
    let width = u16::try_from(format.encoding.width()).unwrap_or(2);
    let tag: u16 = if format.encoding == Encoding::Mulaw { 7 } else { 1 };
    let mut head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0".to_vec();
    head.extend_from_slice(&tag.to_le_bytes());
    head.extend_from_slice(&1_u16.to_le_bytes());
    head.extend_from_slice(&format.rate.to_le_bytes());
    head.extend_from_slice(&(format.rate * u32::from(width)).to_le_bytes());
    head.extend_from_slice(&width.to_le_bytes());
    head.extend_from_slice(&(width * 8).to_le_bytes());
    head.extend_from_slice(b"data\xff\xff\xff\xff");
    head
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Format, Reader, compress, expand, read_wav, wav_head};

    #[test]
    fn every_byte_but_negative_zero_survives_linear() {
        assert!((0..=255).filter(|byte| *byte != 0x7f).all(|byte| compress(expand(byte)) == byte));
    }

    #[test]
    fn a_stream_comes_back_through_any_format_in_any_pieces() {
        let mulaw: Vec<u8> = (0..2000_u16).map(|at| at.to_le_bytes()[0] | 0x80).collect();
        for encoding in [Encoding::Mulaw, Encoding::Linear16] {
            for rate in [8000, 16_000, 24_000, 48_000] {
                let format = Format { encoding, rate };
                let mut reader = Reader::new(format);
                let read: Vec<u8> = format.write(&mulaw).chunks(7).flat_map(|piece| reader.read(piece)).collect();
                assert_eq!(read, mulaw, "{format:?}");
            }
        }
    }

    #[test]
    fn a_wav_is_read_as_it_was_written() {
        let format = Format { encoding: Encoding::Mulaw, rate: 8000 };
        let file = [wav_head(format), vec![1, 2, 3]].concat();
        let wav = read_wav(&file).unwrap();
        assert_eq!((wav.format, wav.channels, wav.data), (format, 1, &[1_u8, 2, 3][..]));
        assert!(read_wav(b"RIFFxxxxWAVE").is_none());
    }
}
