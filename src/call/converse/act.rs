//! What the core decides is carried out: words go to the mouth, audio to the phone, questions to the mind.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::Converse;
use crate::call::journal::{CallEvent, EventKind};
use crate::call::phone::ToPhone;
use crate::call::speak::Order;
use crate::call::think;
use crate::call::turn::{Action, Ask};
use crate::providers::Say;

impl Converse {
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Say { reply, text } => self.order(Order::Say(Say::Text { reply, text })),
            Action::Flush { reply } => self.order(Order::Say(Say::Flush { reply })),
            Action::ClearMouth => self.order(Order::Say(Say::Clear)),
            Action::ResetMouth => self.order(Order::Reset),
            Action::Play(audio) => self.play(audio),
            Action::Mark(mark) => self.send_to_phone(ToPhone::Mark(format!("m{mark}"))),
            Action::ClearPhone => self.send_to_phone(ToPhone::Clear),
            Action::Think(ask) => self.think(ask),
            Action::CancelThink { reply } => self.cancel(reply),
            Action::Analyse(ask) => self.analyse(ask),
            Action::OptOut => self.journal.opt_out(),
            Action::Note { kind, at_ms, body } => self.note(kind, at_ms, body),
            Action::Timings(timings) => {
                let body = serde_json::to_string(&timings).unwrap_or_default();
                self.note(EventKind::Timings, self.now_ms(), body);
            }
            Action::End(ending) => tracing::info!(call.ending = ending.as_str(), duration_ms = self.now_ms(), "conversation over"),
        }
    }

    /// A stage with a full queue stands still: its own deadline in the core covers the loss.
    pub(super) fn order(&self, order: Order) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.orders.try_send(order) {
            tracing::warn!("the speaking stage stands still");
        }
    }

    fn play(&mut self, audio: Bytes) {
        if !std::mem::replace(&mut self.state.first_audio, true) {
            self.note(EventKind::FirstAudio, self.now_ms(), String::new());
        }
        self.send_to_phone(ToPhone::Audio(audio));
    }

    fn send_to_phone(&mut self, item: ToPhone) {
        if !self.state.phone_stopped && !self.state.outbox.put(item, &self.phone.to) {
            self.state.phone_lost = true;
        }
    }

    fn think(&mut self, ask: Ask) {
        let stop = self.stop_tasks.child_token();
        self.state.thinking.push((ask.reply, stop.clone()));
        self.tasks.spawn(think::reply(Arc::clone(&self.thinker), ask, self.events_in.clone(), stop).in_current_span());
    }

    fn cancel(&mut self, reply: u32) {
        self.state.thinking.retain(|(known, stop)| {
            if *known == reply {
                stop.cancel();
            }
            *known != reply
        });
    }

    fn analyse(&mut self, ask: Ask) {
        while self.state.analysing.try_join_next().is_some() {}
        let analysis = think::analyse(Arc::clone(&self.thinker), ask, self.events_in.clone(), self.stop_tasks.child_token());
        self.state.analysing.spawn(analysis.in_current_span());
    }

    /// Keeps an event.
    pub fn note(&mut self, kind: EventKind, offset_ms: u64, body: String) {
        self.journal.event(CallEvent { seq: self.state.seq, offset_ms, kind, body });
        self.state.seq += 1;
    }
}
