use bytes::Bytes;
use secrecy::SecretString;
use serde_json::Value;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::task::TaskTracker;

use super::super::{Deepgram, DeepgramSettings};
use super::*;
use crate::providers::wire::testing::{Act, Sockets};
use crate::providers::{Mouth as _, Voice};

async fn open(server: &Sockets) -> (MouthLink, CancellationToken, TaskTracker) {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let mouth = Deepgram::new(DeepgramSettings::new(&server.url, SecretString::from("k")), tasks.clone()).unwrap();
    (mouth.open(&Voice::deepgram("aura-2-thalia-en"), stop.clone()).await.unwrap(), stop, tasks)
}

async fn say(link: &MouthLink, reply: u32, text: &str) {
    link.say.send(Say::Text { reply, text: text.into() }).await.unwrap();
    link.say.send(Say::Flush { reply }).await.unwrap();
}

async fn kind(server: &mut Sockets) -> (String, String) {
    let message: Value = serde_json::from_str(&server.text().await).unwrap();
    (message["type"].as_str().unwrap().to_owned(), message["text"].as_str().unwrap_or_default().to_owned())
}

async fn audio(server: &Sockets, bytes: &'static [u8]) {
    server.act.send(Act::Send(Message::binary(Bytes::from_static(bytes)))).await.ok().unwrap();
}

fn heard(reply: u32, bytes: &'static [u8]) -> Option<Spoken> {
    Some(Spoken::Audio { reply, audio: Bytes::from_static(bytes) })
}

#[tokio::test]
async fn speaks_a_reply_and_says_when_it_is_all() {
    let mut server = Sockets::start().await;
    let (mut link, _stop, _tasks) = open(&server).await;
    let (target, key) = (&mut server.handshake).await.unwrap();
    assert_eq!((target.as_str(), key.as_str()), ("/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000", "Token k"));
    say(&link, 1, "Say \"hi\".").await;
    assert_eq!(kind(&mut server).await, ("Speak".into(), "Say \"hi\".".into()));
    assert_eq!(kind(&mut server).await.0, "Flush");
    server.say(r#"{"type":"Metadata","request_id":"x"}"#).await;
    audio(&server, b"one").await;
    audio(&server, b"two").await;
    server.say(r#"{"type":"Flushed","sequence_id":0}"#).await;
    assert_eq!([link.spoken.recv().await, link.spoken.recv().await], [heard(1, b"one"), heard(1, b"two")]);
    assert_eq!(link.spoken.recv().await, Some(Spoken::Flushed { reply: 1 }));
}

#[tokio::test]
async fn an_interrupted_reply_leaves_no_audio_behind() {
    let mut server = Sockets::start().await;
    let (mut link, _stop, _tasks) = open(&server).await;
    say(&link, 1, "A long story.").await;
    link.say.send(Say::Clear).await.unwrap();
    say(&link, 2, "Yes?").await;
    for expected in ["Speak", "Flush", "Clear", "Speak", "Flush"] {
        assert_eq!(kind(&mut server).await.0, expected);
    }
    audio(&server, b"old").await;
    server.say(r#"{"type":"Flushed","sequence_id":0}"#).await;
    server.say(r#"{"type":"Cleared","sequence_id":1}"#).await;
    audio(&server, b"new").await;
    server.say(r#"{"type":"Flushed","sequence_id":2}"#).await;
    assert_eq!([link.spoken.recv().await, link.spoken.recv().await], [heard(2, b"new"), Some(Spoken::Flushed { reply: 2 })]);
}

#[tokio::test]
async fn a_failed_socket_says_whether_to_reconnect() {
    let close = |code: u16, reason: &'static str| Act::Send(Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() })));
    let cases = [(Act::Cut, Again::Yes), (close(1011, "NET-0003"), Again::Yes), (close(1008, "DATA-0000"), Again::No)];
    for (act, again) in cases {
        let server = Sockets::start().await;
        let (mut link, _stop, tasks) = open(&server).await;
        server.act.send(act).await.ok().unwrap();
        let Some(Spoken::Closed { error: Some(error) }) = link.spoken.recv().await else { panic!("not closed") };
        assert_eq!(error.again, again);
        tasks.close();
        tasks.wait().await;
    }
}

#[tokio::test]
async fn letting_go_or_stopping_closes() {
    for by_token in [true, false] {
        let mut server = Sockets::start().await;
        let (link, stop, tasks) = open(&server).await;
        let MouthLink { say, mut spoken } = link;
        let held = if by_token {
            stop.cancel();
            Some(say)
        } else {
            drop(say);
            None
        };
        assert_eq!(kind(&mut server).await.0, "Close");
        assert_eq!(spoken.recv().await, Some(Spoken::Closed { error: None }));
        tasks.close();
        tasks.wait().await;
        drop(held);
    }
}
