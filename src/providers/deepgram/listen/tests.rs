use secrecy::SecretString;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::task::TaskTracker;

use super::super::{Deepgram, DeepgramSettings};
use super::*;
use crate::providers::wire::testing::{Act, Scripted, Sockets, http};
use crate::providers::{Again, Ears as _, EarsOptions};

fn options(model: &str) -> EarsOptions {
    EarsOptions { model: model.into(), language: "en".into(), keyterms: vec![] }
}

fn settings(url: &str) -> DeepgramSettings {
    DeepgramSettings::new(url, SecretString::from("k"))
}

async fn listen(settings: DeepgramSettings, model: &str) -> (EarsLink, CancellationToken, TaskTracker) {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let ears = Deepgram::new(settings, tasks.clone()).unwrap();
    (ears.listen(&options(model), stop.clone()).await.unwrap(), stop, tasks)
}

fn results(words: &str, ends: bool) -> String {
    let channel = json!({"alternatives": [{"transcript": words, "confidence": 0.9, "words": []}]});
    json!({"type": "Results", "start": 0.0, "duration": 1.0, "is_final": ends, "speech_final": ends, "channel": channel}).to_string()
}

async fn last(link: &mut EarsLink) -> Option<ProviderError> {
    loop {
        match link.heard.recv().await.expect("ends with Closed") {
            Heard::Closed { error } => {
                assert_eq!(link.heard.recv().await, None);
                return error;
            }
            _ => continue,
        }
    }
}

