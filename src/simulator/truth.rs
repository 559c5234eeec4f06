//! The ground truth: what really happened on the simulated telephone network, whatever anybody was told about it.
//!
//! One JSON object a line. A checker compares it with what the product believes, so a line reaches the file before anybody
//! can learn of its event; the disk is told to keep it (fsync) a moment later, many lines at once.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Lines kept in memory for whoever asks the running simulator; the file keeps all.
const REMEMBERED: usize = 100_000;

/// What happened to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthKind {
    /// A create request was accepted: this call will ring.
    Created,
    /// The callee's phone rings.
    Ringing,
    /// The callee picked up.
    Answered,
    /// Words were played to the callee to their last sample.
    Played,
    /// The call is over.
    Ended,
    /// A create request was refused; no phone rang.
    Refused,
    /// A callback met a fault on its way.
    Disturbed,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TruthLine {
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// What happened.
    pub event: TruthKind,
    /// The call; null when it was refused.
    pub call_sid: Option<String>,
    /// The callee.
    pub to: String,
    /// The number shown.
    pub from: String,
    /// For `played`: the words really heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// For `ended`: the final status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// For `created`: where the call reports to; it names what the customer placed the call for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<String>,
    /// For `created`: the call that rang this callee, who is a person it is handed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_call_sid: Option<String>,
    /// For `created`, `refused` and `disturbed`: what went wrong on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
    /// For `refused`: the provider's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
}

impl TruthLine {
    /// A line of now, without the fields only some events have.
    pub fn now(event: TruthKind, call_sid: Option<&str>, to: &str, from: &str) -> Self {
        Self {
            at_ms: jiff::Timestamp::now().as_millisecond(),
            event,
            call_sid: call_sid.map(str::to_owned),
            to: to.to_owned(),
            from: from.to_owned(),
            words: None,
            status: None,
            status_callback: None,
            parent_call_sid: None,
            fault: None,
            code: None,
        }
    }
}

/// The log of a running simulator. Clones share it.
#[derive(Debug, Clone)]
pub struct Truth {
    log: Arc<Mutex<Log>>,
    written: Arc<Notify>,
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct Log {
    lines: VecDeque<TruthLine>,
    file: Option<File>,
}

impl Truth {
    /// Opens the log; an existing file is continued. Without a path the lines are only remembered.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        let log = Log { lines: VecDeque::new(), file };
        Ok(Self { log: Arc::new(Mutex::new(log)), written: Arc::new(Notify::new()), changed: Arc::new(Notify::new()) })
    }

    /// The lines of this run, oldest first (the last hundred thousand).
    pub fn lines(&self) -> Vec<TruthLine> {
        self.lock().lines.iter().cloned().collect()
    }

    /// The first line that fits, waiting until there is one.
    pub async fn wait_for(&self, fits: impl Fn(&TruthLine) -> bool) -> TruthLine {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Listening before looking: a line that comes between the two is not missed.
            changed.as_mut().enable();
            if let Some(line) = self.lock().lines.iter().find(|line| fits(line)) {
                return line.clone();
            }
            changed.await;
        }
    }

    pub(super) fn record(&self, line: TruthLine) {
        let mut log = self.lock();
        if let Some(file) = &mut log.file {
            let written = serde_json::to_vec(&line).map_err(io::Error::from).and_then(|mut json| {
                json.push(b'\n');
                file.write_all(&json)
            });
            if let Err(error) = written {
                tracing::error!(%error, "the truth log could not be written");
            }
        }
        if log.lines.len() == REMEMBERED {
            log.lines.pop_front();
        }
        log.lines.push_back(line);
        drop(log);
        self.written.notify_one();
        self.changed.notify_waiters();
    }

    /// Tells the disk to keep what was written, each time something was, until `stop`; then once more.
    pub(super) async fn keep_synced(self, stop: CancellationToken) {
        let Some(file) = self.lock().file.as_ref().and_then(|file| file.try_clone().ok()) else { return };
        let file = Arc::new(file);
        while stop.run_until_cancelled(self.written.notified()).await.is_some() {
            sync(&file).await;
        }
        sync(&file).await;
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sync(file: &Arc<File>) {
    let file = Arc::clone(file);
    match tokio::task::spawn_blocking(move || file.sync_data()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the truth log could not be synced"),
        Err(error) => tracing::error!(%error, "syncing the truth log broke off"),
    }
}
