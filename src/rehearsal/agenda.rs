//! What happens when: dials at their turn, and ends of calls.

use std::collections::BTreeMap;

use super::line::LiveCall;
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;

/// Something that happens at its time.
#[derive(Debug)]
pub enum Event {
    /// A ticket's turn to be dialed.
    Dial {
        /// Whose.
        attempt: AttemptId,
        /// Which send.
        send_no: u32,
    },
    /// A call is over.
    End(Box<LiveCall>),
}

/// Events in order; those of one moment in the order they were noted.
#[derive(Debug, Default)]
pub struct Agenda {
    events: BTreeMap<(Timestamp, u64), Event>,
    noted: u64,
    dials: u32,
}

impl Agenda {
    /// Notes an event.
    pub fn note(&mut self, at: Timestamp, event: Event) {
        self.dials += u32::from(matches!(event, Event::Dial { .. }));
        self.noted += 1;
        self.events.insert((at, self.noted), event);
    }

    /// The next event whose time has come.
    pub fn take(&mut self, now: Timestamp) -> Option<Event> {
        let first = self.events.first_entry().filter(|entry| entry.key().0 <= now)?;
        let event = first.remove();
        self.dials -= u32::from(matches!(event, Event::Dial { .. }));
        Some(event)
    }

    /// When the next one happens.
    pub fn next(&self) -> Option<Timestamp> {
        self.events.keys().next().map(|(at, _)| *at)
    }

    /// Tickets that wait for their turn.
    pub const fn dials(&self) -> u32 {
        self.dials
    }

    /// Tickets and calls.
    pub fn under_way(&self) -> u32 {
        u32::try_from(self.events.len()).unwrap_or(u32::MAX)
    }
}
