//! The line: a connection of its own for the one POST that places a call.
//!
//! No pool, proxy, redirect or retry stands between the decision and the wire, and closing the socket resets it: what the
//! kernel has not delivered when we give up is never delivered. So an answer is one of three certain ones, or "unknown".

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret as _;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::domain::permit::DialPermit;
use crate::providers::wire::tls;
use crate::providers::wire::words::safe_words;
use crate::providers::{Again, DialAnswer, DialLine, DialRequest, Leave, ProviderError};

use super::answer::classify;
use super::gate::{Gate, GateKeeper, Sent};
use super::{PROVIDER, TwilioSettings, dial};

/// Longest time from the first byte to the answer, and longest time the kernel tries to deliver: reconciling counts on both.
pub const LONGEST_DIAL: Duration = Duration::from_secs(8);
/// An answer to the POST has about 2 KB.
const LARGEST_ANSWER: usize = 256 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// An open connection that waits for its one POST.
pub struct Line {
    stream: Box<dyn Stream>,
    gate: GateKeeper,
    host: HeaderValue,
    path: String,
    authorization: HeaderValue,
    patience: Duration,
}

impl Line {
    /// Opens TCP and, for `https`, TLS. Nothing of a request is sent.
    ///
    /// # Errors
    /// When the base URL is wrong or nobody answers in time.
    pub async fn connect(settings: &TwilioSettings) -> Result<Self, ProviderError> {
        let target = Target::read(&settings.base_url)?;
        let opened = timeout(settings.connect_timeout, open(&target, tls::client_config())).await;
        let opened = opened.map_err(|_| no_line("no connection in time"))?.map_err(|error| no_line(&error.to_string()))?;
        Self::new(opened, target, settings)
    }

    fn new((stream, gate): (Box<dyn Stream>, GateKeeper), target: Target, settings: &TwilioSettings) -> Result<Self, ProviderError> {
        Ok(Self {
            stream,
            gate,
            host: target.authority,
            path: format!("{}{}/Calls.json", target.prefix, settings.account_path()),
            authorization: secret_header(settings)?,
            patience: settings.dial_timeout.min(LONGEST_DIAL),
        })
    }

    /// The POST and what became of it. Whatever ends this future drops the connection, which resets the socket.
    async fn post(self, form: String, leave: Leave) -> DialAnswer {
        let (gate, patience) = (self.gate.clone(), self.patience);
        let (goes, is_gone) = oneshot::channel();
        let leave = async move {
            let given = leave.await;
            let _ = goes.send(());
            given
        };
        let too_late = async move {
            let _ = is_gone.await;
            sleep(patience).await;
        };
        let seen = tokio::select! {
            done = self.exchange(form, Box::pin(leave)) => match done {
                Ok(answer) => return answer,
                Err(error) => error,
            },
            () = too_late => "no answer in time".to_owned(),
        };
        match gate.sent() {
            Sent::Nothing => DialAnswer::NotSent { error: seen },
            Sent::NotAllowed(why) => DialAnswer::HeldBack { why },
            Sent::Something => DialAnswer::Unknown { error: seen },
        }
    }

    async fn exchange(self, form: String, leave: Leave) -> Result<DialAnswer, String> {
        let request = self.request(form)?;
        let told = |error: hyper::Error| safe_words(&describe(&error));
        let (mut sender, connection) = http1::handshake(TokioIo::new(self.stream)).await.map_err(told)?;
        self.gate.arm(leave);
        let answer = async {
            let response = sender.send_request(request).await.map_err(told)?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(|e| safe_words(&format!("incomplete answer: {e}")))?;
            Ok(classify(head.status, &head.headers, &body.to_bytes()))
        };
        let drive = async {
            // An error here reaches the answer too; until the answer is there, this side only keeps the bytes moving.
            let _ = connection.await;
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            answer = answer => answer,
            never = drive => match never {},
        }
    }

    fn request(&self, form: String) -> Result<Request<Full<Bytes>>, String> {
        Request::post(self.path.as_str())
            .header(HOST, &self.host)
            .header(AUTHORIZATION, &self.authorization)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(USER_AGENT, concat!("callfleet/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(Bytes::from(form)))
            .map_err(|error| format!("the request cannot be built: {error}"))
    }
}

#[async_trait]
impl DialLine for Line {
    async fn dial(self: Box<Self>, _permit: DialPermit, request: DialRequest, leave: Leave) -> DialAnswer {
        match dial::form(&request) {
            Ok(form) => self.post(form, leave).await,
            Err(error) => DialAnswer::NotSent { error: error.to_string() },
        }
    }
}

/// Where to connect, taken apart from the base URL.
struct Target {
    tls: bool,
    host: String,
    port: u16,
    authority: HeaderValue,
    prefix: String,
}

impl Target {
    fn read(base_url: &str) -> Result<Self, ProviderError> {
        let wrong = || wrong_settings("twilio.base_url is not a valid http(s) URL");
        let uri: Uri = base_url.parse().map_err(|_| wrong())?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
        Ok(Self {
            tls,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?,
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

async fn open(target: &Target, trust: Arc<ClientConfig>) -> io::Result<(Box<dyn Stream>, GateKeeper)> {
    let tcp = TcpStream::connect((target.host.as_str(), target.port)).await?;
    abort_on_close(&tcp)?;
    let (gated, keeper) = Gate::new(tcp);
    if !target.tls {
        return Ok((Box::new(gated), keeper));
    }
    let name = ServerName::try_from(target.host.clone()).map_err(io::Error::other)?;
    let secured = TlsConnector::from(trust).connect(name, gated).await?;
    Ok((Box::new(secured), keeper))
}

/// Closing resets (`SO_LINGER` 0) and the kernel gives up soon, so nothing of an abandoned request arrives later.
fn abort_on_close(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let socket = SockRef::from(tcp);
    socket.set_linger(Some(Duration::ZERO))?;
    give_up_soon(&socket)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn give_up_soon(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(LONGEST_DIAL))
}

/// Elsewhere there is no limit on unacknowledged data; a short keepalive finds a dead peer about as soon, and the reset on
/// close takes back what is still queued.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn give_up_soon(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(Duration::from_secs(4)))
}

fn secret_header(settings: &TwilioSettings) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::from_str(settings.authorization().expose_secret())
        .map_err(|_| wrong_settings("the Twilio credentials contain characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn describe(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn no_line(what: &str) -> ProviderError {
    ProviderError { provider: PROVIDER, what: safe_words(what), status: None, again: Again::Yes }
}

fn wrong_settings(what: &str) -> ProviderError {
    ProviderError { provider: PROVIDER, what: what.to_owned(), status: None, again: Again::No }
}

#[cfg(test)]
mod tests;
