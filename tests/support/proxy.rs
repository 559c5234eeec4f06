//! One public address in front of a fleet, as its operator's load balancer would be.
//!
//! Media sockets go to the workers in turn, callbacks to everybody in turn; a process that does not take the connection is
//! passed over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Who serves what.
#[derive(Debug, Clone, Default)]
pub struct Backends {
    pub media: Vec<SocketAddr>,
    pub callbacks: Vec<SocketAddr>,
}

/// The balancer; dropping it closes every connection.
pub struct Proxy {
    addr: SocketAddr,
    backends: watch::Sender<Backends>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (backends, known) = watch::channel(Backends::default());
        Self { addr, backends, accepting: tokio::spawn(accept(listener, known)) }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn serve(&self, backends: Backends) {
        self.backends.send_replace(backends);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Owns the connections: they end with it.
async fn accept(listener: TcpListener, known: watch::Receiver<Backends>) {
    let (turn, mut open) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => _ = open.spawn(carry(client, known.clone(), Arc::clone(&turn))),
                Err(_) => return,
            },
            Some(_) = open.join_next() => {}
        }
    }
}

/// The first bytes say what is asked for; the rest of the connection goes the same way.
async fn carry(mut client: TcpStream, known: watch::Receiver<Backends>, turn: Arc<AtomicUsize>) {
    let mut first = [0; 4096];
    let Ok(read) = client.read(&mut first).await else { return };
    let backends = known.borrow().clone();
    let fit = if first[..read].starts_with(b"GET /media") { backends.media } else { backends.callbacks };
    let begin = turn.fetch_add(1, Ordering::Relaxed);
    for next in 0..fit.len() {
        let Ok(mut server) = TcpStream::connect(fit[(begin + next) % fit.len()]).await else { continue };
        if server.write_all(&first[..read]).await.is_ok() {
            // either side may break off: that is what the test is about
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
        return;
    }
}
