//! A network that misbehaves on purpose: a TCP proxy with a fault for each connection and a black hole for all of them.
//!
//! The fault is chosen when the first bytes of a connection are there, so that a choice can depend on what is asked. Bytes
//! that a black hole holds are delivered when it heals, unless their sender has left meanwhile, as a retransmission would be.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

pub use self::fault::Fault;
use self::fault::Shape;

/// How much of a request is read before its fault is chosen.
const LOOK_AT: usize = 2048;
/// A request whose sender pauses this long is looked at as it is.
const LOOK_FOR: Duration = Duration::from_millis(20);

type Choose = Arc<dyn Fn(&[u8]) -> Fault + Send + Sync>;

/// A proxy; dropping it closes every connection.
pub struct ChaosProxy {
    addr: SocketAddr,
    hole: watch::Sender<bool>,
    healing: watch::Sender<u64>,
    stranding: watch::Sender<u64>,
    struck: Arc<AtomicU64>,
    trusted: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl ChaosProxy {
    /// Listens on a free port of loopback. `choose` sees the first bytes of each connection.
    pub async fn start(upstream: SocketAddr, choose: impl Fn(&[u8]) -> Fault + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let ((hole, in_hole), (healing, heals), (stranding, strands)) = (watch::channel(false), watch::channel(0), watch::channel(0));
        let (struck, trusted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counts = (Arc::clone(&struck), Arc::clone(&trusted));
        let line = Line { upstream, choose: Arc::new(choose), in_hole, heals, strands, struck: counts.0, trusted: counts.1 };
        Ok(Self { addr, hole, healing, stranding, struck, trusted, accepting: tokio::spawn(accept(listener, line)) })
    }

    /// Where to connect instead of the real server.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Begins or ends a black hole: connections stay, new ones are made, nothing arrives.
    pub fn black_hole(&self, on: bool) {
        self.hole.send_replace(on);
    }

    /// The host at the other end of every open connection vanishes without a word, as in a failover behind one address: they
    /// stay open on both sides and nothing passes any more, not even a goodbye. New connections are as good as before.
    pub fn strand(&self) {
        self.stranding.send_modify(|times| *times += 1);
    }

    /// Ends every connection that met a fault.
    pub fn heal(&self) {
        self.healing.send_modify(|times| *times += 1);
    }

    /// Connections that met a fault.
    pub fn struck(&self) -> u64 {
        self.struck.load(Ordering::Relaxed)
    }

    /// Connections whose client was content with the expired certificate.
    pub fn trusted(&self) -> u64 {
        self.trusted.load(Ordering::Relaxed)
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[derive(Clone)]
struct Line {
    upstream: SocketAddr,
    choose: Choose,
    in_hole: watch::Receiver<bool>,
    heals: watch::Receiver<u64>,
    strands: watch::Receiver<u64>,
    struck: Arc<AtomicU64>,
    trusted: Arc<AtomicU64>,
}

/// Owns the connections: they end with it.
async fn accept(listener: TcpListener, line: Line) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                // either side may break off: that is what the proxy is for
                Ok((client, _)) => _ = open.spawn(drop_result(line.clone().carry(client))),
                Err(_) => sleep(Duration::from_millis(10)).await,
            },
            Some(_) = open.join_next() => {}
        }
    }
}

async fn drop_result(carried: impl Future<Output = io::Result<()>>) {
    let _ = carried.await;
}

impl Line {
    async fn carry(mut self, mut client: TcpStream) -> io::Result<()> {
        self.strands.mark_unchanged();
        client.set_nodelay(true)?;
        let first = look(&mut client).await?;
        let fault = (self.choose)(&first);
        if fault == Fault::None {
            return self.pass(client, &first, fault).await;
        }
        self.struck.fetch_add(1, Ordering::Relaxed);
        let mut heals = self.heals.clone();
        heals.mark_unchanged();
        tokio::select! {
            passed = self.pass(client, &first, fault) => passed,
            Ok(()) = heals.changed() => Ok(()),
        }
    }

