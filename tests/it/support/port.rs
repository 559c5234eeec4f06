//! A loopback port that settings can name before anybody listens on it.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// Keeps its port from everybody who lets the system choose one, until it is dropped. Whoever names it can listen on it, as
/// often as it likes: Linux lets sockets share an address while all of them allow it and none of the others listens
/// (`SO_REUSEADDR`, socket(7)), and what servers listen on allows it.
pub struct Port {
    address: SocketAddr,
    _held: TcpSocket,
}

impl Port {
    /// One that is free.
    pub fn take() -> Self {
        let held = TcpSocket::new_v4().unwrap();
        held.set_reuseaddr(true).unwrap();
        held.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Self { address: held.local_addr().unwrap(), _held: held }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn number(&self) -> u16 {
        self.address.port()
    }
}

#[tokio::test]
async fn a_port_taken_is_given_to_nobody_else_and_can_be_listened_on_again_and_again() {
    let port = Port::take();
    for _ in 0..2 {
        let listener = tokio::net::TcpListener::bind(port.address()).await.unwrap();
        let caller = tokio::net::TcpStream::connect(port.address()).await.unwrap();
        let (mut answered, _) = listener.accept().await.unwrap();
        drop(listener);
        // the server's side closes first, so that its address lingers as after a kill
        tokio::io::AsyncWriteExt::shutdown(&mut answered).await.unwrap();
        drop((answered, caller));
    }
    let others: Vec<_> = (0..500).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    assert!(others.iter().all(|other| other.local_addr().unwrap() != port.address()));
}
