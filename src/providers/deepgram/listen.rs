//! The listening task: audio of one call in, what was heard out, over one socket of either dialect.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

use crate::providers::wire::socket::{self, Liveness, Pulse, Socket};
use crate::providers::{EarsLink, Heard, ProviderError};

use super::flux::FluxTurns;
use super::grouping::Grouping;
use super::nova::NovaTurns;
use super::turns::Turns;
use super::{DeepgramSettings, PROVIDER, error};

/// Two seconds of telephone frames.
const AUDIO_ROOM: usize = 100;
const HEARD_ROOM: usize = 64;
const CLOSE_STREAM: &str = r#"{"type":"CloseStream"}"#;
const KEEP_ALIVE: &str = r#"{"type":"KeepAlive"}"#;
/// How long the last results may take after the audio ended.
const LAST_RESULTS: Duration = Duration::from_secs(3);
/// How long a socket that nobody needs any more may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(250);

/// What differs between the dialects.
pub struct Dialect {
    turns: Box<dyn Turns>,
    chunk: usize,
    /// Sent so often while there is no audio.
    keep_alive: Option<Duration>,
}

impl Dialect {
    /// Nova: 40 ms of audio at a time while nobody speaks, kept alive by messages.
    #[must_use]
    pub fn nova(settings: &DeepgramSettings) -> Self {
        Self { turns: Box::new(NovaTurns::new(&settings.turns)), chunk: 320, keep_alive: Some(settings.keep_alive) }
    }

    /// Flux: 80 ms of audio at a time while nobody speaks; it knows no keep-alive message.
    #[must_use]
    pub fn flux(settings: &DeepgramSettings) -> Self {
        Self { turns: Box::new(FluxTurns::new(&settings.turns)), chunk: 640, keep_alive: None }
    }
}

/// Drives one listening socket.
pub struct Listener {
    socket: Socket,
    dialect: Dialect,
    group: Grouping,
    audio: mpsc::Receiver<Bytes>,
    heard: mpsc::Sender<Heard>,
    stop: CancellationToken,
    pulse: Pulse,
    /// When audio or a keep-alive was last sent.
    sent: Instant,
}

/// What ends the task from our side.
enum End {
    /// The caller let go of the audio: the last words still matter.
    NoMoreAudio,
    /// The call is over, or nobody listens to what was heard.
    Stopped,
}

impl Listener {
    /// The task of an open socket, and the caller's side of it.
    #[must_use]
    pub fn new(socket: Socket, dialect: Dialect, liveness: Liveness, stop: CancellationToken) -> (EarsLink, Self) {
        let (audio, audio_in) = mpsc::channel(AUDIO_ROOM);
        let (heard_out, heard) = mpsc::channel(HEARD_ROOM);
        let now = Instant::now();
        let group = Grouping::new(dialect.chunk);
        let pulse = Pulse::new(liveness, now);
        let listener = Self { socket, dialect, group, audio: audio_in, heard: heard_out, stop, pulse, sent: now };
        (EarsLink { audio, heard }, listener)
    }

    /// Runs until the stop token fires, the audio ends, or the service fails; the last thing heard says which.
    pub async fn run(mut self) {
        let error = match self.attend().await {
            Ok(End::NoMoreAudio) => self.drain().await.err(),
            Ok(End::Stopped) => {
                let _ = timeout(GOODBYE, self.send(CLOSE_STREAM)).await;
                None
            }
            Err(error) => Some(error),
        };
        self.report(Heard::Closed { error }).await;
    }

