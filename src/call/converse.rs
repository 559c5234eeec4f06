//! The one loop of a call: everything that happens becomes an event, every action is carried out in `act`.
//!
//! The loop never waits for a stage: what cannot be handed over at once is queued, counted or dropped by a rule written
//! here or there. Stages may wait for the loop, so nothing can wait in a circle.

mod act;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::call::journal::{CallSignal, EventKind, Journal};
use crate::call::outbox::Outbox;
use crate::call::phone::{FromPhone, PhoneLink};
use crate::call::report::Reporter;
use crate::call::speak::Order;
use crate::call::turn::{Action, Conversation, Event};
use crate::mind::thinker::Thinker;

/// A stream that was alive and sends nothing for this long is lost.
const PHONE_QUIET: Duration = Duration::from_secs(20);

/// The loop and everything it holds.
pub(super) struct Converse {
    pub core: Conversation,
    pub reporter: Reporter,
    pub phone: PhoneLink,
    pub thinker: Arc<Thinker>,
    pub journal: Arc<dyn Journal>,
    /// Audio for the listening stage.
    pub frames: mpsc::Sender<Bytes>,
    /// Orders for the speaking stage.
    pub orders: mpsc::Sender<Order>,
    pub events: mpsc::Receiver<Event>,
    /// Given to thinking tasks.
    pub events_in: mpsc::Sender<Event>,
    pub tasks: JoinSet<()>,
    pub stop_tasks: CancellationToken,
    pub state: LoopState,
}

/// What the loop itself has to remember.
pub(super) struct LoopState {
    began: Instant,
    seq: u32,
    actions: Vec<Action>,
    outbox: Outbox,
    thinking: Vec<(u32, CancellationToken)>,
    last_frame: Option<Instant>,
    /// Analyses that were started and have not answered.
    analysing: JoinSet<()>,
    /// The stream is over: ended by the provider, or lost.
    pub phone_stopped: bool,
    /// The provider itself said that the stream is over.
    pub provider_ended: bool,
    /// The stream takes nothing any more.
    phone_lost: bool,
    first_audio: bool,
    frames_dropped: u64,
}

impl LoopState {
    /// The stream starts now.
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            seq: 0,
            actions: Vec::with_capacity(8),
            outbox: Outbox::default(),
            thinking: Vec::new(),
            last_frame: None,
            analysing: JoinSet::new(),
            phone_stopped: false,
            provider_ended: false,
            phone_lost: false,
            first_audio: false,
            frames_dropped: 0,
        }
    }
}

/// What woke the loop.
enum Woken {
    Event(Event),
    Frame(Bytes),
    Nothing,
}

