//! Histograms out of a role's `/metrics`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Counts by upper bound in seconds, bounds in micros so that they sort.
#[derive(Debug, Clone, Default)]
pub struct Histogram(BTreeMap<u64, u64>);

/// The page of one process.
pub async fn scrape(probe: SocketAddr) -> String {
    let mut stream = TcpStream::connect(probe).await.unwrap();
    let ask = format!("GET /metrics HTTP/1.1\r\nHost: {probe}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    page
}

impl Histogram {
    /// Adds the buckets of a metric; they are cumulative on the page and here.
    pub fn add(&mut self, page: &str, metric: &str) {
        let begin = format!("{metric}_bucket{{le=\"");
        for line in page.lines().filter_map(|line| line.strip_prefix(&begin)) {
            let Some((bound, count)) = line.split_once("\"} ") else { continue };
            let bound = bound.parse::<f64>().ok().filter(|bound| bound.is_finite()).map_or(u64::MAX, |seconds| (seconds * 1e6) as u64);
            *self.0.entry(bound).or_default() += count.trim().parse::<u64>().unwrap_or(0);
        }
    }

    /// Milliseconds below which this share lies, evenly spread within its bucket.
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        let total = *self.0.values().last()?;
        let wanted = share * total as f64;
        let (mut low, mut below) = (0, 0);
        for (&bound, &count) in &self.0 {
            if count as f64 >= wanted && count > 0 {
                let (bound, step) = (if bound == u64::MAX { low } else { bound }, (count - below).max(1));
                return Some((low as f64 + (bound - low) as f64 * (wanted - below as f64) / step as f64) / 1000.0);
            }
            (low, below) = (bound, count);
        }
        None
    }
}
