use std::sync::Arc;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::super::dial::tests::request;
use super::*;
use crate::providers::wire::testing::{Reply, Scripted, http, json};

fn settings(url: &str) -> TwilioSettings {
    TwilioSettings { dial_timeout: Duration::from_millis(400), ..TwilioSettings::new(url, "AC0", SecretString::from("secret")) }
}

async fn dial_at(url: &str) -> DialAnswer {
    let line = Line::connect(&settings(url)).await.unwrap();
    line.post(dial::form(&request()).unwrap(), given()).await
}

fn given() -> Leave {
    Box::pin(async { Ok(()) })
}

fn given_after(wait: Duration) -> Leave {
    Box::pin(async move {
        sleep(wait).await;
        Ok(())
    })
}

fn refused() -> Leave {
    Box::pin(async { Err("its turn is over".to_owned()) })
}

async fn dial(reply: Reply) -> DialAnswer {
    let server = Scripted::start([reply]).await;
    let answer = dial_at(&server.url).await;
    assert_eq!(server.requests().len(), 1, "one POST, never repeated");
    answer
}

#[track_caller]
fn assert_unknown(answer: &DialAnswer) {
    assert!(matches!(answer, DialAnswer::Unknown { .. }), "{answer:?}");
}

#[tokio::test]
async fn posts_once_and_binds_the_sid() {
    let server = Scripted::start([json("201 Created", r#"{"sid":"CA0f","status":"queued"}"#)]).await;
    assert_eq!(dial_at(&server.url).await, DialAnswer::Placed { call_sid: "CA0f".into() });
    let seen = server.requests().remove(0);
    assert!(seen.starts_with("POST /2010-04-01/Accounts/AC0/Calls.json HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("authorization: Basic QUMwOnNlY3JldA=="), "{seen}");
    assert!(seen.contains("To=%2B14155550123") && seen.contains(&format!("host: {}", &server.url[7..])), "{seen}");
}

#[tokio::test]
async fn a_prefix_in_the_base_url_is_kept() {
    let server = Scripted::start([json("201 Created", r#"{"sid":"CA0f"}"#)]).await;
    dial_at(&format!("{}/twilio/", server.url)).await;
    assert!(server.requests()[0].starts_with("POST /twilio/2010-04-01/"), "{:?}", server.requests());
}

#[tokio::test]
async fn twilios_refusals_are_not_processed() {
    let refused = dial(json("400 Bad Request", r#"{"code":21211,"message":"invalid","status":400}"#)).await;
    assert!(matches!(refused, DialAnswer::NotProcessed { status: 400, code: Some(21211), .. }), "{refused:?}");
    let busy = http("429 Too Many Requests", "Retry-After: 2\r\n", r#"{"code":20429,"message":"slow down","status":429}"#);
    let busy = dial(busy).await;
    assert!(matches!(busy, DialAnswer::NotProcessed { code: Some(20429), retry_after: Some(wait), .. } if wait.as_secs() == 2));
}

#[tokio::test]
async fn uncertain_answers_are_unknown() {
    assert_unknown(&dial(http("302 Found", "Location: /elsewhere\r\n", "")).await);
    assert_unknown(&dial(json("500 Internal Server Error", r#"{"code":20500,"message":"x","status":500}"#)).await);
    assert_unknown(&dial(http("200 OK", "", "garbage")).await);
    assert_unknown(&dial(http("403 Forbidden", "", "<html>proxy</html>")).await);
    assert_unknown(&dial(Reply::Say("SMTP ready\r\n".into())).await);
}

#[tokio::test]
async fn lost_answers_are_unknown() {
    assert_unknown(&dial(Reply::Drop).await);
    assert_unknown(&dial(Reply::SayAndReset(String::new())).await);
    let cut = "HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{\"sid\":\"CA0f\"}";
    assert_unknown(&dial(Reply::Say(cut.into())).await);
    assert_unknown(&dial(Reply::SayAndReset(cut.into())).await);
    assert_unknown(&dial(Reply::Stall).await);
}

#[tokio::test]
async fn nobody_to_connect_to_is_an_error_before_anything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let Err(error) = Line::connect(&settings(&url)).await else { panic!("connected to a closed port") };
    assert_eq!(error.again, Again::Yes);
    let Err(error) = Line::connect(&settings("ftp://x")).await else { panic!("connected to ftp") };
    assert_eq!(error.again, Again::No);
}

#[tokio::test]
async fn a_line_that_died_while_waiting_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (closed, is_closed) = oneshot::channel();
    let server = tokio::spawn(async move {
        drop(listener.accept().await.unwrap());
        closed.send(()).unwrap();
    });
    let line = Line::connect(&settings(&url)).await.unwrap();
    is_closed.await.unwrap();
    let answer = line.post(dial::form(&request()).unwrap(), given()).await;
    assert!(matches!(answer, DialAnswer::NotSent { .. }), "{answer:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn without_leave_nothing_is_sent() {
    let server = Scripted::start([Reply::Stall]).await;
    let line = Line::connect(&settings(&server.url)).await.unwrap();
    let answer = line.post(dial::form(&request()).unwrap(), refused()).await;
    assert_eq!(answer, DialAnswer::HeldBack { why: "its turn is over".into() });
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn waiting_for_leave_takes_nothing_from_the_patience_with_the_answer() {
    let server = Scripted::start([json("201 Created", r#"{"sid":"CA0f"}"#)]).await;
    let line = Line::connect(&settings(&server.url)).await.unwrap();
    let longer = line.patience * 2;
    let answer = line.post(dial::form(&request()).unwrap(), given_after(longer)).await;
    assert_eq!(answer, DialAnswer::Placed { call_sid: "CA0f".into() });
}

#[tokio::test]
async fn giving_up_resets_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let dialled = tokio::spawn(async move { dial_at(&url).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(!crate::providers::wire::testing::read_request(&mut stream).await.is_empty());
    assert_unknown(&dialled.await.unwrap());
    let end = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 16]).await;
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

mod over_tls {
    //! The same gate below TLS: what it counts are the records of the request, not those of the handshake.

    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};

    use super::*;

    /// Self-signed for 127.0.0.1, known to these tests only.
    const CERT: &[u8] = include_bytes!("loopback.cert.der");
    const KEY: &[u8] = include_bytes!("loopback.key.der");

    fn trust() -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(CERT)).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
        Arc::new(builder.unwrap().with_root_certificates(roots).with_no_client_auth())
    }

    /// Answers one request with `reply`; gives what it read.
    async fn serve(reply: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
        let identity = (vec![CertificateDer::from(CERT)], PrivateKeyDer::try_from(KEY).unwrap());
        let config = builder.unwrap().with_no_client_auth().with_single_cert(identity.0, identity.1).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return String::new() };
            let request = crate::providers::wire::testing::read_request(&mut stream).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, reply.as_bytes()).await;
            let _ = tokio::io::AsyncWriteExt::shutdown(&mut stream).await;
            request
        });
        (url, server)
    }

    async fn line(url: &str) -> Line {
        let target = Target::read(url).unwrap();
        let opened = open(&target, trust()).await.unwrap();
        Line::new(opened, target, &settings(url)).unwrap()
    }

    async fn post(url: &str, leave: Leave) -> DialAnswer {
        line(url).await.post(dial::form(&request()).unwrap(), leave).await
    }

    #[tokio::test]
    async fn places_a_call() {
        let (url, server) = serve("HTTP/1.1 201 Created\r\nContent-Length: 14\r\n\r\n{\"sid\":\"CA0f\"}").await;
        assert_eq!(post(&url, given_after(Duration::from_millis(20))).await, DialAnswer::Placed { call_sid: "CA0f".into() });
        assert!(server.await.unwrap().starts_with("POST /2010-04-01/"));
    }

    #[tokio::test]
    async fn without_leave_nothing_of_the_request_is_sent() {
        let (url, server) = serve("").await;
        assert_eq!(post(&url, refused()).await, DialAnswer::HeldBack { why: "its turn is over".into() });
        assert_eq!(server.await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_lost_answer_is_unknown() {
        let (url, server) = serve("").await;
        assert_unknown(&post(&url, given()).await);
        assert!(server.await.unwrap().starts_with("POST "));
    }

    #[tokio::test]
    async fn a_stranger_gets_no_connection() {
        let (url, server) = serve("").await;
        assert!(Line::connect(&settings(&url)).await.is_err(), "the certificate is not signed by anybody we know");
        assert_eq!(server.await.unwrap(), "");
    }
}
