//! A websocket client that may break every rule, and a desk that remembers what reached a call.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use callfleet::call::desk::{CallDesk, NewStream, Refused};
use callfleet::call::phone::{FromPhone, PhoneLink, ToPhone};
use callfleet::web::line::Line;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::deployment::{TOKEN, keys, sign};

pub const MEDIA_URL: &str = "wss://calls.example/media";

/// Holds calls by counting what comes, or by not listening at all.
#[derive(Default)]
pub struct Desk {
    pub streams: AtomicU64,
    pub audio: AtomicU64,
    /// Keys and marks.
    pub others: AtomicU64,
    /// Holders that never take a frame, until they are let go.
    pub deaf: Option<Notify>,
}

#[async_trait]
impl CallDesk for Desk {
    async fn hold(&self, _stream: NewStream, mut phone: PhoneLink) -> Result<(), Refused> {
        self.streams.fetch_add(1, Ordering::Relaxed);
        if let Some(let_go) = &self.deaf {
            let_go.notified().await;
            return Ok(());
        }
        while let Some(event) = phone.from.recv().await {
            match event {
                FromPhone::Audio(audio) => {
                    self.audio.fetch_add(1, Ordering::Relaxed);
                    // a full channel means a peer that does not read; the line gives it up
                    let _ = phone.to.try_send(ToPhone::Audio(audio));
                }
                FromPhone::Stopped => break,
                FromPhone::Digit(_) | FromPhone::Mark(_) => _ = self.others.fetch_add(1, Ordering::Relaxed),
            }
        }
        Ok(())
    }
}

pub fn line(desk: &Arc<Desk>, streams: usize) -> Line {
    Line {
        desk: Arc::clone(desk) as _,
        keys: Arc::new(keys()),
        media_url: MEDIA_URL.to_owned(),
        opening: Arc::new(Semaphore::new(8_192)),
        sockets: Arc::new(Semaphore::new(streams)),
    }
}

pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens with the provider's signature; the status when the handshake is refused.
    pub async fn open(addr: SocketAddr) -> Result<Self, u16> {
        Self::open_signed(addr, &sign(TOKEN, MEDIA_URL, &[])).await
    }

    pub async fn open_signed(addr: SocketAddr, signature: &str) -> Result<Self, u16> {
        let mut request = "ws://calls.example/media".into_client_request().unwrap();
        request.headers_mut().insert("x-twilio-signature", signature.parse().unwrap());
        let tcp = TcpStream::connect(addr).await.unwrap();
        match client_async(request, tcp).await {
            Ok((ws, _)) => Ok(Self(ws)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    /// False when the server has closed.
    pub async fn say(&mut self, text: String) -> bool {
        self.0.send(Message::text(text)).await.is_ok()
    }

    pub async fn send(&mut self, message: Message) -> bool {
        self.0.send(message).await.is_ok()
    }

    /// The next frame with text.
    pub async fn hear(&mut self) -> Option<String> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => return Some(text.to_string()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// How long until the server closes; `None` when it does not within `limit`.
    pub async fn closed_within(&mut self, limit: Duration) -> Option<Duration> {
        let begun = Instant::now();
        let closed = async {
            while let Some(Ok(message)) = self.0.next().await {
                if message.is_close() {
                    break;
                }
            }
        };
        timeout(limit, closed).await.ok().map(|()| begun.elapsed())
    }
}

/// Resident memory of this process, KiB.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
