//! Sockets that never say `start`, and connections that never say anything.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64_simd::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::frames::{self, STREAM};
use super::socket::{Desk, Socket, line, resident};
use crate::deployment::Deployment;

/// Both ends are in this process: two descriptors each.
fn sockets() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft = limits.lines().find(|line| line.starts_with("Max open files")).and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    5_000_usize.min((soft.unwrap_or(1_024_usize) - 200) / 2)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_silent_sockets_keep_no_call_out_and_are_closed() {
    let desk = Arc::new(Desk::default());
    let deployment = Deployment::start(Some(line(&desk, 4))).await;
    let (many, before, mut idle) = (sockets(), resident(), Vec::new());
    for _ in 0..many {
        idle.push((Socket::open(deployment.addr).await.unwrap(), Instant::now()));
    }
    println!("{many} idle sockets, {} KiB resident each, client side included", resident().saturating_sub(before) / many as u64);
    let begun = Instant::now();
    let mut call = Socket::open(deployment.addr).await.unwrap();
    assert!(call.say(frames::start(STREAM)).await);
    assert!(call.say(frames::media(STREAM, 1, &STANDARD.encode_to_string([0x55; 160]))).await);
    assert!(call.hear().await.is_some(), "the call's audio comes back");
    println!("a call beside them was answered within {:?}", begun.elapsed());
    assert_eq!(desk.streams.load(Ordering::Relaxed), 1);
    for (mut socket, opened) in idle {
        assert!(socket.closed_within(Duration::from_secs(12).saturating_sub(opened.elapsed()).max(Duration::from_secs(2))).await.is_some());
    }
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_ask_for_nothing_are_let_go() {
    let deployment = Deployment::start(None).await;
    let mut silent = TcpStream::connect(deployment.addr).await.unwrap();
    let mut slow = TcpStream::connect(deployment.addr).await.unwrap();
    slow.write_all(b"POST /hooks/twilio HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    let begun = Instant::now();
    for stream in [&mut silent, &mut slow] {
        let mut rest = Vec::new();
        let ended = timeout(Duration::from_secs(15).saturating_sub(begun.elapsed()), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a connection without a request was kept");
    }
    deployment.stop().await;
}
