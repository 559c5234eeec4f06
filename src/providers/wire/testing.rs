//! A server that does exactly what a test says, byte by byte: real sockets, no framework that would repair a broken answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

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
    requests: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Scripted {
    /// Serves the replies in order, then closes its port.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, replies, mut tasks) = (Arc::clone(&requests), replies.into_iter().collect::<Vec<_>>(), JoinSet::new());
        tasks.spawn(async move {
            let mut stalled = Vec::new();
            for reply in replies {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                if !request.is_empty() {
                    seen.lock().unwrap().push(request);
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
        self.requests.lock().unwrap().clone()
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
pub async fn read_request(stream: &mut TcpStream) -> String {
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
