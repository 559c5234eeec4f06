//! Every byte of a file, read once: it is text, in the encoding it declares.

use std::io::{self, Read};

use memchr::memchr;
use sha2::{Digest, Sha256};

use super::FileError;
use crate::intake::lines::Lines;
use crate::intake::text::{Encoding, Text};

/// A file that is text.
pub(super) struct Checked {
    /// Length of the decoded text.
    pub(super) text_bytes: u64,
    /// Length of the file.
    pub(super) file_bytes: u64,
    /// Of the file, in hex.
    pub(super) sha256: String,
    /// Whether a quote stands in it.
    pub(super) quotes: bool,
}

/// Reads every byte: all of it has to be text in the encoding that was declared.
pub(super) fn check_text<R: Read>(file: &mut R, encoding: Encoding) -> Result<Checked, FileError> {
    let mut hashed = Hashed { inner: file, hash: Sha256::new(), bytes: 0 };
    let mut text = Text::new(&mut hashed, encoding);
    let (mut buffer, mut kept, mut at, mut total) = (vec![0; 64 * 1024], 0, Lines::default(), 0_u64);
    let (mut blank, mut quotes) = (true, false);
    loop {
        let read = text.read(&mut buffer[kept..])?;
        if text.broken {
            return Err(FileError::BrokenUtf16 { line: at.line() });
        }
        let all = &buffer[..kept + read];
        let good = valid_prefix(all, read == 0, at)?;
        let new = &all[..good];
        if let Some(zero) = memchr(0, new) {
            return Err(FileError::ZeroByte { line: at.behind(&new[..zero]).line() });
        }
        blank &= new.iter().all(u8::is_ascii_whitespace);
        quotes = quotes || memchr(b'"', new).is_some();
        (at, total) = (at.behind(new), total + good as u64);
        if read == 0 {
            break;
        }
        let length = all.len();
        buffer.copy_within(good..length, 0);
        kept = length - good;
    }
    if blank {
        return Err(FileError::Empty);
    }
    Ok(Checked { text_bytes: total, file_bytes: hashed.bytes, sha256: hex::encode(hashed.hash.finalize()), quotes })
}

/// How much of the chunk is whole characters; a broken one is an error, half a one at the end waits for more.
fn valid_prefix(chunk: &[u8], last: bool, at: Lines) -> Result<usize, FileError> {
    match std::str::from_utf8(chunk) {
        Ok(_) => Ok(chunk.len()),
        Err(error) if error.error_len().is_none() && !last => Ok(error.valid_up_to()),
        Err(error) => {
            let (good, bad) = chunk.split_at(error.valid_up_to());
            Err(FileError::Encoding { line: at.behind(good).line(), guess: guess(bad) })
        }
    }
}

/// What the undecodable bytes look like.
fn guess(bad: &[u8]) -> &'static str {
    match bad {
        [0x81..=0x9f | 0xe0..=0xfc, 0x40..=0x7e | 0x80..=0xfc, 0x81..=0x9f, ..] => "it looks like Shift-JIS or another Asian encoding",
        [0xa0..=0xff, 0x00..=0x7f, ..] | [0xa0..=0xff] => "it looks like Latin-1 or Windows-1252",
        [0x80..=0x9f, ..] => "it looks like Windows-1252",
        _ => "an unknown encoding",
    }
}

struct Hashed<'a, R> {
    inner: &'a mut R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.hash.update(&out[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
