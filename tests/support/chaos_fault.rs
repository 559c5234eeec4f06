//! What may happen to a connection, and to the bytes of each of its directions.

/// What happens to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Bytes pass.
    #[default]
    None,
    /// Every piece takes so long, and up to `jitter_ms` longer, in both directions.
    Latency { ms: u64, jitter_ms: u64 },
    /// Reset as soon as somebody asks.
    Refuse,
    /// The request never arrives; the connection stays open without a word.
    LoseRequest,
    /// The request arrives so much later, even when its sender has left.
    HoldRequest { ms: u64 },
    /// The request arrives, its answer is swallowed; the connection stays open without a word.
    DropResponse,
    /// The request arrives, the connection is reset in place of the answer.
    ResetResponse,
    /// So many bytes of the answer, then a reset in the middle.
    ResetAfter { bytes: usize },
    /// So many bytes of the answer, then the end.
    CutAfter { bytes: usize },
    /// The answer comes at this speed.
    Slow { bytes_per_s: u64 },
    /// What no network does, but a retry layer: a request without an answer after so long is sent again.
    Resend { after_ms: u64 },
    /// Somebody else answers in place of the server, and that is the end of the connection.
    Answer { bytes: &'static [u8] },
    /// The request arrives; in place of its answer comes this, and that is the end of the connection.
    AnswerAfter { bytes: &'static [u8] },
    /// These bytes come right behind the head of the answer.
    Insert { bytes: &'static [u8] },
    /// TLS with a certificate that has expired and that nobody signed.
    ExpiredTls,
}

/// How the bytes of one direction fare.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub fault: Fault,
    pub left: usize,
}

impl Shape {
    pub fn of_request(fault: Fault) -> Self {
        let fault = if matches!(fault, Fault::Latency { .. }) { fault } else { Fault::None };
        Self { fault, left: usize::MAX }
    }

    pub fn of_answer(fault: Fault) -> Self {
        let left = match fault {
            Fault::ResetAfter { bytes } | Fault::CutAfter { bytes } => bytes,
            _ => usize::MAX,
        };
        Self { fault, left }
    }

    /// How many bytes may pass at once.
    pub fn piece(self) -> usize {
        match self.fault {
            Fault::Slow { .. } => 1,
            _ => self.left.min(16 * 1024),
        }
    }
}
