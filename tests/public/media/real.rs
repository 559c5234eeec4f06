//! Wrong frames over a real socket: the line closes what cannot be a provider, within a second, and holds on to little.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64_simd::STANDARD;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

use super::frames::{self, Chance, STREAM};
use super::socket::{Desk, Socket, line, resident};
use crate::deployment::Deployment;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_random_frames_end_and_the_line_lives_on() {
    let desk = Arc::new(Desk::default());
    let deployment = Deployment::start(Some(line(&desk, 16))).await;
    let mut sent = 0;
    for seed in 0..200 {
        let (mut chance, mut socket) = (Chance::new(seed), Socket::open(deployment.addr).await.unwrap());
        if seed % 8 != 0 {
            assert!(socket.say(frames::start(STREAM)).await);
        }
        for _ in 0..chance.below(60) {
            sent += 1;
            if !socket.say(frames::any(&mut chance)).await {
                break;
            }
        }
        // whichever of them started it; the server may have closed before
        for stream in [STREAM, frames::ANOTHER] {
            socket.say(format!(r#"{{"event":"stop","streamSid":"{stream}"}}"#)).await;
        }
        assert!(socket.closed_within(SECOND).await.is_some(), "stream {seed} was not closed");
    }
    println!("{sent} frames over 200 sockets, {} streams held", desk.streams.load(Ordering::Relaxed));
    an_ordinary_stream_is_held(&deployment).await;
    deployment.stop().await;
}

async fn an_ordinary_stream_is_held(deployment: &Deployment) {
    let mut socket = Socket::open(deployment.addr).await.unwrap();
    assert!(socket.say(frames::start(STREAM)).await);
    assert!(socket.say(frames::media(STREAM, 1, &STANDARD.encode_to_string([0x55; 160]))).await);
    let echo = socket.hear().await.expect("audio comes back");
    assert!(echo.contains("\"media\"") && echo.contains(STREAM), "{echo}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_stream_is_closed_within_a_second() {
    let desk = Arc::new(Desk::default());
    let deployment = Deployment::start(Some(line(&desk, 16))).await;
    let audio = STANDARD.encode_to_string([0x55; 160]);
    let openings = [
        ("media before start", Message::text(frames::media(STREAM, 1, &audio))),
        ("stop before start", Message::text(r#"{"event":"stop"}"#)),
        ("no JSON", Message::text("hello")),
        ("binary", Message::binary(vec![1, 2, 3])),
        ("a megabyte", Message::text("x".repeat(1 << 20))),
        ("too deep", Message::text(format!("{{\"event\":\"start\",\"x\":{}", "[".repeat(50_000)))),
        ("another format", Message::text(frames::start(STREAM).replace("8000", "16000"))),
    ];
    for (why, opening) in openings {
        let mut socket = Socket::open(deployment.addr).await.unwrap();
        socket.send(opening).await; // a megabyte may meet a closed door halfway
        let took = socket.closed_within(SECOND).await;
        assert!(took.is_some(), "{why} was not closed");
    }
    assert_eq!(desk.streams.load(Ordering::Relaxed), 0);
    let mut socket = Socket::open(deployment.addr).await.unwrap();
    assert!(socket.say(frames::start(STREAM)).await);
    while socket.say("{".to_owned()).await {}
    assert!(socket.closed_within(SECOND).await.is_some(), "broken frames for ever");
    for signature in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        assert_eq!(Socket::open_signed(deployment.addr, signature).await.err(), Some(403));
    }
    deployment.stop().await;
}

/// The worst peer: the longest frames there are, to a call that does not listen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_holds_less_than_two_mebibytes() {
    const STREAMS: u64 = 32;
    let desk = Arc::new(Desk { deaf: Some(Notify::new()), ..Desk::default() });
    let deployment = Deployment::start(Some(line(&desk, 64))).await;
    let frame = frames::media(STREAM, 1, &STANDARD.encode_to_string([0x55; 8_000]));
    let (mut sockets, before) = (Vec::new(), resident());
    for _ in 0..STREAMS {
        let mut socket = Socket::open(deployment.addr).await.unwrap();
        assert!(socket.say(frames::start(STREAM)).await);
        for _ in 0..400 {
            assert!(socket.say(frame.clone()).await);
        }
        sockets.push(socket);
    }
    let each = resident().saturating_sub(before) / STREAMS;
    println!("{each} KiB resident per stream, client side included");
    assert!(each < 2_048, "{each} KiB per stream");
    desk.deaf.as_ref().unwrap().notify_waiters();
    drop(sockets);
    deployment.stop().await;
}
