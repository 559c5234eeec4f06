//! The bytes of a file as UTF-8 text: UTF-8 with or without a byte order mark, UTF-16 with one.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

/// How the bytes of a file spell text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8; `mark` bytes of byte order mark stand before the text (0 or 3).
    Utf8 {
        /// Length of the byte order mark.
        mark: u8,
    },
    /// UTF-16, little end first, declared by its mark.
    Utf16Le,
    /// UTF-16, big end first, declared by its mark.
    Utf16Be,
}

impl Encoding {
    /// Told by the mark at the beginning; without one it can only be UTF-8.
    #[must_use]
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0xef, 0xbb, 0xbf, ..] => Self::Utf8 { mark: 3 },
            [0xff, 0xfe, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] => Self::Utf16Be,
            _ => Self::Utf8 { mark: 0 },
        }
    }

    /// Bytes of the mark.
    const fn mark(self) -> u64 {
        match self {
            Self::Utf8 { mark } => mark as u64,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }

    fn decoder(self) -> Option<Decoder> {
        match self {
            Self::Utf8 { .. } => None,
            Self::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Self::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
        }
    }
}

const CHUNK: usize = 64 * 1024;

/// The text of a file, without its mark. UTF-8 passes through unchecked ([`preflight`](crate::intake::preflight()) has checked it).
pub struct Text<R> {
    inner: R,
    skip: u64,
    utf16: Option<Utf16>,
    /// Whether the text ends here because a character cannot be read.
    pub broken: bool,
}

/// UTF-16 on its way to UTF-8.
struct Utf16 {
    decoder: Decoder,
    raw: Box<[u8]>,
    text: Box<[u8]>,
    at: usize,
    end: usize,
    finished: bool,
    /// Whether it is finished because of a broken character.
    malformed: bool,
}

impl<R: Read> Text<R> {
    /// Reads `inner` from its beginning.
    pub fn new(inner: R, encoding: Encoding) -> Self {
        Self { inner, skip: encoding.mark(), utf16: encoding.decoder().map(Utf16::new), broken: false }
    }

    fn skip_mark(&mut self) -> io::Result<()> {
        let mut mark = [0; 3];
        while self.skip > 0 {
            let wanted = usize::try_from(self.skip).unwrap_or(mark.len()).min(mark.len());
            let read = self.inner.read(&mut mark[..wanted])?;
            self.skip = if read == 0 { 0 } else { self.skip - read as u64 };
        }
        Ok(())
    }
}

impl Utf16 {
    fn new(decoder: Decoder) -> Self {
        let (raw, text) = (vec![0; CHUNK].into_boxed_slice(), vec![0; CHUNK * 2].into_boxed_slice());
        Self { decoder, raw, text, at: 0, end: 0, finished: false, malformed: false }
    }

    /// Decodes the next chunk, up to a broken character. UTF-8 takes at most one and a half times the room of UTF-16, so a chunk
    /// always fits.
    fn fill(&mut self, inner: &mut impl Read) -> io::Result<()> {
        let read = inner.read(&mut self.raw)?;
        let (result, _, written) = self.decoder.decode_to_utf8_without_replacement(&self.raw[..read], &mut self.text, read == 0);
        self.malformed = matches!(result, DecoderResult::Malformed(..));
        self.finished = read == 0 || self.malformed;
        (self.at, self.end) = (0, written);
        Ok(())
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.skip_mark()?;
        let Some(utf16) = self.utf16.as_mut() else { return self.inner.read(out) };
        while utf16.at == utf16.end && !utf16.finished {
            utf16.fill(&mut self.inner)?;
        }
        // what stands before it is read first
        self.broken = utf16.malformed && utf16.at == utf16.end;
        let length = out.len().min(utf16.end - utf16.at);
        out[..length].copy_from_slice(&utf16.text[utf16.at..utf16.at + length]);
        utf16.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn reads_every_declared_encoding() {
        let text = "name,größe\r\n𝄞,日本\n".repeat(10_000);
        let marked = [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat();
        for file in [text.clone().into_bytes(), marked, utf16(&text, u16::to_le_bytes), utf16(&text, u16::to_be_bytes)] {
            let mut read = String::new();
            let mut reader = Text::new(file.as_slice(), Encoding::of(&file));
            reader.read_to_string(&mut read).unwrap();
            assert!(read == text && !reader.broken);
        }
    }

    #[test]
    fn notices_half_a_character() {
        let mut file = utf16("ab", u16::to_le_bytes);
        file.pop();
        let mut reader = Text::new(file.as_slice(), Encoding::of(&file));
        reader.read_to_end(&mut Vec::new()).unwrap();
        assert!(reader.broken);
    }

    #[test]
    fn reads_up_to_a_broken_character() {
        let before = "name,größe\n".repeat(10_000);
        let mut file = utf16(&before, u16::to_le_bytes);
        file.extend_from_slice(&[0x00, 0xd8]);
        file.extend("x\n".repeat(10_000).encode_utf16().flat_map(u16::to_le_bytes));
        let (mut read, mut reader) = (String::new(), Text::new(file.as_slice(), Encoding::of(&file)));
        reader.read_to_string(&mut read).unwrap();
        assert!(read == before && reader.broken);
    }
}
