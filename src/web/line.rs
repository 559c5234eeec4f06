//! The media socket: the provider's frames on one side, a plain [`PhoneLink`] on the other.
//!
//! No audio is taken before `start`, a stream must start within ten seconds, a peer that does not answer pings is gone, and
//! a peer that does not read is given up rather than waited for.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use crate::call::desk::{CallDesk, NewStream, call_span};
use crate::call::phone::{FromPhone, PhoneLink, ToPhone};
use crate::providers::twilio::media::{FromTwilio, MediaError, MediaReader, MediaWriter, Start};
use crate::providers::twilio::signature::{Signature, SignatureKeys, SignedBody};
use crate::telemetry::names;

/// From the handshake to `start`.
const START_WITHIN: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(10);
/// Without any frame for two pings the peer is gone.
const SILENT_FOR: Duration = Duration::from_secs(20);
const SEND_WITHIN: Duration = Duration::from_secs(5);
/// Frames that may wait for the call's loop: 2.5 s of audio.
const FRAMES: usize = 128;
const SOCKET_BUFFER: usize = 8 * 1024;
const LONGEST_MESSAGE: usize = 64 * 1024;
/// Broken frames after which the peer is no provider.
const BROKEN_FRAMES: u32 = 100;

/// What the media socket needs.
#[derive(Clone)]
pub struct Line {
    /// Takes the streams.
    pub desk: Arc<dyn CallDesk>,
    /// Checks the handshake.
    pub keys: Arc<SignatureKeys>,
    /// `ws(s)://…/media`, as written in our `TwiML`.
    pub media_url: String,
    /// Sockets that may wait for their `start` at once: many, for they cost little and are let go after ten seconds, and a
    /// crowd of them must not keep a call's socket out.
    pub opening: Arc<Semaphore>,
    /// Streams that may run at once.
    pub sockets: Arc<Semaphore>,
}

/// `GET /media`: the handshake must carry the provider's signature over the URL we gave it.
pub async fn media(State(line): State<Line>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !line.keys.verify(&line.media_url, SignedBody::Nothing, Signature::read(&headers)) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Ok(opening) = Arc::clone(&line.opening).try_acquire_owned() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    upgrade
        .read_buffer_size(SOCKET_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(LONGEST_MESSAGE * 4)
        .max_message_size(LONGEST_MESSAGE)
        .max_frame_size(LONGEST_MESSAGE)
        .on_upgrade(move |ws| async move {
            let mut ws = ws;
            let mut reader = MediaReader::default();
            let start = timeout(START_WITHIN, started(&mut ws, &mut reader)).await;
            drop(opening);
            let Ok(Some(start)) = start else { return refuse(ws, "no stream started").await };
            let Ok(socket) = Arc::clone(&line.sockets).try_acquire_owned() else { return refuse(ws, "every line is taken").await };
            let span = call_span(&start.call_sid);
            serve(ws, reader, start, line.desk).instrument(span).await;
            drop(socket);
        })
}

async fn serve(ws: WebSocket, reader: MediaReader, start: Start, desk: Arc<dyn CallDesk>) {
    let stream = NewStream {
        token: start.parameters.get("token").cloned().unwrap_or_default(),
        call_sid: start.call_sid,
        stream_sid: start.stream_sid.clone(),
    };
    let (from_phone, from) = mpsc::channel(FRAMES);
    let (to, to_phone) = mpsc::channel(FRAMES);
    let held = tokio::spawn(async move { desk.hold(stream, PhoneLink { from, to }).await }.in_current_span());
    let pump = Pump { ws, reader, writer: MediaWriter::new(&start.stream_sid), from_phone, to_phone, heard_at: Instant::now(), broken: 0 };
    let ws = pump.run().await;
    // the holder owns the call's end: it is waited for even when the socket is lost
    match held.await {
        Ok(Ok(())) => close(ws, close_code::NORMAL, "").await,
        Ok(Err(refused)) => {
            tracing::warn!(%refused, "media stream refused");
            close(ws, close_code::POLICY, "refused").await;
        }
        Err(error) => {
            tracing::error!(%error, "the holder of a call failed");
            close(ws, close_code::ERROR, "").await;
        }
    }
}

/// Reads until `start`; anything but `connected` before it ends the stream.
async fn started(ws: &mut WebSocket, reader: &mut MediaReader) -> Option<Start> {
    loop {
        match ws.recv().await?.ok()? {
            Message::Text(text) => match reader.read(&text) {
                Ok(FromTwilio::Start(start)) => return Some(start),
                Ok(FromTwilio::Connected) => {}
                _ => return None,
            },
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Binary(_) | Message::Close(_) => return None,
        }
    }
}

async fn refuse(ws: WebSocket, why: &'static str) {
    tracing::warn!(why, "media socket closed before a call");
    close(ws, close_code::POLICY, why).await;
}

async fn close(mut ws: WebSocket, code: u16, why: &'static str) {
    let goodbye = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(why) }));
    let _ = timeout(SEND_WITHIN, ws.send(goodbye)).await; // the peer may be gone already
}

