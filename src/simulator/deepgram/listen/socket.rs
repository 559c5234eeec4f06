//! One listening socket: audio and commands in, reports out, on the clock of the audio but for latency and idleness.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::simulator::deepgram::error::Closing;
use crate::simulator::deepgram::outbox::{Flow, Outbox};

/// What a protocol makes of a client's messages.
pub trait Scribe: Send {
    /// Said at once after the handshake.
    fn opened(&mut self) -> Vec<Value>;
    /// Audio came.
    fn hear(&mut self, audio: &[u8]) -> Reply;
    /// A command came.
    fn told(&mut self, text: &str) -> Reply;
    /// The client asks for the rest and the end.
    fn finish(&mut self) -> Reply;
}

/// What is answered.
#[derive(Debug, Default)]
pub struct Reply {
    /// Messages.
    pub say: Vec<Value>,
    /// The end, after them.
    pub close: Option<Closing>,
}

impl Reply {
    /// Messages, and the socket stays open.
    pub fn say(say: Vec<Value>) -> Self {
        Self { say, close: None }
    }
}

/// The circumstances of a socket.
#[derive(Debug)]
pub struct Session {
    /// From the audio to the report about it.
    pub delay: Duration,
    /// A socket that receives nothing for so long is closed.
    pub idle: Duration,
    /// What will be sent.
    pub outbox: Outbox,
    /// Fires when the simulator stops.
    pub stop: CancellationToken,
}

/// Serves a socket until it ends.
pub async fn serve(mut socket: WebSocket, mut scribe: impl Scribe, mut session: Session) {
    scribe.opened().into_iter().for_each(|message| session.post(Duration::ZERO, &message));
    let mut patience = Patience::new(session.idle);
    let mut ending = false;
    loop {
        tokio::select! {
            biased;
            () = session.stop.cancelled() => return,
            () = session.outbox.due() => if session.outbox.send_next(&mut socket).await == Flow::Over { return },
            () = sleep_until(patience.ends), if !ending => {
                session.close(Closing::IDLE);
                ending = true;
            }
            message = socket.recv(), if !ending => {
                let Some(Ok(message)) = message else { return };
                patience.renew(&message);
                ending = session.answer(&react(&mut scribe, &message));
            }
        }
    }
}

/// A binary frame without bytes means the end, as the documentation warns.
fn react(scribe: &mut impl Scribe, message: &Message) -> Reply {
    match message {
        Message::Binary(audio) if audio.is_empty() => scribe.finish(),
        Message::Binary(audio) => scribe.hear(audio),
        Message::Text(text) => scribe.told(text),
        Message::Close(_) => Reply { say: Vec::new(), close: Some(Closing::DONE) },
        Message::Ping(_) | Message::Pong(_) => Reply::default(),
    }
}

impl Session {
    fn post(&mut self, after: Duration, message: &Value) {
        self.outbox.push(after, Message::Text(message.to_string().into()));
    }

    fn close(&mut self, closing: Closing) {
        self.outbox.push(Duration::ZERO, closing.frame());
    }

    /// Whether the socket is ending.
    fn answer(&mut self, reply: &Reply) -> bool {
        let delay = self.delay;
        reply.say.iter().for_each(|message| self.post(delay, message));
        reply.close.map(|closing| self.close(closing)).is_some()
    }
}

/// How long nothing may come. Until the first audio no keep-alive helps.
struct Patience {
    idle: Duration,
    ends: Instant,
    heard_audio: bool,
}

impl Patience {
    fn new(idle: Duration) -> Self {
        Self { idle, ends: Instant::now() + idle, heard_audio: false }
    }

    fn renew(&mut self, message: &Message) {
        self.heard_audio |= matches!(message, Message::Binary(_));
        if self.heard_audio {
            self.ends = Instant::now() + self.idle;
        }
    }
}