    async fn attend(&mut self) -> Result<End, ProviderError> {
        let mut tick = self.ticker();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return Ok(End::Stopped),
                () = self.heard.closed() => return Ok(End::Stopped),
                frame = self.socket.next() => self.frame(frame).await?,
                audio = self.audio.recv() => match audio {
                    Some(audio) => self.audio(audio).await?,
                    None => return Ok(End::NoMoreAudio),
                },
                _ = tick.tick() => self.tick().await?,
            }
        }
    }

    async fn audio(&mut self, audio: Bytes) -> Result<(), ProviderError> {
        match self.group.push(audio, self.dialect.turns.is_running()) {
            Some(chunk) => self.send_audio(chunk).await,
            None => Ok(()),
        }
    }

    async fn send_audio(&mut self, chunk: Bytes) -> Result<(), ProviderError> {
        self.sent = Instant::now();
        socket::send(PROVIDER, &mut self.socket, Message::Binary(chunk)).await
    }

    async fn send(&mut self, text: &'static str) -> Result<(), ProviderError> {
        socket::send(PROVIDER, &mut self.socket, Message::text(text)).await
    }

    async fn frame(&mut self, frame: Option<Result<Message, Error>>) -> Result<(), ProviderError> {
        self.pulse.saw(Instant::now());
        match frame {
            Some(Ok(Message::Text(text))) => self.message(text.as_str()).await,
            Some(Ok(Message::Close(close))) => Err(error::closed(close.as_ref())),
            Some(Ok(_)) => Ok(()),
            Some(Err(Error::ConnectionClosed)) | None => Err(error::cut()),
            Some(Err(error)) => Err(socket::failure(PROVIDER, &error)),
        }
    }

    async fn message(&mut self, text: &str) -> Result<(), ProviderError> {
        let mut heard = Vec::new();
        self.dialect.turns.read(text, Instant::now(), &mut heard)?;
        self.report_all(heard).await;
        Ok(())
    }

    /// Several times a second at most: leftovers of audio, keep-alive, endless turns, dead sockets.
    async fn tick(&mut self) -> Result<(), ProviderError> {
        let now = Instant::now();
        let mut heard = Vec::new();
        if let Some(request) = self.dialect.turns.hurry(now, &mut heard) {
            self.send(request).await?;
        }
        self.report_all(heard).await;
        if let Some(rest) = self.group.rest() {
            self.send_audio(rest).await?;
        } else if self.dialect.keep_alive.is_some_and(|after| now.duration_since(self.sent) >= after) {
            self.sent = now;
            self.send(KEEP_ALIVE).await?;
        }
        socket::keep_alive(PROVIDER, &mut self.socket, &mut self.pulse).await
    }

    /// Sends the rest, asks for the last results, and waits for the service to close, but not for long.
    async fn drain(&mut self) -> Result<(), ProviderError> {
        if let Some(rest) = self.group.rest() {
            self.send_audio(rest).await?;
        }
        self.send(CLOSE_STREAM).await?;
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            _ = timeout(LAST_RESULTS, self.last_results()) => {}
        }
        let mut heard = Vec::new();
        self.dialect.turns.finish(&mut heard);
        self.report_all(heard).await;
        Ok(())
    }

    /// Reads until the socket ends in whatever way: nothing more is expected of it.
    async fn last_results(&mut self) {
        while let Some(Ok(frame)) = self.socket.next().await {
            match frame {
                Message::Text(text) if self.message(text.as_str()).await.is_ok() => {}
                Message::Text(_) | Message::Close(_) => return,
                _ => {}
            }
        }
    }

    async fn report_all(&mut self, heard: Vec<Heard>) {
        for one in heard {
            self.report(one).await;
        }
    }

    /// Waits for room, but not beyond the end of the call.
    async fn report(&mut self, heard: Heard) {
        let Err(mpsc::error::TrySendError::Full(heard)) = self.heard.try_send(heard) else { return };
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = self.heard.send(heard) => {}
        }
    }

    fn ticker(&self) -> Interval {
        let period =
            self.dialect.keep_alive.map_or(Duration::MAX, |after| after / 4).clamp(Duration::from_millis(10), Duration::from_millis(500));
        let mut ticker = interval(period);
        ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticker
    }
}

#[cfg(test)]
mod tests;
