//! The speaking stage: text of the loop to the mouth, audio back.
//!
//! After a lost connection everything the old one had not delivered is void: orders are ignored until the loop says that it
//! knows ([`Order::Anew`]), because it orders the missing pieces again itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::call::ledger::{Bookkeeper, Use};
use crate::call::turn::Event;
use crate::mind::ledger::{Purpose, Service};
use crate::mind::price::PriceTable;
use crate::providers::{Mouth, MouthLink, Say, Spoken, Voice};

const CONNECT_WITHIN: Duration = Duration::from_secs(4);
/// New connections of one call after losses.
const RECONNECTS: u32 = 3;

/// An order of the loop.
#[derive(Debug)]
pub(super) enum Order {
    /// For the mouth.
    Say(Say),
    /// Connect anew.
    Reset,
    /// The loop knows about the new connection; what it orders from here on is for that one.
    Anew,
}

/// What the stage works with.
pub(super) struct Speaking {
    pub mouth: Arc<dyn Mouth>,
    pub voice: Voice,
    pub orders: mpsc::Receiver<Order>,
    pub events: mpsc::Sender<Event>,
    pub books: Bookkeeper,
    pub stop: CancellationToken,
}

/// Why one connection ended.
enum Parted {
    Over,
    Lost,
}

/// One reply on its way through the mouth, for the ledger.
struct Tally {
    reply: u32,
    characters: u64,
    /// Of audio.
    bytes: u64,
    began: Instant,
    first: Option<Instant>,
    last: Instant,
    open_flushes: u32,
}

impl Speaking {
    /// Speaks until the call is over or the mouth is gone for good.
    pub async fn run(mut self) {
        for round in 0..=RECONNECTS {
            let Some(link) = self.connect().await else { break };
            if round > 0 && !self.announce().await {
                return;
            }
            if let Parted::Over = self.serve(link).await {
                return;
            }
            tracing::warn!(provider = self.voice.vendor.as_str(), "speaking connection lost");
        }
        if !self.stop.is_cancelled() {
            // The loop may be gone already, and then nobody needs to know.
            let _ = self.events.send(Event::MouthLost).await;
        }
    }

    async fn connect(&mut self) -> Option<MouthLink> {
        for _ in 0..2 {
            let opening = timeout(CONNECT_WITHIN, self.mouth.open(&self.voice, self.stop.child_token()));
            let result = tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                result = opening => result,
            };
            match result {
                Ok(Ok(link)) => return Some(link),
                Ok(Err(error)) => tracing::warn!(provider = self.voice.vendor.as_str(), %error, "cannot speak"),
                Err(_) => tracing::warn!(provider = self.voice.vendor.as_str(), "cannot speak: no connection in time"),
            }
        }
        None
    }

    /// Tells the loop and drops the orders it gave before it knew; `false` when the call is over.
    async fn announce(&mut self) -> bool {
        if self.events.send(Event::MouthReopened).await.is_err() {
            return false;
        }
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return false,
                order = self.orders.recv() => match order {
                    Some(Order::Anew) => return true,
                    Some(_) => {}
                    None => return false,
                },
            }
        }
    }

    async fn serve(&mut self, mut link: MouthLink) -> Parted {
        let mut waiting: VecDeque<Say> = VecDeque::new();
        let mut tally: Option<Tally> = None;
        let parted = loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break Parted::Over,
                spoken = link.spoken.recv() => match spoken {
                    None | Some(Spoken::Closed { .. }) => break Parted::Lost,
                    Some(spoken) => {
                        self.count_spoken(&mut tally, &spoken);
                        if self.events.send(event(spoken)).await.is_err() {
                            break Parted::Over;
                        }
                    }
                },
                permit = link.say.reserve(), if !waiting.is_empty() => match permit {
                    Ok(permit) => if let Some(say) = waiting.pop_front() { permit.send(say) },
                    Err(_) => break Parted::Lost,
                },
                order = self.orders.recv() => match order {
                    Some(Order::Say(say)) => {
                        self.count_order(&mut tally, &say);
                        if say == Say::Clear {
                            waiting.clear();
                        }
                        waiting.push_back(say);
                    }
                    Some(Order::Reset) => break Parted::Lost,
                    Some(Order::Anew) => {}
                    None => break Parted::Over,
                },
            }
        };
        self.close(&mut tally, "cut");
        parted
    }

    fn count_order(&self, tally: &mut Option<Tally>, say: &Say) {
        match say {
            Say::Text { reply, text } => {
                if tally.as_ref().is_some_and(|known| known.reply != *reply) {
                    self.close(tally, "cut");
                }
                let now = Instant::now();
                let known = tally.get_or_insert(Tally {
                    reply: *reply,
                    characters: 0,
                    bytes: 0,
                    began: now,
                    first: None,
                    last: now,
                    open_flushes: 0,
                });
                known.characters += text.trim_end().chars().count() as u64;
            }
            Say::Flush { .. } => tally.iter_mut().for_each(|known| known.open_flushes += 1),
            Say::Clear => self.close(tally, "cut"),
        }
    }

    fn count_spoken(&self, tally: &mut Option<Tally>, spoken: &Spoken) {
        let Some(known) = tally else { return };
        known.last = Instant::now();
        match spoken {
            Spoken::Audio { audio, .. } => {
                known.bytes += audio.len() as u64;
                known.first.get_or_insert(known.last);
            }
            Spoken::Flushed { .. } => known.open_flushes = known.open_flushes.saturating_sub(1),
            Spoken::Closed { .. } => {}
        }
    }

    /// Writes a reply's entry; one whose flushes all came back was complete whatever ended it.
    fn close(&self, tally: &mut Option<Tally>, finish: &'static str) {
        let Some(Tally { characters, bytes, began, first, last, open_flushes, .. }) = tally.take() else { return };
        let model = self.voice.speech_model();
        let ms = |at: Instant| u64::try_from((at - began).as_millis()).unwrap_or(u64::MAX);
        self.books.keep(Use {
            service: Service::Tts,
            purpose: Purpose::Speak,
            provider: self.voice.vendor.as_str(),
            model: model.to_owned(),
            units: PriceTable::in_use().speech_units(model, characters, bytes, self.books.clock.now()),
            first_ms: first.map(ms),
            total_ms: Some(ms(last)),
            finish: if open_flushes == 0 { "complete" } else { finish },
            cache_hit: false,
        });
    }
}

fn event(spoken: Spoken) -> Event {
    match spoken {
        Spoken::Audio { reply, audio } => Event::Audio { reply, audio },
        Spoken::Flushed { reply } => Event::Flushed { reply },
        Spoken::Closed { .. } => Event::MouthLost,
    }
}