    async fn pass(mut self, mut client: TcpStream, first: &[u8], fault: Fault) -> io::Result<()> {
        let was_swallowed = self.healed().await;
        // a request that is held outlives its sender; what a black hole swallowed is only sent again by somebody who is still there,
        // whatever else befalls it then
        let outlives = matches!(fault, Fault::HoldRequest { .. }) && !was_swallowed;
        if !outlives && client.take_error()?.is_some() {
            return Ok(());
        }
        if let Fault::HoldRequest { ms } = fault {
            sleep(Duration::from_millis(ms)).await;
        }
        match fault {
            Fault::Refuse => client.set_zero_linger(),
            Fault::LoseRequest => until_left(&mut client).await,
            Fault::Resend { after_ms } => self.resend(client, first, Duration::from_millis(after_ms)).await,
            Fault::Answer { bytes } => answer::in_place(client, first, bytes).await,
            Fault::AnswerAfter { bytes } => answer::afterwards(client, self.connect().await?, first, bytes).await,
            Fault::ExpiredTls => {
                answer::expired_tls(client, first).await?;
                self.trusted.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            _ => self.forward(client, first, fault).await,
        }
    }

    async fn forward(self, client: TcpStream, first: &[u8], fault: Fault) -> io::Result<()> {
        let mut server = self.connect().await?;
        lag(fault).await;
        server.write_all(first).await?;
        let ((client_in, client_out), (server_in, server_out)) = (client.into_split(), server.into_split());
        let up = self.pump(client_in, server_out, Shape::of_request(fault));
        let down = self.pump(server_in, client_out, Shape::of_answer(fault));
        match fault {
            // the answer may take as long as it likes, the sender's leaving does not take its request back
            Fault::HoldRequest { .. } => tokio::join!(up, down).1,
            _ => tokio::select! { up = both(up) => up, down = down => down },
        }
    }

    /// Carries bytes until either side ends, or for ever nothing once the connection is stranded.
    async fn pump(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shape: Shape) -> io::Result<()> {
        let mut strands = self.strands.clone();
        let end = tokio::select! {
            end = pump(&mut from, &mut to, self.in_hole.clone(), shape) => end?,
            Ok(()) = strands.changed() => std::future::pending().await,
        };
        if end == End::Reset {
            to.as_ref().set_zero_linger()?;
            // dropping it would say goodbye first
            to.forget();
        }
        Ok(())
    }

    async fn resend(self, mut client: TcpStream, request: &[u8], after: Duration) -> io::Result<()> {
        loop {
            let mut server = self.connect().await?;
            server.write_all(request).await?;
            let mut answer = vec![0; 64 * 1024];
            if let Ok(Ok(read @ 1..)) = timeout(after, server.read(&mut answer)).await {
                return client.write_all(&answer[..read]).await;
            }
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let server = TcpStream::connect(self.upstream).await?;
        server.set_nodelay(true)?;
        Ok(server)
    }

    /// Waits for the end of a black hole, and says whether there is one.
    async fn healed(&mut self) -> bool {
        let is_hole = *self.in_hole.borrow();
        healed(&mut self.in_hole).await;
        is_hole
    }
}

async fn healed(in_hole: &mut watch::Receiver<bool>) {
    // the sender goes away only with the whole proxy
    let _ = in_hole.wait_for(|hole| !hole).await;
}

/// The request's side ending is no reason to stop listening to the answer.
async fn both(up: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    up.await?;
    std::future::pending().await
}

/// The first bytes: a whole head and some of the body of an HTTP request, or what came at once.
async fn look(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut first = vec![0; LOOK_AT];
    let mut len = client.read(&mut first).await?;
    while first.starts_with(b"POST ") && len < LOOK_AT {
        match timeout(LOOK_FOR, client.read(&mut first[len..])).await {
            Ok(Ok(more @ 1..)) => len += more,
            Ok(_) | Err(_) => break,
        }
    }
    first.truncate(len);
    Ok(first)
}

async fn until_left(client: &mut TcpStream) -> io::Result<()> {
    let mut lost = [0; 4096];
    while client.read(&mut lost).await? > 0 {}
    Ok(())
}

async fn lag(fault: Fault) {
    if let Fault::Latency { ms, jitter_ms } = fault {
        sleep(Duration::from_millis(ms + rand::random_range(0..=jitter_ms))).await;
    }
}

/// How one direction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Over,
    Reset,
}

async fn pump(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, mut in_hole: watch::Receiver<bool>, mut shape: Shape) -> io::Result<End> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let piece = shape.piece();
        let read = from.read(&mut bytes[..piece.max(1)]).await;
        healed(&mut in_hole).await;
        let read = read?;
        if read > 0 && from.as_ref().take_error()?.is_some() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        match shape.fault {
            Fault::DropResponse if read > 0 => continue,
            Fault::DropResponse => return std::future::pending().await,
            Fault::ResetResponse => return Ok(End::Reset),
            Fault::ResetAfter { .. } if piece == 0 => return Ok(End::Reset),
            Fault::CutAfter { .. } if piece == 0 => return to.shutdown().await.map(|()| End::Over),
            Fault::Slow { bytes_per_s } => sleep(Duration::from_millis(1000 / bytes_per_s.max(1))).await,
            fault => lag(fault).await,
        }
        if read == 0 {
            return to.shutdown().await.map(|()| End::Over);
        }
        match shape.fault {
            Fault::Insert { bytes: more } => shape.fault = answer::insert(&bytes[..read], more, to).await?,
            _ => to.write_all(&bytes[..read]).await?,
        }
        shape.left = shape.left.saturating_sub(read);
    }
}

#[path = "chaos_answer.rs"]
mod answer;
#[path = "chaos_fault.rs"]
mod fault;
#[cfg(test)]
#[path = "chaos_tests.rs"]
mod tests;
