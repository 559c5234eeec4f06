//! The speaking task: text of one call in, its audio out, over one socket.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

use crate::providers::wire::socket::{self, Liveness, Pulse, Socket};
use crate::providers::wire::words::safe_words;
use crate::providers::{Again, MouthLink, ProviderError, Say, Spoken};

use super::replies::{Out, Replies};
use super::{PROVIDER, error, with_query};

const SAY_ROOM: usize = 64;
const SPOKEN_ROOM: usize = 256;
const CLOSE: &str = r#"{"type":"Close"}"#;
/// How long a socket that nobody needs any more may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(250);

/// The request line of the handshake: telephone audio, no container.
#[must_use]
pub fn path(voice: &str) -> String {
    with_query("/v1/speak", [("model", voice.to_owned()), ("encoding", "mulaw".into()), ("sample_rate", "8000".into())])
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum FromService {
    Flushed,
    Cleared,
    Warning {
        #[serde(default)]
        code: String,
        #[serde(default)]
        description: String,
    },
    Error {
        #[serde(default)]
        code: String,
        #[serde(default)]
        description: String,
    },
    #[serde(other)]
    Other,
}

/// Drives one speaking socket.
pub struct Speaker {
    socket: Socket,
    replies: Replies,
    say: mpsc::Receiver<Say>,
    spoken: mpsc::Sender<Spoken>,
    stop: CancellationToken,
    pulse: Pulse,
}

impl Speaker {
    /// The task of an open socket, and the caller's side of it.
    #[must_use]
    pub fn new(socket: Socket, liveness: Liveness, stop: CancellationToken) -> (MouthLink, Self) {
        let (say, say_in) = mpsc::channel(SAY_ROOM);
        let (spoken_out, spoken) = mpsc::channel(SPOKEN_ROOM);
        let now = Instant::now();
        let speaker = Self { socket, replies: Replies::new(now), say: say_in, spoken: spoken_out, stop, pulse: Pulse::new(liveness, now) };
        (MouthLink { say, spoken }, speaker)
    }

    /// Runs until the stop token fires, the caller lets go, or the service fails; the last thing spoken says which.
    pub async fn run(mut self) {
        let error = self.attend().await.err();
        if error.is_none() {
            let goodbye = socket::send(PROVIDER, &mut self.socket, Message::text(CLOSE));
            let _ = timeout(GOODBYE, goodbye).await;
        }
        self.report(Spoken::Closed { error }).await;
    }

    async fn attend(&mut self) -> Result<(), ProviderError> {
        let mut tick = interval(Duration::from_millis(500));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let budget = self.replies.wakes_at();
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = self.spoken.closed() => return Ok(()),
                frame = self.socket.next() => self.frame(frame).await?,
                say = self.say.recv(), if self.replies.has_room() => match say {
                    Some(say) => self.say(say).await?,
                    None => return Ok(()),
                },
                () = sleep_until(budget.unwrap_or_else(Instant::now)), if budget.is_some() => self.pump().await?,
                _ = tick.tick() => self.tick().await?,
            }
        }
    }

    async fn say(&mut self, say: Say) -> Result<(), ProviderError> {
        let mut out = Vec::new();
        self.replies.say(say, Instant::now(), &mut out);
        self.perform(out).await
    }

    async fn pump(&mut self) -> Result<(), ProviderError> {
        let mut out = Vec::new();
        self.replies.pump(Instant::now(), &mut out);
        self.perform(out).await
    }

    async fn perform(&mut self, out: Vec<Out>) -> Result<(), ProviderError> {
        for one in out {
            match one {
                Out::Send(text) => socket::send(PROVIDER, &mut self.socket, Message::text(text)).await?,
                Out::Tell(spoken) => self.report(spoken).await,
            }
        }
        Ok(())
    }

    async fn frame(&mut self, frame: Option<Result<Message, Error>>) -> Result<(), ProviderError> {
        let now = Instant::now();
        self.pulse.saw(now);
        match frame {
            Some(Ok(Message::Binary(audio))) => {
                if let Some(spoken) = self.replies.audio(audio, now) {
                    self.report(spoken).await;
                }
                Ok(())
            }
            Some(Ok(Message::Text(text))) => self.message(text.as_str(), now).await,
            Some(Ok(Message::Close(close))) => Err(error::closed(close.as_ref())),
            Some(Ok(_)) => Ok(()),
            Some(Err(Error::ConnectionClosed)) | None => Err(error::cut()),
            Some(Err(error)) => Err(socket::failure(PROVIDER, &error)),
        }
    }

    async fn message(&mut self, text: &str, now: Instant) -> Result<(), ProviderError> {
        let mut out = Vec::new();
        match serde_json::from_str(text) {
            Ok(FromService::Flushed) => self.replies.flushed(now, &mut out),
            Ok(FromService::Cleared) => self.replies.cleared(now),
            Ok(FromService::Warning { code, description }) => {
                tracing::warn!(provider = PROVIDER, warning.code = %safe_words(&code), "speaking service warns: {}", safe_words(&description));
            }
            Ok(FromService::Error { code, description }) => return Err(error::reported(&code, &description, Again::Yes)),
            Ok(FromService::Other) => {}
            Err(_) => tracing::warn!(provider = PROVIDER, "unreadable message from the speaking service"),
        }
        self.perform(out).await
    }

    async fn tick(&mut self) -> Result<(), ProviderError> {
        if self.replies.is_stuck(Instant::now()) {
            let what = "the speaking service owes audio and sends none".to_owned();
            return Err(ProviderError { provider: PROVIDER, what, status: None, again: Again::Yes });
        }
        socket::keep_alive(PROVIDER, &mut self.socket, &mut self.pulse).await
    }

    /// Waits for room, but not beyond the end of the call.
    async fn report(&mut self, spoken: Spoken) {
        let Err(mpsc::error::TrySendError::Full(spoken)) = self.spoken.try_send(spoken) else { return };
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = self.spoken.send(spoken) => {}
        }
    }
}

#[cfg(test)]
mod tests;
