//! What a socket will send and when; faults strike here.

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{Instant, sleep_until, timeout};

use super::faults::{Fault, FaultKind};

/// How long a client may take to answer a close frame.
const GOODBYE: Duration = Duration::from_secs(1);

/// Messages in order, none before its time.
#[derive(Debug)]
pub struct Outbox {
    queue: VecDeque<(Instant, Message)>,
    last_due: Instant,
    sent: usize,
    fault: Option<Fault>,
}

/// Whether a socket goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    On,
    /// It is over.
    Over,
}

impl Outbox {
    /// Nothing to send yet.
    pub fn new(fault: Option<Fault>) -> Self {
        Self { queue: VecDeque::new(), last_due: Instant::now(), sent: 0, fault }
    }

    /// Sends a message after so long, and never before an earlier one.
    pub fn push(&mut self, after: Duration, message: Message) {
        self.last_due = self.last_due.max(Instant::now() + after);
        self.queue.push_back((self.last_due, message));
    }

    /// Forgets everything that has not been sent.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.last_due = Instant::now();
    }

    /// Returns when the next message is due; never when there is none.
    pub async fn due(&self) {
        match self.queue.front() {
            Some((due, _)) => sleep_until(*due).await,
            None => std::future::pending().await,
        }
    }

    /// Sends the next message, or what the fault makes of it.
    pub async fn send_next(&mut self, socket: &mut WebSocket) -> Flow {
        let Some((_, message)) = self.queue.pop_front() else { return Flow::On };
        self.sent += 1;
        let message = match self.strike() {
            None => message,
            Some(FaultKind::Garbage) => Message::Text("{\"type\":\"Resul".into()),
            Some(FaultKind::HalfOpen) => return Flow::On,
            Some(_) => return Flow::Over,
        };
        let closing = matches!(message, Message::Close(_));
        if socket.send(message).await.is_err() {
            return Flow::Over;
        }
        if closing {
            goodbye(socket).await;
            return Flow::Over;
        }
        Flow::On
    }

    /// The fault, where it strikes this message: garbage once, the others from then on.
    fn strike(&self) -> Option<FaultKind> {
        let fault = self.fault.as_ref().filter(|fault| self.sent > fault.after_messages)?;
        let once_over = fault.kind == FaultKind::Garbage && self.sent > fault.after_messages + 1;
        (!once_over).then_some(fault.kind)
    }
}

/// Waits for the client's close frame, so that ours arrives before the connection ends.
async fn goodbye(socket: &mut WebSocket) {
    let answered = async { while let Some(Ok(_)) = socket.recv().await {} };
    // A client that does not answer has the connection taken from it.
    drop(timeout(GOODBYE, answered).await);
}
