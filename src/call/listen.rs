//! The listening stage: the callee's audio to the ears, what they hear to the loop.
//!
//! A lost connection is made anew, and the audio since the last finished turn (at most five seconds) is heard again, so the
//! words that were being said are not lost.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::call::ledger::{Bookkeeper, Use};
use crate::call::turn::Event;
use crate::call::turn::playout::BYTES_PER_MS;
use crate::mind::ledger::{Purpose, Service};
use crate::providers::{Ears, EarsLink, EarsOptions, Heard};

/// Audio kept for a new connection: five seconds.
const KEPT: usize = 5_000 * 8;
const CONNECT_WITHIN: Duration = Duration::from_secs(4);
/// New connections of one call after losses.
const RECONNECTS: u32 = 3;

/// What the stage works with.
pub(super) struct Listening {
    pub ears: Arc<dyn Ears>,
    pub options: EarsOptions,
    pub vendor: &'static str,
    pub frames: mpsc::Receiver<Bytes>,
    pub events: mpsc::Sender<Event>,
    pub books: Bookkeeper,
    pub stop: CancellationToken,
}

/// Recent audio, the sent part first.
#[derive(Default)]
struct Recent {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Frames from the front that were sent on the running connection.
    sent: usize,
}

impl Recent {
    fn keep(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
        while self.bytes > KEPT {
            let Some(old) = self.frames.pop_front() else { break };
            self.bytes -= old.len();
            self.sent = self.sent.saturating_sub(1);
        }
    }

    fn next(&self) -> Option<&Bytes> {
        self.frames.get(self.sent)
    }

    /// A turn is finished: what was sent needs no second hearing.
    fn forget_sent(&mut self) {
        self.bytes -= self.frames.drain(..self.sent).map(|frame| frame.len()).sum::<usize>();
        self.sent = 0;
    }
}

/// What the ledger says of a call's listening.
#[derive(Default)]
struct Tally {
    bytes: u64,
    /// The first connection stood.
    opened: Option<Instant>,
}

/// Why one connection ended.
enum Parted {
    /// The call is over.
    Over,
    /// The connection is lost.
    Lost,
}

impl Listening {
    /// Listens until the call is over or the ears are gone for good.
    pub async fn run(mut self) {
        let (mut recent, mut tally) = (Recent::default(), Tally::default());
        let lost = self.listen(&mut recent, &mut tally).await;
        let open = tally.opened.map(|opened| opened.elapsed());
        self.books.keep(Use {
            service: Service::Stt,
            purpose: Purpose::Listen,
            provider: self.vendor,
            model: self.options.model.clone(),
            units: tally.bytes / BYTES_PER_MS,
            first_ms: None,
            total_ms: open.map(|open| u64::try_from(open.as_millis()).unwrap_or(u64::MAX)),
            finish: if lost { "failed" } else { "stop" },
            cache_hit: false,
        });
        if lost {
            // The loop may be gone already, and then nobody needs to know.
            let _ = self.events.send(Event::EarsLost).await;
        }
    }

    async fn listen(&mut self, recent: &mut Recent, tally: &mut Tally) -> bool {
        for _ in 0..=RECONNECTS {
            let Some(link) = self.connect(recent).await else { return !self.stop.is_cancelled() };
            tally.opened.get_or_insert_with(Instant::now);
            match self.serve(link, recent, tally).await {
                Parted::Over => return false,
                Parted::Lost => recent.sent = 0,
            }
            tracing::warn!(provider = self.vendor, "listening connection lost");
        }
        true
    }

    /// Connects with one second try; audio that comes meanwhile is kept.
    async fn connect(&mut self, recent: &mut Recent) -> Option<EarsLink> {
        for _ in 0..2 {
            let connecting = timeout(CONNECT_WITHIN, self.ears.listen(&self.options, self.stop.child_token()));
            tokio::pin!(connecting);
            let result = loop {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return None,
                    result = &mut connecting => break result,
                    frame = self.frames.recv() => recent.keep(frame?),
                }
            };
            match result {
                Ok(Ok(link)) => return Some(link),
                Ok(Err(error)) => tracing::warn!(provider = self.vendor, %error, "cannot listen"),
                Err(_) => tracing::warn!(provider = self.vendor, "cannot listen: no connection in time"),
            }
        }
        None
    }

    async fn serve(&mut self, mut link: EarsLink, recent: &mut Recent, tally: &mut Tally) -> Parted {
        loop {
            let waiting = recent.next().is_some();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Parted::Over,
                heard = link.heard.recv() => match heard {
                    None | Some(Heard::Closed { .. }) => return Parted::Lost,
                    Some(heard) => {
                        if matches!(heard, Heard::EndOfTurn { .. }) {
                            recent.forget_sent();
                        }
                        if self.events.send(Event::Heard(heard)).await.is_err() {
                            return Parted::Over;
                        }
                    }
                },
                permit = link.audio.reserve(), if waiting => match permit {
                    Ok(permit) => {
                        let Some(frame) = recent.next() else { continue };
                        tally.bytes += frame.len() as u64;
                        permit.send(frame.clone());
                        recent.sent += 1;
                    }
                    Err(_) => return Parted::Lost,
                },
                frame = self.frames.recv() => match frame {
                    Some(frame) => recent.keep(frame),
                    None => return Parted::Over,
                },
            }
        }
    }
}
