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

/// Who serves what.
#[derive(Debug, Clone, Default)]
pub struct Backends {
    pub media: Vec<SocketAddr>,
    pub callbacks: Vec<SocketAddr>,
}

/// The balancer; its tasks end with the test's runtime.
pub struct Proxy {
    addr: SocketAddr,
    backends: watch::Sender<Backends>,
}

impl Proxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (backends, known) = watch::channel(Backends::default());
        tokio::spawn(async move {
            let turn = Arc::new(AtomicUsize::new(0));
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, known.clone(), Arc::clone(&turn)));
            }
        });
        Self { addr, backends }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub fn serve(&self, backends: Backends) {
        self.backends.send_replace(backends);
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