/// Moves frames both ways until either side is done.
struct Pump {
    ws: WebSocket,
    reader: MediaReader,
    writer: MediaWriter,
    from_phone: mpsc::Sender<FromPhone>,
    to_phone: mpsc::Receiver<ToPhone>,
    heard_at: Instant,
    broken: u32,
}

impl Pump {
    async fn run(mut self) -> WebSocket {
        let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        loop {
            let going = tokio::select! {
                frame = self.ws.recv() => match frame {
                    Some(Ok(frame)) => self.take(&frame),
                    _ => false,
                },
                command = self.to_phone.recv() => match command {
                    Some(command) => self.send(command).await,
                    None => false,
                },
                _ = ping.tick() => self.heard_at.elapsed() < SILENT_FOR && self.write(Message::Ping(bytes::Bytes::new())).await,
            };
            if !going {
                return self.ws;
            }
        }
    }

    /// Hands a frame to the call; a full channel drops audio, as the telephone would.
    fn take(&mut self, frame: &Message) -> bool {
        self.heard_at = Instant::now();
        let Message::Text(text) = frame else { return !matches!(frame, Message::Close(_)) };
        let event = match self.reader.read(text) {
            Ok(FromTwilio::Audio(audio)) => FromPhone::Audio(audio),
            Ok(FromTwilio::Mark(name)) => FromPhone::Mark(name),
            Ok(FromTwilio::Digit(digit)) => FromPhone::Digit(digit),
            Ok(FromTwilio::Stop) => FromPhone::Stopped,
            Ok(FromTwilio::Foreign) => {
                metrics::counter!(names::FOREIGN_FRAMES).increment(1);
                return true;
            }
            Ok(FromTwilio::Connected | FromTwilio::Start(_) | FromTwilio::Other) => return true,
            Err(error) => return self.tolerate(error),
        };
        let stopped = event == FromPhone::Stopped;
        match self.from_phone.try_send(event) {
            Ok(()) => !stopped,
            Err(mpsc::error::TrySendError::Full(_)) => !stopped,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }

    fn tolerate(&mut self, error: MediaError) -> bool {
        self.broken += 1;
        if self.broken == 1 {
            tracing::warn!(%error, "broken media frame ignored");
        }
        self.broken < BROKEN_FRAMES
    }

    async fn send(&mut self, command: ToPhone) -> bool {
        let frame = match command {
            ToPhone::Audio(audio) => self.writer.audio(&audio),
            ToPhone::Mark(name) => self.writer.mark(&name),
            ToPhone::Clear => self.writer.clear(),
        };
        match Utf8Bytes::try_from(frame) {
            Ok(text) => self.write(Message::Text(text)).await,
            Err(_) => true, // the writer makes JSON, which is UTF-8
        }
    }

    async fn write(&mut self, message: Message) -> bool {
        matches!(timeout(SEND_WITHIN, self.ws.send(message)).await, Ok(Ok(())))
    }
}
