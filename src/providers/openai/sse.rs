//! Server-sent events, as far as a stream of answers needs them: `data` in, everything else ignored.
//!
//! Chunks of the network know nothing of events: one may end inside a line, a character, or a CR LF.

/// No event of a chat stream comes near this; a server that never ends its line must not fill the memory.
const LARGEST_EVENT: usize = 1 << 20;

/// The stream broke its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// A single event outgrew every limit.
    #[error("an event of the stream is larger than {LARGEST_EVENT} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error("the stream is not UTF-8")]
    NotText,
}

/// Turns chunks of bytes into the data of events.
#[derive(Debug, Default)]
pub struct SseReader {
    buffer: Vec<u8>,
    /// Up to here the buffer is read.
    read: usize,
    /// Up to here the unread part has no line end.
    searched: usize,
    /// `data` lines of the running event.
    data: Option<String>,
    /// The last line ended with CR: a LF right after it belongs to it.
    after_cr: bool,
    /// A byte order mark may still come.
    begun: bool,
}

impl SseReader {
    /// Adds a chunk. Ask for events until there is none, then add the next.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.read);
        self.searched -= self.read;
        self.read = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// The data of the next complete event.
    ///
    /// # Errors
    /// When the stream is not an event stream; nothing after that makes sense.
    pub fn next_event(&mut self) -> Result<Option<String>, SseError> {
        while let Some((start, end)) = self.next_line()? {
            if start == end {
                if let Some(data) = self.data.take() {
                    return Ok(Some(data));
                }
                continue;
            }
            let line = std::str::from_utf8(&self.buffer[start..end]).map_err(|_| SseError::NotText)?;
            if let Some(value) = data_of(line) {
                append(&mut self.data, value);
            }
        }
        Ok(None)
    }

    /// Where the next complete line is, without its end.
    fn next_line(&mut self) -> Result<Option<(usize, usize)>, SseError> {
        if self.after_cr && self.buffer.get(self.read).is_some_and(|byte| *byte == b'\n') {
            self.read += 1;
        }
        if self.after_cr && self.read < self.buffer.len() {
            self.after_cr = false;
        }
        self.skip_mark();
        self.searched = self.searched.max(self.read);
        let Some(length) = self.buffer[self.searched..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            self.searched = self.buffer.len();
            let kept = self.buffer.len() - self.read + self.data.as_ref().map_or(0, String::len);
            return if kept > LARGEST_EVENT { Err(SseError::TooLarge) } else { Ok(None) };
        };
        let (start, end) = (self.read, self.searched + length);
        self.after_cr = self.buffer[end] == b'\r';
        (self.read, self.searched, self.begun) = (end + 1, end + 1, true);
        Ok(Some((start, end)))
    }

    fn skip_mark(&mut self) {
        if !self.begun && self.buffer[self.read..].starts_with("\u{feff}".as_bytes()) {
            self.read += 3;
            self.begun = true;
        }
    }
}

/// The value of a `data` line; `None` for comments and other fields.
fn data_of(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    (name == "data").then(|| value.strip_prefix(' ').unwrap_or(value))
}

fn append(data: &mut Option<String>, line: &str) {
    match data {
        Some(data) => {
            data.push('\n');
            data.push_str(line);
        }
        None => *data = Some(line.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(chunks: &[&[u8]]) -> Vec<String> {
        let (mut reader, mut seen) = (SseReader::default(), Vec::new());
        for chunk in chunks {
            reader.push(chunk);
            while let Some(event) = reader.next_event().unwrap() {
                seen.push(event);
            }
        }
        seen
    }

    #[test]
    fn reads_events_and_ignores_the_rest() {
        let text = b"\xef\xbb\xbf: hello\nevent: x\ndata: one\nid: 5\n\n\n: keep-alive\n\ndata:two\ndata: lines\n\ndata: unfinished\n";
        assert_eq!(events(&[text]), ["one", "two\nlines"]);
    }

    #[test]
    fn takes_every_line_end_and_does_not_wait_after_cr() {
        assert_eq!(events(&[b"data: a\r\n\r\ndata: b\r\rdata: c\n\n"]), ["a", "b", "c"]);
        assert_eq!(events(&[b"data: a\r", b"\n\r", b"\ndata: b\r\n", b"\r\n"]), ["a", "b"]);
    }

    #[test]
    fn an_endless_event_is_an_error() {
        let mut reader = SseReader::default();
        reader.push(b"data: ");
        reader.push(&vec![b'x'; LARGEST_EVENT]);
        assert_eq!(reader.next_event(), Err(SseError::TooLarge));
        let mut reader = SseReader::default();
        reader.push(b"data: \xff\xfe\n\n");
        assert_eq!(reader.next_event(), Err(SseError::NotText));
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            texts in proptest::collection::vec("[a-z€ ]{0,12}", 0..8),
            ends in proptest::sample::select(vec!["\n", "\r\n", "\r"]),
            size in 1..9usize,
        ) {
            let stream: String = texts.iter().map(|text| format!(": c{ends}data: {text}{ends}{ends}")).collect();
            let chunks: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
            prop_assert_eq!(events(&chunks), texts);
        }

        #[test]
        fn never_panics(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..30), 0..20)) {
            let mut reader = SseReader::default();
            for chunk in chunks {
                reader.push(&chunk);
                while let Ok(Some(_)) = reader.next_event() {}
            }
        }
    }
}
