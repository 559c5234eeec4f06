//! The proxy against a server that counts what reaches it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{ChaosProxy, Fault};

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\n\r\nTo=1";
const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\n\r\n0123456789";
const SOON: Duration = Duration::from_secs(10);
/// Nothing that was to come takes so long.
const NEVER: Duration = Duration::from_millis(150);

/// Answers every request and says that it came.
async fn server() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (addr, (came, requests)) = (listener.local_addr().unwrap(), mpsc::channel(8));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let came = came.clone();
            tokio::spawn(async move {
                let mut request = [0; 1024];
                while client.read(&mut request).await.is_ok_and(|read| read > 0) {
                    came.send(()).await.unwrap();
                    client.write_all(ANSWER).await.unwrap();
                }
            });
        }
    });
    (addr, requests)
}

/// Waits until a connection has met its fault.
async fn until_struck(proxy: &ChaosProxy) {
    let struck = async {
        while proxy.struck() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(SOON, struck).await.expect("a connection meets its fault");
}

/// Asks through a proxy with this fault: what was answered, how it ended, and whether the request arrived.
async fn ask(fault: Fault) -> (Vec<u8>, Option<ErrorKind>, bool) {
    let (addr, mut requests) = server().await;
    let proxy = ChaosProxy::start(addr, move |_| fault).await.unwrap();
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 1024]);
    let end = loop {
        match timeout(NEVER, client.read(&mut piece)).await {
            Ok(Ok(read @ 1..)) => answer.extend_from_slice(&piece[..read]),
            Ok(Ok(_)) => break Some(ErrorKind::UnexpectedEof),
            Ok(Err(error)) => break Some(error.kind()),
            Err(_) => break None,
        }
    };
    (answer, end, requests.try_recv().is_ok())
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    use ErrorKind::{ConnectionReset, UnexpectedEof};
    assert_eq!(ask(Fault::None).await, (ANSWER.to_vec(), None, true));
    assert_eq!(ask(Fault::Latency { ms: 5, jitter_ms: 5 }).await, (ANSWER.to_vec(), None, true));
    assert_eq!(ask(Fault::Refuse).await, (vec![], Some(ConnectionReset), false));
    assert_eq!(ask(Fault::LoseRequest).await, (vec![], None, false));
    assert_eq!(ask(Fault::DropResponse).await, (vec![], None, true));
    assert_eq!(ask(Fault::ResetResponse).await, (vec![], Some(ConnectionReset), true));
    assert_eq!(ask(Fault::CutAfter { bytes: 8 }).await, (ANSWER[..8].to_vec(), Some(UnexpectedEof), true));
    let (answer, end, arrived) = ask(Fault::ResetAfter { bytes: 8 }).await;
    assert!(answer.len() <= 8 && end == Some(ConnectionReset) && arrived, "{answer:?} {end:?}");
    assert_eq!(ask(Fault::Answer { bytes: b"no" }).await, (b"no".to_vec(), Some(UnexpectedEof), false));
    assert_eq!(ask(Fault::AnswerAfter { bytes: b"no" }).await, (b"no".to_vec(), Some(UnexpectedEof), true));
    assert_eq!(ask(Fault::Insert { bytes: b"!" }).await, (b"HTTP/1.1 201 Created\r\n\r\n!0123456789".to_vec(), None, true));
    let (answer, end, _) = ask(Fault::Slow { bytes_per_s: 50 }).await;
    assert!(answer.len() < ANSWER.len() || end.is_none(), "{answer:?}");
}

#[tokio::test]
async fn an_expired_certificate_is_shown_and_those_who_take_it_are_counted() {
    let (addr, _) = server().await;
    let proxy = ChaosProxy::start(addr, |_| Fault::ExpiredTls).await.unwrap();
    let url = format!("https://{}", proxy.addr());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let careful = reqwest::Client::builder().no_proxy().build().unwrap();
    let told = careful.get(&url).send().await.unwrap_err();
    assert!(format!("{told:?}").contains("Certificate"), "{told:?}");
    assert_eq!((proxy.struck(), proxy.trusted()), (1, 0));
    let careless = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build().unwrap();
    assert!(careless.get(&url).send().await.is_err(), "nobody is behind it");
    assert_eq!(proxy.trusted(), 1);
}

