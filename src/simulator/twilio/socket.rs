//! The websocket of a media stream, as Twilio opens and uses it.

use std::future::poll_fn;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::signature::sign;

/// How long the customer may take for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a last word may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("no answer to the handshake")]
    TimedOut,
    #[error(transparent)]
    Refused(#[from] Box<Error>),
}

impl OpenError {
    /// Twilio's code for it.
    pub(super) fn code(&self) -> u32 {
        match self {
            Self::TimedOut => 31_901,
            Self::Refused(error) if matches!(**error, Error::Tls(_)) => 31_910,
            Self::Refused(_) => 31_920,
        }
    }
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    Sent,
    /// The customer reads too slowly.
    Discarded,
    Lost,
}

/// An open socket.
#[derive(Debug)]
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects with a signed handshake.
    pub(super) async fn open(url: &str, auth_token: &str) -> Result<Self, OpenError> {
        let mut request = url.into_client_request().map_err(Box::new)?;
        let signature = sign(auth_token, url, &[]);
        let signature = HeaderValue::from_str(&signature).map_err(|error| Box::new(Error::from(error)))?;
        request.headers_mut().insert("x-twilio-signature", signature);
        // The defaults reserve 128 KiB a socket, which hundreds of calls would feel.
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(4 * 1024);
        match timeout(HANDSHAKE, connect_async_with_config(request, Some(config), true)).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(error)) => Err(Box::new(error).into()),
            Err(_) => Err(OpenError::TimedOut),
        }
    }

    /// The customer's next message; `None` when there will be none. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Option<Message> {
        self.0.next().await?.ok()
    }

    /// Sends a frame if the customer keeps reading, and drops it otherwise: audio must never wait.
    pub(super) fn offer(&mut self, frame: String) -> Offered {
        match poll_fn(|cx| self.0.poll_ready_unpin(cx)).now_or_never() {
            None => return Offered::Discarded,
            Some(Err(_)) => return Offered::Lost,
            Some(Ok(())) => {}
        }
        if self.0.start_send_unpin(Message::text(frame)).is_err() {
            return Offered::Lost;
        }
        match poll_fn(|cx| self.0.poll_flush_unpin(cx)).now_or_never() {
            Some(Err(_)) => Offered::Lost,
            Some(Ok(())) | None => Offered::Sent,
        }
    }

    /// Sends the last frame and closes, waiting a moment for the customer to close too.
    pub(super) async fn farewell(mut self, last: Option<String>) {
        let bye = async {
            if let Some(last) = last {
                self.0.send(Message::text(last)).await?;
            }
            self.0.close(None).await?;
            while self.0.next().await.is_some() {}
            Ok::<(), Error>(())
        };
        if !matches!(timeout(FAREWELL, bye).await, Ok(Ok(()))) {
            tracing::debug!("a media socket was not closed politely");
        }
    }
}
