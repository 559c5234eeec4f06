//! Websockets with small buffers, a bounded handshake, and sends that cannot hang.
//!
//! A call holds three of them; with the library's defaults (128 KiB each way, unbounded writes) they would be most of a
//! call's memory.

use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use crate::providers::wire::tls;
use crate::providers::wire::words::safe_words;
use crate::providers::{Again, ProviderError};

/// A client websocket, plain on loopback, TLS elsewhere.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Longest that one frame may wait for the network before the socket counts as dead.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// When a silent socket is pinged and when it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liveness {
    /// Ping when nothing came for so long.
    pub ping_after: Duration,
    /// Dead when nothing came, not even the pong, for so long.
    pub dead_after: Duration,
}

impl Default for Liveness {
    fn default() -> Self {
        Self { ping_after: Duration::from_secs(5), dead_after: Duration::from_secs(12) }
    }
}

/// Opens a websocket with an `Authorization` header.
///
/// `read` turns a refused handshake (status, headers, body) into the vendor's error.
///
/// # Errors
/// When the URL is wrong, nothing answers in time, or the server refuses.
pub async fn open(
    provider: &'static str,
    url: &str,
    authorization: &str,
    patience: Duration,
    read: impl FnOnce(&Response<Option<Vec<u8>>>) -> ProviderError,
) -> Result<Socket, ProviderError> {
    let request = request(provider, url, authorization)?;
    match timeout(patience, connect(request)).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(Error::Http(response))) => Err(read(&response)),
        Ok(Err(error)) => Err(failure(provider, &error)),
        Err(_) => Err(ProviderError { provider, what: "websocket handshake timed out".into(), status: None, again: Again::Yes }),
    }
}

fn request(provider: &'static str, url: &str, authorization: &str) -> Result<Request, ProviderError> {
    let refused = |what: &str| ProviderError { provider, what: what.to_owned(), status: None, again: Again::No };
    let mut request = url.into_client_request().map_err(|_| refused("the websocket URL is not valid"))?;
    let mut value = HeaderValue::from_str(authorization).map_err(|_| refused("the key contains characters that no header can carry"))?;
    value.set_sensitive(true);
    request.headers_mut().insert("authorization", value);
    Ok(request)
}

async fn connect(request: Request) -> Result<Socket, Error> {
    let uri = request.uri();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("wss") { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let (socket, _) =
        client_async_tls_with_config(request, stream, Some(small_buffers()), Some(Connector::Rustls(tls::client_config()))).await?;
    Ok(socket)
}

fn small_buffers() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(4 * 1024)
        .max_write_buffer_size(64 * 1024)
        .max_message_size(Some(1 << 20))
        .max_frame_size(Some(1 << 20))
}

/// Sends one frame; a network that takes nothing for five seconds is an error.
///
/// # Errors
/// When the socket is closed, broken or stuck.
pub async fn send(provider: &'static str, socket: &mut Socket, message: Message) -> Result<(), ProviderError> {
    match timeout(SEND_TIMEOUT, socket.send(message)).await {
        Ok(sent) => sent.map_err(|error| failure(provider, &error)),
        Err(_) => Err(ProviderError { provider, what: "the network takes no more data".into(), status: None, again: Again::Yes }),
    }
}

/// A socket that failed; a new connection may help unless the URL itself is wrong.
#[must_use]
pub fn failure(provider: &'static str, error: &Error) -> ProviderError {
    let again = if matches!(error, Error::Url(_) | Error::HttpFormat(_)) { Again::No } else { Again::Yes };
    ProviderError { provider, what: safe_words(&error.to_string()), status: None, again }
}

/// What to do about a socket that has been silent for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// It spoke lately.
    Fine,
    /// Ask whether it is still there.
    Ping,
    /// It did not even answer a ping: half-open.
    Dead,
}

/// Watches when a socket last spoke.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    liveness: Liveness,
    seen: Instant,
    pinged: bool,
}

impl Pulse {
    /// A socket that opened just now.
    #[must_use]
    pub fn new(liveness: Liveness, now: Instant) -> Self {
        Self { liveness, seen: now, pinged: false }
    }

    /// Something came, a pong included.
    pub fn saw(&mut self, now: Instant) {
        (self.seen, self.pinged) = (now, false);
    }

    /// Asks once per silence for a ping, and gives up later.
    pub fn beat(&mut self, now: Instant) -> Beat {
        let silence = now.duration_since(self.seen);
        if silence >= self.liveness.dead_after {
            return Beat::Dead;
        }
        if silence < self.liveness.ping_after || std::mem::replace(&mut self.pinged, true) {
            return Beat::Fine;
        }
        Beat::Ping
    }
}

/// Pings a silent socket when it is time.
///
/// # Errors
/// When the socket is dead: nothing came for so long that a ping should have been answered.
pub async fn keep_alive(provider: &'static str, socket: &mut Socket, pulse: &mut Pulse) -> Result<(), ProviderError> {
    match pulse.beat(Instant::now()) {
        Beat::Fine => Ok(()),
        Beat::Ping => send(provider, socket, Message::Ping(Bytes::new())).await,
        Beat::Dead => Err(ProviderError { provider, what: "the socket went silent".into(), status: None, again: Again::Yes }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_once_then_gives_up() {
        let start = Instant::now();
        let mut pulse = Pulse::new(Liveness::default(), start);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!([pulse.beat(at(4)), pulse.beat(at(5)), pulse.beat(at(6))], [Beat::Fine, Beat::Ping, Beat::Fine]);
        pulse.saw(at(7));
        assert_eq!([pulse.beat(at(11)), pulse.beat(at(12)), pulse.beat(at(19))], [Beat::Fine, Beat::Ping, Beat::Dead]);
    }
}
