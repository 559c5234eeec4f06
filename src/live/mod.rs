//! What is happening now, for whoever looks on: told by every process, heard by those that serve the API.
//!
//! Nobody waits for a listener. A full channel drops events and counts them, a slow listener is told what it missed, and
//! whoever needs certainty reads the rows.

mod event;
mod wire;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use event::{Kind, LiveEvent, Whose};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
pub use wire::WireSettings;

use crate::telemetry::names;

/// Events a listener may fall behind before it misses some.
const BEHIND: usize = 1024;
/// Events kept for listeners that come back.
const KEPT: usize = 4096;
/// Events that may wait for the wire.
const OUT: usize = 1024;

/// What a listener gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something happened.
    Event(Arc<LiveEvent>),
    /// Events were missed here; how many, where that is known.
    Gap(Option<u64>),
}

/// The channel of this process. Clones share it.
#[derive(Debug, Clone)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    heard: broadcast::Sender<Heard>,
    kept: Mutex<VecDeque<Arc<LiveEvent>>>,
    /// `None` within one process: there an event is heard as it is told.
    wire: Option<Wire>,
    over: CancellationToken,
}

/// The way to the other processes.
#[derive(Debug)]
struct Wire {
    out: mpsc::Sender<LiveEvent>,
    settings: WireSettings,
    tasks: TaskTracker,
    listens: AtomicBool,
}

impl Live {
    fn new(wire: Option<Wire>, over: CancellationToken) -> Self {
        let kept = Mutex::new(VecDeque::new());
        Self(Arc::new(Inner { heard: broadcast::channel(BEHIND).0, kept, wire, over }))
    }

    /// Within this process.
    #[must_use]
    pub fn within() -> Self {
        Self::new(None, CancellationToken::new())
    }

    /// Across processes. Its tasks run on `tasks` until [`Live::end`].
    #[must_use]
    pub fn across(settings: WireSettings, tasks: TaskTracker) -> Self {
        let ((out, waiting), over) = (mpsc::channel(OUT), CancellationToken::new());
        tasks.spawn(wire::publish(settings.clone(), waiting, over.clone()));
        Self::new(Some(Wire { out, settings, tasks, listens: AtomicBool::new(false) }), over)
    }

    /// From now on this process hears what all tell, and keeps it for listeners that come back.
    pub fn begin_to_listen(&self) {
        let Some(wire) = &self.0.wire else { return };
        if !wire.listens.swap(true, Ordering::SeqCst) {
            wire.tasks.spawn(wire::subscribe(wire.settings.clone(), self.clone(), self.0.over.clone()));
        }
    }

    /// Tells an event; never waits.
    pub fn tell(&self, event: LiveEvent) {
        match &self.0.wire {
            None => self.hear(event),
            Some(wire) => {
                if wire.out.try_send(event).is_err() {
                    metrics::counter!(names::LIVE_DROPPED).increment(1);
                }
            }
        }
    }

    fn hear(&self, event: LiveEvent) {
        let event = Arc::new(event);
        let mut kept = self.kept();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::clone(&event));
        // under the same lock as a listener begins: it gets every event either as kept or as heard, and none twice
        let _ = self.0.heard.send(Heard::Event(event)); // nobody may listen
    }

    fn hear_gap(&self) {
        self.kept().clear();
        let _ = self.0.heard.send(Heard::Gap(None)); // nobody may listen
    }

    /// Begins to listen, after the event `last` where it is still kept.
    #[must_use]
    pub fn listen(&self, last: Option<Uuid>) -> Listener {
        self.begin_to_listen();
        let kept = self.kept();
        let heard = self.0.heard.subscribe();
        let mut ahead = VecDeque::new();
        if let Some(last) = last {
            match kept.iter().position(|event| event.id == last) {
                Some(at) => ahead.extend(kept.iter().skip(at + 1).cloned().map(Heard::Event)),
                None => ahead.push_back(Heard::Gap(None)),
            }
        }
        Listener { ahead, heard, over: self.0.over.clone() }
    }

    /// Ends every listener and the tasks of the wire.
    pub fn end(&self) {
        self.0.over.cancel();
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<LiveEvent>>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who listens.
#[derive(Debug)]
pub struct Listener {
    ahead: VecDeque<Heard>,
    heard: broadcast::Receiver<Heard>,
    over: CancellationToken,
}

impl Listener {
    /// What comes next; `None` when the process ends.
    pub async fn next(&mut self) -> Option<Heard> {
        if let Some(ahead) = self.ahead.pop_front() {
            return Some(ahead);
        }
        tokio::select! {
            biased;
            () = self.over.cancelled() => None,
            heard = self.heard.recv() => match heard {
                Ok(heard) => Some(heard),
                Err(broadcast::error::RecvError::Lagged(missed)) => Some(Heard::Gap(Some(missed))),
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CampaignId;
    use crate::domain::time::Timestamp;

    fn event(n: i64) -> LiveEvent {
        LiveEvent::campaign(CampaignId(Uuid::nil()), "running", Timestamp::from_millis(n))
    }

    fn at(heard: Option<Heard>) -> i64 {
        let Some(Heard::Event(event)) = heard else { panic!("{heard:?}") };
        event.at.as_millis()
    }

    #[tokio::test]
    async fn a_listener_that_comes_back_goes_on_where_it_was() {
        let live = Live::within();
        let mut first = live.listen(None);
        (1..=3).for_each(|n| live.tell(event(n)));
        let Some(Heard::Event(one)) = first.next().await else { panic!("nothing heard") };
        let mut back = live.listen(Some(one.id));
        live.tell(event(4));
        for n in 2..=4 {
            assert_eq!(at(back.next().await), n);
        }
        assert_eq!(live.listen(Some(Uuid::now_v7())).next().await, Some(Heard::Gap(None)), "nobody knows that event any more");
        live.end();
        assert_eq!(back.next().await, None);
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_what_it_missed_and_holds_nobody_up() {
        let live = Live::within();
        let mut slow = live.listen(None);
        let told = i64::try_from(BEHIND).unwrap() + 10;
        (0..told).for_each(|n| live.tell(event(n)));
        assert_eq!(slow.next().await, Some(Heard::Gap(Some(10))));
        assert_eq!(at(slow.next().await), 10);
    }
}