#[tokio::test]
async fn hears_a_turn_and_parts_politely() {
    let mut server = Sockets::start().await;
    let (mut link, _stop, tasks) = listen(settings(&server.url), "nova-3").await;
    let (target, key) = (&mut server.handshake).await.unwrap();
    assert!(target.starts_with("/v1/listen?model=nova-3&") && key == "Token k", "{target}");

    for byte in 0..5u8 {
        link.audio.send(Bytes::from(vec![byte; 160])).await.unwrap();
    }
    let first = server.seen.recv().await.unwrap().into_data();
    assert_eq!(first, [[0; 160], [1; 160]].concat());
    server.say(results("hello", false)).await;
    assert_eq!(link.heard.recv().await, Some(Heard::SpeechStarted));
    assert_eq!(link.heard.recv().await, Some(Heard::Interim { text: "hello".into() }));

    let EarsLink { audio, mut heard } = link;
    drop(audio);
    let mut rest = Vec::new();
    loop {
        match server.seen.recv().await.unwrap() {
            Message::Binary(chunk) => rest.extend_from_slice(&chunk),
            Message::Text(text) => break assert_eq!(text.as_str(), CLOSE_STREAM),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rest, [[2; 160], [3; 160], [4; 160]].concat(), "every byte arrives, in order");
    server.say(results("Hello?", true)).await;
    server.say(r#"{"type":"Metadata","duration":0.1}"#).await;
    server.act.send(Act::Send(Message::Close(None))).await.ok().unwrap();
    assert_eq!(heard.recv().await, Some(Heard::Interim { text: "Hello?".into() }));
    assert_eq!(heard.recv().await, Some(Heard::EndOfTurn { text: "Hello?".into(), confidence: Some(0.9), silence: None }));
    assert_eq!(heard.recv().await, Some(Heard::Closed { error: None }));
    tasks.close();
    tasks.wait().await;
}

#[tokio::test]
async fn keeps_nova_alive_without_audio() {
    let mut server = Sockets::start().await;
    let settings = DeepgramSettings { keep_alive: Duration::from_millis(40), ..settings(&server.url) };
    let (_link, _stop, _tasks) = listen(settings, "nova-3").await;
    assert_eq!([server.text().await, server.text().await], [KEEP_ALIVE, KEEP_ALIVE]);
}

#[tokio::test]
async fn flux_gets_larger_chunks_until_somebody_speaks() {
    let mut server = Sockets::start().await;
    let (mut link, _stop, _tasks) = listen(settings(&server.url), "flux-general-en").await;
    for _ in 0..4 {
        link.audio.send(Bytes::from_static(&[255; 160])).await.unwrap();
    }
    assert_eq!(server.seen.recv().await.unwrap().into_data().len(), 640);
    let turn = |event: &str| json!({"type": "TurnInfo", "event": event, "turn_index": 0, "transcript": "Yes."}).to_string();
    server.say(turn("StartOfTurn")).await;
    assert_eq!(link.heard.recv().await, Some(Heard::SpeechStarted));
    link.audio.send(Bytes::from_static(&[255; 160])).await.unwrap();
    assert_eq!(server.seen.recv().await.unwrap().into_data().len(), 160, "the frame that may end the turn does not wait");
    server.say(turn("EndOfTurn")).await;
    while !matches!(link.heard.recv().await, Some(Heard::EndOfTurn { .. })) {}
    for _ in 0..4 {
        link.audio.send(Bytes::from_static(&[255; 160])).await.unwrap();
    }
    assert_eq!(server.seen.recv().await.unwrap().into_data().len(), 640);
    assert!((&mut server.handshake).await.unwrap().0.starts_with("/v2/listen?model=flux-general-en&"));
}

#[tokio::test]
async fn a_lost_or_closed_socket_says_whether_to_reconnect() {
    let close = |code: u16, reason: &'static str| Act::Send(Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() })));
    let cases = [
        (Act::Cut, Again::Yes),
        (close(1011, "NET-0001"), Again::Yes),
        (close(1000, ""), Again::Yes),
        (close(1008, "DATA-0000"), Again::No),
        (Act::Send(Message::text(r#"{"type":"Error","variant":"SchemaError","description":"x"}"#)), Again::No),
    ];
    for (act, again) in cases {
        let server = Sockets::start().await;
        let (mut link, _stop, _tasks) = listen(settings(&server.url), "nova-3").await;
        server.act.send(act).await.ok().unwrap();
        assert_eq!(last(&mut link).await.unwrap().again, again);
    }
}

#[tokio::test]
async fn stopping_says_goodbye_and_ends_the_task() {
    let mut server = Sockets::start().await;
    let (mut link, stop, tasks) = listen(settings(&server.url), "nova-3").await;
    stop.cancel();
    assert_eq!(server.text().await, CLOSE_STREAM);
    assert_eq!(last(&mut link).await, None);
    tasks.close();
    tasks.wait().await;
}

#[tokio::test]
async fn a_caller_who_went_away_ends_the_task() {
    let server = Sockets::start().await;
    let (link, _stop, tasks) = listen(settings(&server.url), "nova-3").await;
    drop(link.heard);
    tasks.close();
    tasks.wait().await;
    assert!(link.audio.is_closed());
}

#[tokio::test]
async fn a_half_open_socket_is_found() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mute = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    });
    let liveness = Liveness { ping_after: Duration::from_millis(30), dead_after: Duration::from_millis(90) };
    let settings = DeepgramSettings { liveness, keep_alive: Duration::from_millis(40), ..settings(&url) };
    let (mut link, _stop, _tasks) = listen(settings, "nova-3").await;
    let _never_polled = mute.await.unwrap();
    assert_eq!(last(&mut link).await.unwrap().again, Again::Yes);
}

#[tokio::test]
async fn a_refused_handshake_carries_the_reason() {
    for (status, again) in [("401 Unauthorized", Again::No), ("429 Too Many Requests", Again::Yes), ("503 Unavailable", Again::Yes)] {
        let server = Scripted::start([http(status, "dg-error: the reason\r\n", "")]).await;
        let ears = Deepgram::new(settings(&server.url), TaskTracker::new()).unwrap();
        let error = ears.listen(&options("nova-3"), CancellationToken::new()).await.unwrap_err();
        assert_eq!((error.again, error.status.map(|s| s.to_string())), (again, Some(status[..3].to_owned())));
        assert!(error.what.contains("the reason"), "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let ears = Deepgram::new(settings(&url), TaskTracker::new()).unwrap();
    let error = ears.listen(&options("nova-3"), CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.again, Again::Yes);
}
