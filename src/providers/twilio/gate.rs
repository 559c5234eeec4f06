//! A connection that waits for leave at the last possible moment and knows whether a byte of the request ever left.
//!
//! The gate sits directly on the TCP stream, below TLS and HTTP. Once armed, its first write waits for leave; the statement after
//! it is given is the write itself. Leave is for that moment: when the kernel does not take the write at once (the buffer of a
//! connection that has only shaken hands is empty, so it has no memory for sockets), nothing is written later either. A refusal lets
//! nothing through. What the gate counted decides between "not sent" and "perhaps sent", so it counts only what the kernel accepted.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::providers::Leave;

enum Phase {
    /// TLS handshake: bytes pass and are not counted.
    Handshake,
    /// The next write is the request's first, and waits.
    Armed(Leave),
    /// Leave was given; so many bytes of the request were accepted by the kernel.
    Open(u64),
    /// Not allowed, for this reason; nothing passes any more.
    Refused(String),
}

/// What became of the request's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Not a byte was written.
    Nothing,
    /// Leave was refused, for this reason; not a byte was written.
    NotAllowed(String),
    /// At least one byte was written.
    Something,
}

/// The view on a gate that stays outside of the connection.
#[derive(Clone)]
pub struct GateKeeper(Arc<Mutex<Phase>>);

impl GateKeeper {
    /// Ends the handshake phase: from now on the first write waits.
    pub fn arm(&self, leave: Leave) {
        *self.phase() = Phase::Armed(leave);
    }

    /// What became of the request's bytes so far.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match &*self.phase() {
            Phase::Handshake | Phase::Armed(_) | Phase::Open(0) => Sent::Nothing,
            Phase::Refused(why) => Sent::NotAllowed(why.clone()),
            Phase::Open(_) => Sent::Something,
        }
    }

    /// Whether bytes may pass; waits where that is not decided yet.
    fn poll_leave(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut phase = self.phase();
        if let Phase::Armed(leave) = &mut *phase {
            let given = ready!(leave.as_mut().poll(cx));
            *phase = given.map_or_else(Phase::Refused, |()| Phase::Open(0));
        }
        Poll::Ready(!matches!(*phase, Phase::Refused(_)))
    }

    /// The stream takes nothing now. Whether leave was given and not used: then it is over.
    fn stalled(&self) -> bool {
        let mut phase = self.phase();
        let unused = matches!(*phase, Phase::Open(0));
        if unused {
            *phase = Phase::Refused("the system did not take the request at once".to_owned());
        }
        unused
    }

    fn wrote(&self, bytes: usize) {
        if let Phase::Open(sent) = &mut *self.phase() {
            *sent = sent.saturating_add(bytes as u64);
        }
    }

    fn phase(&self) -> std::sync::MutexGuard<'_, Phase> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream behind a gate.
pub struct Gate<S> {
    stream: S,
    keeper: GateKeeper,
}

impl<S> Gate<S> {
    /// Puts a stream behind a gate that is not armed yet.
    pub fn new(stream: S) -> (Self, GateKeeper) {
        let keeper = GateKeeper(Arc::new(Mutex::new(Phase::Handshake)));
        (Self { stream, keeper: keeper.clone() }, keeper)
    }
}

fn not_allowed() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "not allowed to dial")
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !bytes.is_empty() && !ready!(self.keeper.poll_leave(cx)) {
            return Poll::Ready(Err(not_allowed()));
        }
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Pending if self.keeper.stalled() => Poll::Ready(Err(not_allowed())),
            Poll::Pending => Poll::Pending,
            Poll::Ready(written) => {
                let written = written?;
                self.keeper.wrote(written);
                Poll::Ready(Ok(written))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn waits_for_leave_at_the_first_byte_of_the_request() {
        let (ours, mut theirs) = duplex(64);
        let (mut gate, keeper) = Gate::new(ours);
        gate.write_all(b"hello").await.unwrap();
        assert_eq!(keeper.sent(), Sent::Nothing, "the handshake is not the request");

        let (give, given) = oneshot::channel();
        keeper.arm(Box::pin(async { given.await.unwrap() }));
        let mut first = pin!(gate.write_all(b"POST"));
        assert!(poll!(first.as_mut()).is_pending());
        assert_eq!(keeper.sent(), Sent::Nothing);
        give.send(Ok(())).unwrap();
        first.await.unwrap();
        gate.write_all(b" /").await.unwrap();
        assert_eq!(keeper.sent(), Sent::Something);

        drop(gate);
        let mut received = String::new();
        theirs.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "helloPOST /");
    }

    #[tokio::test]
    async fn a_refusal_lets_nothing_through() {
        let (ours, mut theirs) = duplex(64);
        let (mut gate, keeper) = Gate::new(ours);
        keeper.arm(Box::pin(async { Err("too late".to_owned()) }));
        assert!(gate.write_all(b"POST").await.is_err());
        assert!(gate.write_all(b"POST").await.is_err());
        assert_eq!(keeper.sent(), Sent::NotAllowed("too late".to_owned()));
        drop(gate);
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).await.unwrap();
        assert!(received.is_empty());
    }

    #[tokio::test]
    async fn leave_is_over_when_the_first_byte_cannot_go_at_once() {
        let (ours, mut theirs) = duplex(5);
        let (mut gate, keeper) = Gate::new(ours);
        gate.write_all(b"hello").await.unwrap();
        keeper.arm(Box::pin(async { Ok(()) }));
        assert!(gate.write_all(b"POST").await.is_err());
        assert!(matches!(keeper.sent(), Sent::NotAllowed(_)));
        drop(gate);
        let mut received = String::new();
        theirs.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "hello");
    }

    #[tokio::test]
    async fn a_write_that_the_peer_never_took_is_nothing() {
        let (ours, theirs) = duplex(64);
        drop(theirs);
        let (mut gate, keeper) = Gate::new(ours);
        keeper.arm(Box::pin(async { Ok(()) }));
        assert!(gate.write_all(b"POST").await.is_err());
        assert_eq!(keeper.sent(), Sent::Nothing);
    }
}