#[tokio::test]
async fn a_request_that_is_held_arrives_although_its_sender_has_left() {
    let (addr, mut requests) = server().await;
    let proxy = ChaosProxy::start(addr, |_| Fault::HoldRequest { ms: 50 }).await.unwrap();
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    until_struck(&proxy).await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert_eq!(timeout(SOON, requests.recv()).await.unwrap(), Some(()));
}

#[tokio::test]
async fn a_black_hole_keeps_a_request_that_is_to_be_held_for_nobody_who_left() {
    let (addr, mut requests) = server().await;
    let proxy = ChaosProxy::start(addr, |_| Fault::HoldRequest { ms: 1 }).await.unwrap();
    proxy.black_hole(true);
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    until_struck(&proxy).await;
    client.set_zero_linger().unwrap();
    drop(client);
    // its reset is on its way, and nothing says when it has come
    tokio::time::sleep(NEVER).await;
    proxy.black_hole(false);
    assert!(timeout(NEVER, requests.recv()).await.is_err(), "it would be held for longer than any network keeps it");
}

#[tokio::test]
async fn a_request_without_an_answer_is_sent_again_by_a_retry_layer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = ChaosProxy::start(listener.local_addr().unwrap(), |_| Fault::Resend { after_ms: 20 }).await.unwrap();
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    let mut asked = Vec::new();
    for _ in 0..2 {
        let (mut server, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
        let mut request = vec![0; REQUEST.len()];
        server.read_exact(&mut request).await.unwrap();
        asked.push((server, request));
    }
    assert!(asked.iter().all(|(_, request)| request == REQUEST));
}

#[tokio::test]
async fn a_black_hole_keeps_what_is_sent_and_gives_it_when_it_heals_unless_the_sender_left() {
    let (addr, mut requests) = server().await;
    let proxy = ChaosProxy::start(addr, |_| Fault::None).await.unwrap();
    let connect = async || TcpStream::connect(proxy.addr()).await.unwrap();
    let (mut stays, mut leaves) = (connect().await, connect().await);
    proxy.black_hole(true);
    stays.write_all(REQUEST).await.unwrap();
    leaves.write_all(REQUEST).await.unwrap();
    assert!(timeout(NEVER, requests.recv()).await.is_err(), "something came through");
    leaves.set_zero_linger().unwrap();
    drop(leaves);
    tokio::time::sleep(NEVER).await;
    proxy.black_hole(false);
    assert_eq!(timeout(SOON, requests.recv()).await.unwrap(), Some(()));
    assert!(timeout(NEVER, requests.recv()).await.is_err(), "the request of somebody who left came through");
    let mut answer = vec![0; ANSWER.len()];
    stays.read_exact(&mut answer).await.unwrap();
    assert_eq!((answer.as_slice(), proxy.struck()), (ANSWER, 0));
}

#[tokio::test]
async fn a_stranded_connection_stays_open_for_ever_and_a_new_one_works() {
    let (addr, mut requests) = server().await;
    let proxy = ChaosProxy::start(addr, |_| Fault::None).await.unwrap();
    let mut old = TcpStream::connect(proxy.addr()).await.unwrap();
    let mut answer = vec![0; ANSWER.len()];
    old.write_all(REQUEST).await.unwrap();
    old.read_exact(&mut answer).await.unwrap();
    assert_eq!(requests.recv().await, Some(()));

    proxy.strand();
    old.write_all(REQUEST).await.unwrap();
    assert!(timeout(NEVER, old.read(&mut answer)).await.is_err(), "neither an answer nor an end");
    assert!(requests.try_recv().is_err(), "the request came through");
    let mut new = TcpStream::connect(proxy.addr()).await.unwrap();
    new.write_all(REQUEST).await.unwrap();
    new.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, ANSWER);
}
