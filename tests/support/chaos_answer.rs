//! Answers that do not come from the server: a load balancer's, a stranger's at its address, a TLS server's that nobody trusts.

use std::io::{self, Cursor};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Fault, until_left};

/// For 127.0.0.1 and localhost, of January 2020, by itself.
const CERT: &[u8] = include_bytes!("../fixtures/tls/expired.cert.der");
const KEY: &[u8] = include_bytes!("../fixtures/tls/expired.key.der");
/// PostgreSQL's clients ask for TLS before they say a word.
const ASKS_FOR_TLS: &[u8] = &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Answers without a server.
pub async fn in_place(mut client: TcpStream, first: &[u8], answer: &[u8]) -> io::Result<()> {
    if first == ASKS_FOR_TLS {
        client.write_all(b"N").await?;
        let _startup = client.read(&mut [0; 4096]).await?;
    }
    give(client, answer).await
}

/// Answers once the server has begun to.
pub async fn afterwards(mut client: TcpStream, mut server: TcpStream, first: &[u8], answer: &[u8]) -> io::Result<()> {
    server.write_all(first).await?;
    let ((mut client_in, _), (mut server_in, mut server_out)) = (client.split(), server.split());
    let begins = async { server_in.read(&mut [0; 1]).await.map(drop) };
    tokio::pin!(begins);
    tokio::select! {
        // the rest of a long request
        all = tokio::io::copy(&mut client_in, &mut server_out) => { all?; begins.await?; }
        begun = &mut begins => begun?,
    }
    give(client, answer).await
}

/// Unread bytes would turn the end into a reset.
async fn give(mut client: TcpStream, answer: &[u8]) -> io::Result<()> {
    client.write_all(answer).await?;
    client.shutdown().await?;
    until_left(&mut client).await
}

/// Passes a piece of an answer on, with `more` right behind its head; what is to be done with the pieces that follow.
pub async fn insert(piece: &[u8], more: &'static [u8], to: &mut OwnedWriteHalf) -> io::Result<Fault> {
    let Some(head) = piece.windows(4).position(|end| end == b"\r\n\r\n") else {
        to.write_all(piece).await?;
        return Ok(Fault::Insert { bytes: more });
    };
    to.write_all(&[&piece[..head + 4], more, &piece[head + 4..]].concat()).await?;
    Ok(Fault::None)
}

/// Shakes hands; an error when the client refuses, as it should.
pub async fn expired_tls(mut client: TcpStream, first: &[u8]) -> io::Result<()> {
    let mut said = first;
    if first == ASKS_FOR_TLS {
        client.write_all(b"S").await?;
        said = &[];
    }
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let key = PrivateKeyDer::try_from(KEY).map_err(io::Error::other)?;
    let config = builder.and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![CertificateDer::from(CERT)], key));
    let (from, to) = client.into_split();
    let stream = tokio::io::join(Cursor::new(said.to_vec()).chain(from), to);
    let mut secured = TlsAcceptor::from(Arc::new(config.map_err(io::Error::other)?)).accept(stream).await?;
    // a refusal may come behind the server's last word
    match secured.read(&mut [0; 1]).await? {
        0 => Err(io::ErrorKind::ConnectionAborted.into()),
        _ => Ok(()),
    }
}
