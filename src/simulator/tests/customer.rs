//! The customer's side: takes webhooks, checks their signatures, serves TwiML, accepts media sockets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::simulator::voice::{self, Decoder, Event};

const SOON: Duration = Duration::from_secs(10);

/// A webhook as it came.
#[derive(Debug)]
pub struct Hook {
    pub path: String,
    pub params: HashMap<String, String>,
    pub signed: bool,
    pub token: String,
}

impl Hook {
    pub fn get(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    pub fn status(&self) -> (&str, &str) {
        (self.get("CallStatus"), self.get("SequenceNumber"))
    }
}

#[derive(Clone)]
struct Desk {
    token: String,
    base: String,
    hooks: mpsc::Sender<Hook>,
    streams: mpsc::Sender<(bool, WebSocket)>,
    pages: Arc<Mutex<HashMap<String, String>>>,
}

pub struct Customer {
    desk: Desk,
    hooks: mpsc::Receiver<Hook>,
    streams: mpsc::Receiver<(bool, WebSocket)>,
    server: JoinHandle<()>,
}

impl Customer {
    pub async fn start(token: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (hook_sender, hooks) = mpsc::channel(256);
        let (stream_sender, streams) = mpsc::channel(16);
        let desk = Desk { token: token.to_owned(), base, hooks: hook_sender, streams: stream_sender, pages: Arc::default() };
        let routes = Router::new().route("/media", get(media)).route("/{*path}", any(hook)).with_state(desk.clone());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { desk, hooks, streams, server }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.desk.base)
    }

    pub fn media_url(&self) -> String {
        format!("{}/media", self.desk.base.replace("http://", "ws://"))
    }

    /// From now on this path answers with this TwiML; other paths answer with nothing.
    pub fn serve_twiml(&self, path: &str, twiml: &str) -> String {
        self.desk.pages.lock().unwrap().insert(path.to_owned(), twiml.to_owned());
        self.url(path)
    }

    pub async fn hook(&mut self) -> Hook {
        timeout(SOON, self.hooks.recv()).await.expect("no webhook came").unwrap()
    }

    /// Webhooks up to the one that ends a call.
    pub async fn until_ended(&mut self) -> Vec<Hook> {
        let mut hooks = Vec::new();
        loop {
            hooks.push(self.hook().await);
            if matches!(hooks.last().unwrap().get("CallStatus"), "completed" | "busy" | "no-answer" | "failed" | "canceled") {
                return hooks;
            }
        }
    }

    /// Webhooks that came and were not asked for yet.
    pub fn waiting(&mut self) -> Vec<Hook> {
        std::iter::from_fn(|| self.hooks.try_recv().ok()).collect()
    }

    pub async fn stream(&mut self) -> Stream {
        let (signed, socket) = timeout(SOON, self.streams.recv()).await.expect("no media stream came").unwrap();
        Stream { signed, socket, sid: String::new(), ears: Default::default(), heard: Vec::new(), overheard: Vec::new() }
    }
}

impl Drop for Customer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn hook(State(desk): State<Desk>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    if path == "/broken" {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let params: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let signed = header("x-twilio-signature") == expected(&desk.token, &format!("{}{}", desk.base, uri), &params);
    let came = Hook { path: path.clone(), params: params.into_iter().collect(), signed, token: header("i-twilio-idempotency-token") };
    desk.hooks.send(came).await.unwrap();
    let page = desk.pages.lock().unwrap().get(&path).cloned();
    page.map_or_else(|| ().into_response(), |twiml| ([("content-type", "text/xml")], twiml).into_response())
}

async fn media(State(desk): State<Desk>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let url = format!("{}/media", desk.base.replace("http://", "ws://"));
    let signed = headers.get("x-twilio-signature").is_some_and(|given| given.to_str().unwrap() == expected(&desk.token, &url, &[]));
    upgrade.on_upgrade(move |socket| async move { desk.streams.send((signed, socket)).await.unwrap() })
}

/// Written a second time on purpose: the receiver's half of the vendor's rule.
fn expected(token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut sorted: Vec<String> = params.iter().map(|(name, value)| format!("{name}{value}")).collect();
    sorted.sort();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(format!("{url}{}", sorted.concat()).as_bytes());
    base64_simd::STANDARD.encode_to_string(mac.finalize().into_bytes())
}

/// An accepted media stream.
pub struct Stream {
    pub signed: bool,
    socket: WebSocket,
    sid: String,
    /// One for each track.
    ears: [Decoder; 2],
    /// Words of the callee so far.
    pub heard: Vec<String>,
    /// Words of the other track.
    pub overheard: Vec<String>,
}

impl Stream {
    /// The next frame; `None` when the socket is closed. Media is listened to.
    pub async fn frame(&mut self) -> Option<Value> {
        loop {
            match timeout(SOON, self.socket.recv()).await.expect("the media stream fell silent")? {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    self.listen(&frame);
                    return Some(frame);
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    fn listen(&mut self, frame: &Value) {
        if let Some(sid) = frame["streamSid"].as_str() {
            sid.clone_into(&mut self.sid);
        }
        let Some(payload) = frame["media"]["payload"].as_str() else { return };
        let audio = base64_simd::STANDARD.decode_to_vec(payload.as_bytes()).unwrap();
        let outbound = frame["media"]["track"] == "outbound";
        let words = if outbound { &mut self.overheard } else { &mut self.heard };
        for event in self.ears[usize::from(outbound)].feed(&audio) {
            if let Event::WordEnded { text, .. } = event {
                words.push(text);
            }
        }
    }

    /// Frames until one that is neither media nor `connected`.
    pub async fn event(&mut self) -> Option<Value> {
        loop {
            let frame = self.frame().await?;
            if !matches!(frame["event"].as_str(), Some("media" | "connected")) {
                return Some(frame);
            }
        }
    }

    /// Listens until the callee has said this.
    pub async fn hear(&mut self, words: &str) {
        while !self.heard.join(" ").ends_with(words) {
            let frame = self.frame().await;
            assert!(frame.is_some(), "the stream ended after {:?}", self.heard);
        }
    }

    pub async fn say(&mut self, words: &str, mark: &str) {
        let payload = base64_simd::STANDARD.encode_to_string(voice::encode(words, 60));
        self.send(&json!({"event": "media", "streamSid": self.sid, "media": {"payload": payload}}).to_string()).await;
        self.send(&json!({"event": "mark", "streamSid": self.sid, "mark": {"name": mark}}).to_string()).await;
    }

    pub async fn clear(&mut self) {
        self.send(&json!({"event": "clear", "streamSid": self.sid}).to_string()).await;
    }

    pub async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn send_binary(&mut self) {
        self.socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    }

    pub async fn close(mut self) {
        self.socket.send(Message::Close(None)).await.unwrap();
        while self.frame().await.is_some() {}
    }
}
