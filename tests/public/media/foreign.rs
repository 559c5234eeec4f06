//! Frames that name another stream on the socket of a call: neither heard nor obeyed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64_simd::STANDARD;
use serde_json::json;

use super::frames::{self, STREAM};
use super::socket::{Desk, Socket, line};
use crate::deployment::Deployment;

const OTHER: &str = "MZffffffffffffffffffffffffffffffff";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_another_stream_do_nothing_to_a_call() {
    let desk = Arc::new(Desk::default());
    let deployment = Deployment::start(Some(line(&desk, 16))).await;
    let mut socket = Socket::open(deployment.addr).await.unwrap();
    assert!(socket.say(frames::start(STREAM)).await);
    let audio = |stream, byte: u8| frames::media(stream, 1, &STANDARD.encode_to_string([byte; 160]));
    let foreign = [
        audio(OTHER, 0x11),
        json!({ "event": "dtmf", "streamSid": OTHER, "dtmf": { "digit": "9" } }).to_string(),
        json!({ "event": "mark", "streamSid": OTHER, "mark": { "name": "g" } }).to_string(),
        json!({ "event": "stop", "streamSid": OTHER, "stop": { "callSid": frames::CALL } }).to_string(),
        // a second start does not make the other stream the call's own
        frames::start(OTHER),
        audio(OTHER, 0x22),
    ];
    for frame in foreign {
        assert!(socket.say(frame).await);
    }
    assert!(socket.say(audio(STREAM, 0x55)).await);

    let echo = socket.hear().await.expect("the call's own audio comes back");
    assert!(echo.contains(&STANDARD.encode_to_string([0x55_u8; 160])), "what was heard first is {echo}");
    assert!(socket.say(json!({ "event": "stop", "streamSid": STREAM }).to_string()).await);
    assert!(socket.closed_within(Duration::from_secs(1)).await.is_some(), "the call's own stop is obeyed");
    let (streams, pressed) = (desk.streams.load(Ordering::Relaxed), desk.others.load(Ordering::Relaxed));
    assert_eq!((streams, desk.audio.load(Ordering::Relaxed), pressed), (1, 1, 0));
    deployment.stop().await;
}
