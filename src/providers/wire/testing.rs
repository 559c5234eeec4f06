//! A server that does exactly what a test says, byte by byte: real sockets, no framework that would repair a broken answer.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// What happens to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// These bytes, then an orderly close.
    Say(String),
    /// These bytes, then a reset.
    SayAndReset(String),
    /// An orderly close without a word.
    Drop,
    /// No word, and the connection stays.
    Stall,
}

/// A complete HTTP answer.
pub fn http(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Say(format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()))
}

/// A JSON answer.
pub fn json(status: &str, body: &str) -> Reply {
    http(status, "Content-Type: application/json\r\n", body)
}

/// Serves one scripted reply per connection and keeps the requests.
pub struct Scripted {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    requests: watch::Receiver<Vec<String>>,
    _tasks: JoinSet<()>,
}

impl Scripted {
    /// Serves the replies in order, then closes its port.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, requests) = watch::channel(Vec::new());
        let (replies, mut tasks) = (replies.into_iter().collect::<Vec<_>>(), JoinSet::new());
        tasks.spawn(async move {
            let mut stalled = Vec::new();
            for reply in replies {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                if !request.is_empty() {
                    seen.send_modify(|seen| seen.push(request));
                }
                stalled.extend(play(stream, reply).await);
            }
            drop(listener);
            std::future::pending::<()>().await;
        });
        Self { url, requests, _tasks: tasks }
    }

    /// Every request so far, head and body as they came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.borrow().clone()
    }

    /// Waits for the next request.
    pub async fn asked(&mut self) {
        self.requests.changed().await.unwrap();
    }
}

async fn play(mut stream: TcpStream, reply: Reply) -> Option<TcpStream> {
    match reply {
        Reply::Say(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Reply::SayAndReset(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
        Reply::Drop => {}
        Reply::Stall => return Some(stream),
    }
    None
}

/// Head and body, or what came before the peer went away.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while !is_complete(&bytes) {
        match stream.read(&mut chunk).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&chunk[..n]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let lower = head.to_ascii_lowercase();
    if lower.contains("transfer-encoding: chunked") {
        return body.ends_with("0\r\n\r\n");
    }
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}

/// What a test lets the websocket server do.
pub enum Act {
    /// Send this.
    Send(Message),
    /// Drop the connection without a word.
    Cut,
}

/// A websocket server for one connection, driven by the test.
pub struct Sockets {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// The request line's target and the `Authorization` header of the handshake.
    pub handshake: oneshot::Receiver<(String, String)>,
    /// What the client sends, pings aside.
    pub seen: mpsc::Receiver<Message>,
    /// What the server does.
    pub act: mpsc::Sender<Act>,
    _tasks: JoinSet<()>,
}

impl Sockets {
    /// Waits for its one client.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (shake, handshake) = oneshot::channel();
        let (out, seen) = mpsc::channel(1000);
        let (act, acts) = mpsc::channel(1000);
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_socket(listener, shake, out, acts));
        Self { url, handshake, seen, act, _tasks: tasks }
    }

    /// Sends a text to the client.
    pub async fn say(&self, text: impl Into<String>) {
        self.act.send(Act::Send(Message::text(text.into()))).await.ok().unwrap();
    }

    /// The next text the client sent.
    pub async fn text(&mut self) -> String {
        match self.seen.recv().await {
            Some(Message::Text(text)) => text.as_str().to_owned(),
            other => panic!("expected a text, got {other:?}"),
        }
    }
}

#[allow(clippy::result_large_err, reason = "the shape of the callback is the library's")]
async fn serve_socket(
    listener: TcpListener,
    shake: oneshot::Sender<(String, String)>,
    out: mpsc::Sender<Message>,
    mut acts: mpsc::Receiver<Act>,
) {
    let (stream, _) = listener.accept().await.unwrap();
    let read = |request: &Request, response: Response| {
        let key = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let _ = shake.send((request.uri().to_string(), key.unwrap_or_default()));
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, read).await.unwrap();
    loop {
        tokio::select! {
            act = acts.recv() => match act {
                Some(Act::Send(message)) => socket.send(message).await.unwrap(),
                Some(Act::Cut) | None => return,
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => { let _ = out.send(message).await; }
                _ => return,
            },
        }
    }
}
