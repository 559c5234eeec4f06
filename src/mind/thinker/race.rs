//! The first words of a reply: one request, and at most one more when the first fails or is late.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::meter::Meter;
use crate::domain::ids::LedgerId;
use crate::providers::{Again, ChatPiece, ChatRequest, Mind, ProviderError};

/// A request that may win.
pub(super) struct Contender {
    meter: Meter,
    request: ChatRequest,
    stop: CancellationToken,
    guard: DropGuard,
}

/// A stream that has begun to speak.
pub(super) struct Opened {
    pub(super) meter: Meter,
    pub(super) pieces: mpsc::Receiver<ChatPiece>,
    pub(super) first: String,
    /// Closes the connection when the stream is let go.
    pub(super) guard: DropGuard,
}

impl Contender {
    pub(super) fn new(meter: Meter, request: ChatRequest, stop: CancellationToken) -> Self {
        let guard = stop.clone().drop_guard();
        Self { meter, request, stop, guard }
    }

    pub(super) fn id(&self) -> LedgerId {
        self.meter.entry.id
    }

    /// Waits for the first words.
    async fn open(self, mind: &dyn Mind) -> Result<Opened, ProviderError> {
        let Self { meter, request, stop, guard } = self;
        let mut pieces = match mind.stream(&request, stop).await {
            Ok(pieces) => pieces,
            Err(error) => {
                meter.refused();
                return Err(error);
            }
        };
        loop {
            match pieces.recv().await {
                Some(ChatPiece::Text(text)) if text.is_empty() => {}
                Some(ChatPiece::Text(first)) => return Ok(Opened { meter, pieces, first, guard }),
                Some(ChatPiece::Done { finish, usage }) => {
                    meter.done(&finish, usage);
                    return Err(silent("the answer has no words"));
                }
                Some(ChatPiece::Failed(error)) => {
                    meter.done("failed", None);
                    return Err(error);
                }
                None => {
                    meter.done("failed", None);
                    return Err(silent("the stream broke off before the first word"));
                }
            }
        }
    }
}

fn silent(what: &str) -> ProviderError {
    ProviderError { provider: "mind", what: what.to_owned(), status: None, again: Again::Yes }
}

/// Runs `first`; when it fails, or says nothing for `late`, also what `second` offers. The first to speak wins, the other
/// is let go. `None` when nobody speaks.
pub(super) async fn run(
    mind: &Arc<dyn Mind>,
    first: Contender,
    second: impl FnOnce(Option<&ProviderError>) -> Option<Contender>,
    late: Duration,
) -> Option<Opened> {
    let mut running = FuturesUnordered::new();
    running.push(first.open(mind.as_ref()));
    let mut second = Some(second);
    let hedge = sleep(late);
    tokio::pin!(hedge);
    loop {
        let offer = tokio::select! {
            biased;
            result = running.next() => match result {
                Some(Ok(opened)) => return Some(opened),
                Some(Err(error)) => second.take().and_then(|offer| offer(Some(&error))),
                None => return None,
            },
            () = &mut hedge, if second.is_some() => second.take().and_then(|offer| offer(None)),
        };
        if let Some(contender) = offer {
            running.push(contender.open(mind.as_ref()));
        }
    }
}
