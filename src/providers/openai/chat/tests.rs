use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::super::OpenAiSettings;
use super::super::body::tests::request;
use super::*;
use crate::providers::Again;
use crate::providers::wire::retry::Backoff;
use crate::providers::wire::testing::{Reply, Scripted, http, json, read_request};

fn openai(url: &str) -> OpenAi {
    let settings = OpenAiSettings::new(format!("{url}/v1"), SecretString::from("sk-1"));
    let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
    OpenAi::new(OpenAiSettings { backoff, piece_timeout: Duration::from_millis(300), ..settings }, TaskTracker::new()).unwrap()
}

fn sse(body: &str) -> Reply {
    http("200 OK", "Content-Type: text/event-stream\r\n", body)
}

fn text(words: &str) -> String {
    format!(
        "data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{words}\"}},\"logprobs\":null,\"finish_reason\":null}}],\"usage\":null}}\n\n"
    )
}

const ROLE: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"finish_reason\":null}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":16}}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

async fn pieces(reply: Reply) -> Vec<ChatPiece> {
    let server = Scripted::start([reply]).await;
    let mut stream = openai(&server.url).stream(&request(), CancellationToken::new()).await.unwrap();
    let mut seen = Vec::new();
    while let Some(piece) = stream.recv().await {
        seen.push(piece);
    }
    assert_eq!(server.requests().len(), 1, "a stream that began is not repeated");
    seen
}

fn failed(pieces: &[ChatPiece]) -> &ProviderError {
    match pieces.last() {
        Some(ChatPiece::Failed(error)) => error,
        other => panic!("not failed: {other:?}"),
    }
}

#[tokio::test]
async fn streams_text_then_usage() {
    let body = format!("{ROLE}: ping\n\n{}{}{STOP}{USAGE}{DONE}", text("Hel"), text("lo \\u20ac"));
    let usage = Usage { tokens_in: 20, tokens_cached: 16, tokens_out: 2 };
    let expected =
        [ChatPiece::Text("Hel".into()), ChatPiece::Text("lo €".into()), ChatPiece::Done { finish: "stop".into(), usage: Some(usage) }];
    assert_eq!(pieces(sse(&body)).await, expected);
    assert_eq!(pieces(sse(&body.replace('\n', "\r\n"))).await, expected);
}

#[tokio::test]
async fn does_without_usage() {
    let expected = [ChatPiece::Text("Hi".into()), ChatPiece::Done { finish: "stop".into(), usage: None }];
    assert_eq!(pieces(sse(&format!("{}{STOP}{DONE}", text("Hi")))).await, expected);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure() {
    for body in [format!("{}{STOP}{USAGE}", text("Hi")), format!("{}{DONE}", text("Hi")), format!("{}data: {{oops\n\n{DONE}", text("Hi"))] {
        let seen = pieces(sse(&body)).await;
        assert_eq!((&seen[0], failed(&seen).again), (&ChatPiece::Text("Hi".into()), Again::Yes), "{body}");
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 900\r\n\r\n";
    let seen = pieces(Reply::Say(format!("{head}{}", text("Hi")))).await;
    assert_eq!(failed(&seen).again, Again::Yes);
}

#[tokio::test]
async fn an_error_event_ends_the_stream() {
    let event = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n";
    let seen = pieces(sse(&format!("{}{event}{DONE}", text("Hi")))).await;
    assert!(failed(&seen).what.contains("overloaded"), "{seen:?}");
}

#[tokio::test]
async fn a_refusal_is_not_spoken() {
    let refusal = "data: {\"choices\":[{\"index\":0,\"delta\":{\"refusal\":\"I cannot.\"},\"finish_reason\":null}]}\n\n";
    let expected = [ChatPiece::Done { finish: "refusal".into(), usage: None }];
    assert_eq!(pieces(sse(&format!("{refusal}{STOP}{DONE}"))).await, expected);
}

#[tokio::test]
async fn a_silent_stream_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    });
    let mut answer = openai(&url).stream(&request(), CancellationToken::new()).await.unwrap();
    let _open = held.await.unwrap();
    let Some(ChatPiece::Failed(error)) = answer.recv().await else { panic!("no failure") };
    assert_eq!(error.again, Again::Yes);
}

#[tokio::test]
async fn stopping_closes_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let piece = text("Hi");
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{piece}\r\n", piece.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.read(&mut [0; 1]).await
    });
    let stop = CancellationToken::new();
    let mut answer = openai(&url).stream(&request(), stop.clone()).await.unwrap();
    assert_eq!(answer.recv().await, Some(ChatPiece::Text("Hi".into())));
    stop.cancel();
    assert_eq!(answer.recv().await, None);
    assert!(matches!(server.await.unwrap(), Ok(0) | Err(_)), "the server sees the end");
}

#[tokio::test]
async fn a_refused_request_is_repeated_only_when_that_helps() {
    let busy = json("429 Too Many Requests", r#"{"error":{"message":"m","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#);
    let server = Scripted::start([busy, sse(&format!("{STOP}{DONE}"))]).await;
    let mut stream = openai(&server.url).stream(&request(), CancellationToken::new()).await.unwrap();
    assert_eq!(stream.recv().await, Some(ChatPiece::Done { finish: "stop".into(), usage: None }));

    let empty =
        json("429 Too Many Requests", r#"{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#);
    let server = Scripted::start([empty]).await;
    let error = openai(&server.url).stream(&request(), CancellationToken::new()).await.unwrap_err();
    assert_eq!((error.again, server.requests().len()), (Again::No, 1));
}

#[tokio::test]
async fn completes_after_a_hiccup() {
    let answer = r#"{"id":"c","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"finish_reason":"length","logprobs":null,"message":{"role":"assistant","content":"Hi","refusal":null}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
    let server = Scripted::start([Reply::SayAndReset(String::new()), json("500 Oops", "{}"), json("200 OK", answer)]).await;
    let told = openai(&server.url).complete(&request()).await.unwrap();
    assert_eq!((told.content.as_str(), told.finish.as_str(), told.usage.tokens_in), ("Hi", "length", 9));
    let seen = server.requests();
    assert!(seen[2].starts_with("POST /v1/chat/completions ") && seen[2].contains("authorization: Bearer sk-1"), "{}", seen[2]);
}

#[tokio::test]
async fn three_failures_are_enough() {
    let server = Scripted::start([json("503 No", "{}"), json("503 No", "{}"), json("503 No", "{}")]).await;
    assert_eq!(openai(&server.url).complete(&request()).await.unwrap_err().status, Some(503));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn lists_models() {
    let server = Scripted::start([json("200 OK", r#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#)]).await;
    assert_eq!(openai(&server.url).models().await.unwrap(), ["a", "b"]);
}
