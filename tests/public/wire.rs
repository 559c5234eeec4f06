//! HTTP/1.1 by hand, so that a request can be as wrong as a stranger makes it.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// One kept-alive connection; opened again when the server closed it.
pub struct Wire {
    addr: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub fn to(addr: SocketAddr) -> Self {
        Self { addr, stream: None }
    }

    /// The status of the answer; 0 when the server cut the connection instead of answering.
    pub async fn post(&mut self, path: &str, headers: &[(String, String)], body: &[u8]) -> u16 {
        let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = if headers.iter().any(|(name, _)| name == "Host") { "" } else { "Host: calls.example\r\n" };
        let length = body.len();
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.ask(format!("POST {path} HTTP/1.1\r\n{host}{form}Content-Length: {length}\r\n{head}\r\n").as_bytes(), body).await
    }

    /// Sends what is given, as it is.
    pub async fn ask(&mut self, head: &[u8], body: &[u8]) -> u16 {
        let kept = self.stream.is_some();
        match self.exchange(head, body).await {
            Ok(status) => status,
            Err(_) => {
                self.stream = None;
                // a kept connection may have been closed for its age before this request
                if kept { self.exchange(head, body).await.unwrap_or(0) } else { 0 }
            }
        }
    }

    async fn exchange(&mut self, head: &[u8], body: &[u8]) -> io::Result<u16> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.addr).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut().expect("just opened");
        // an early refusal may close before all of the body is out: the answer counts
        let request = [head, body].concat();
        let written = stream.write_all(&request).await;
        let (status, keeps) = answer(stream).await?;
        if !keeps || written.is_err() {
            self.stream = None;
        }
        Ok(status)
    }
}

async fn answer(stream: &mut BufReader<TcpStream>) -> io::Result<(u16, bool)> {
    let (mut line, mut length, mut keeps) = (String::new(), 0, true);
    if stream.read_line(&mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?,
            "connection" => keeps = value.trim() != "close",
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((status, keeps))
}