impl Converse {
    /// Runs until the conversation is over. Returns with the stream still open unless the provider ended it.
    pub async fn run(&mut self, signals: &mut mpsc::Receiver<CallSignal>, stop: &CancellationToken) {
        self.step(Event::Started);
        let (mut stopping, mut listening_to_signals) = (false, true);
        while self.core.ending().is_none() {
            let wake_at = self.wake_at();
            let woken = tokio::select! {
                biased;
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    Woken::Event(Event::Stop)
                }
                heard = self.phone.from.recv() => {
                    self.state.provider_ended |= heard == Some(FromPhone::Stopped);
                    from_phone(heard)
                }
                Some(event) = self.events.recv() => Woken::Event(event),
                room = self.phone.to.reserve(), if self.state.outbox.is_waiting() => match room {
                    Ok(room) => {
                        if let Some(item) = self.state.outbox.pop() {
                            room.send(item);
                        }
                        Woken::Nothing
                    }
                    Err(_) => Woken::Event(Event::PhoneStopped),
                },
                signal = signals.recv(), if listening_to_signals => match signal {
                    Some(CallSignal::AnsweredBy(verdict)) => Woken::Event(Event::AnsweredBy(verdict)),
                    Some(CallSignal::Stop) => Woken::Event(Event::Stop),
                    // nobody is rung while the conversation goes on
                    Some(CallSignal::Transfer(_)) => Woken::Nothing,
                    None => {
                        listening_to_signals = false;
                        Woken::Nothing
                    }
                },
                Some(ended) = self.tasks.join_next() => task_ended(ended),
                () = sleep_until(wake_at) => self.on_time(),
            };
            match woken {
                Woken::Event(event) => self.step(event),
                Woken::Frame(frame) => self.hear(frame),
                Woken::Nothing => {}
            }
        }
        if self.state.frames_dropped > 0 {
            tracing::warn!(frames = self.state.frames_dropped, "audio was not heard because the ears were too slow");
        }
    }

    fn wake_at(&self) -> Instant {
        if self.state.phone_lost {
            return Instant::now();
        }
        let core = self.core.wake_at().map(|at| self.state.began + Duration::from_millis(at));
        let quiet = self.state.last_frame.map(|at| at + PHONE_QUIET);
        core.into_iter().chain(quiet).min().unwrap_or_else(|| Instant::now() + PHONE_QUIET)
    }

    fn on_time(&self) -> Woken {
        let lost = self.state.phone_lost || self.state.last_frame.is_some_and(|at| at.elapsed() >= PHONE_QUIET);
        Woken::Event(if lost { Event::PhoneStopped } else { Event::Tick })
    }

    /// Milliseconds since the stream started.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.state.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Audio of the callee goes to the ears untouched; a frame they have no room for is lost and counted.
    fn hear(&mut self, frame: Bytes) {
        self.state.last_frame = Some(Instant::now());
        if let Err(mpsc::error::TrySendError::Full(_)) = self.frames.try_send(frame) {
            self.state.frames_dropped += 1;
        }
    }

    /// Lets the core decide and does what it says.
    pub fn step(&mut self, event: Event) {
        let now = self.now_ms();
        self.state.phone_stopped |= event == Event::PhoneStopped;
        if event == Event::MouthReopened {
            self.order(Order::Anew);
        }
        if let Event::ReplyDone { reply } | Event::ReplyFailed { reply, .. } = event {
            self.state.thinking.retain(|(known, _)| *known != reply);
        }
        let mut actions = std::mem::take(&mut self.state.actions);
        self.core.step(event, now, &mut actions);
        let understood = actions.iter().any(|action| matches!(action, Action::Note { kind: EventKind::Understood, .. }));
        for action in actions.drain(..) {
            self.act(action);
        }
        self.state.actions = actions;
        if understood {
            self.journal.draft(self.reporter.draft(&self.core));
        }
    }

    /// Waits for what is still being understood; slots of the last turn decide the outcome as much as the others.
    pub async fn understand_the_rest(&mut self) {
        loop {
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => self.step(event),
                ended = self.state.analysing.join_next() => if ended.is_none() {
                    return self.take_waiting_events();
                },
            }
        }
    }

    fn take_waiting_events(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.step(event);
        }
    }

    /// Goes on reading the stream until the provider ends it.
    pub async fn until_stopped(&mut self) {
        while !self.state.phone_stopped {
            tokio::select! {
                biased;
                heard = self.phone.from.recv() => {
                    self.state.phone_stopped = matches!(heard, None | Some(FromPhone::Stopped));
                }
                room = self.phone.to.reserve(), if self.state.outbox.is_waiting() => match room {
                    Ok(room) => if let Some(item) = self.state.outbox.pop() { room.send(item) },
                    Err(_) => return,
                },
            }
        }
    }
}

fn from_phone(heard: Option<FromPhone>) -> Woken {
    match heard {
        Some(FromPhone::Audio(frame)) => Woken::Frame(frame),
        Some(FromPhone::Digit(digit)) => Woken::Event(Event::Digit(digit)),
        Some(FromPhone::Mark(name)) => {
            name.strip_prefix('m').and_then(|mark| mark.parse().ok()).map_or(Woken::Nothing, |mark| Woken::Event(Event::Mark(mark)))
        }
        Some(FromPhone::Stopped) | None => Woken::Event(Event::PhoneStopped),
    }
}

/// A stage that panicked cannot be trusted to report anything any more: the call ends with an apology.
fn task_ended(ended: Result<(), tokio::task::JoinError>) -> Woken {
    match ended {
        Err(error) if error.is_panic() => {
            tracing::error!(%error, "a stage of a call failed");
            Woken::Event(Event::EarsLost)
        }
        Ok(()) | Err(_) => Woken::Nothing,
    }
}
