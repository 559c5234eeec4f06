//! What leaves for the phone: straight through while there is room, in order behind a bounded queue when there is not.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::call::phone::ToPhone;

/// Items that may wait; beyond this the phone's socket does not move any more.
const MOST: usize = 4_096;

/// The queue in front of the phone.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<ToPhone>,
}

impl Outbox {
    /// Sends or queues; `false` when the phone takes nothing any more.
    pub fn put(&mut self, item: ToPhone, phone: &mpsc::Sender<ToPhone>) -> bool {
        if item == ToPhone::Clear {
            self.waiting.clear();
        }
        if self.waiting.is_empty() {
            match phone.try_send(item) {
                Ok(()) => return true,
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
                Err(mpsc::error::TrySendError::Full(item)) => self.waiting.push_back(item),
            }
        } else {
            self.waiting.push_back(item);
        }
        self.waiting.len() <= MOST
    }

    /// Whether something waits for room.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next item, once there is room for it.
    pub fn pop(&mut self) -> Option<ToPhone> {
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Outbox};
    use crate::call::phone::ToPhone;
    use tokio::sync::mpsc;

    #[test]
    fn keeps_the_order_and_a_clear_overtakes_what_waits() {
        let (to, mut phone) = mpsc::channel(1);
        let mut outbox = Outbox::default();
        for name in ["a", "b", "c"] {
            assert!(outbox.put(ToPhone::Mark(name.into()), &to));
        }
        assert!(outbox.put(ToPhone::Clear, &to));
        assert_eq!(phone.try_recv().unwrap(), ToPhone::Mark("a".into()));
        assert_eq!(outbox.pop(), Some(ToPhone::Clear));
        assert_eq!(outbox.pop(), None);
    }

    #[test]
    fn a_phone_that_takes_nothing_is_given_up() {
        let (to, _phone) = mpsc::channel(1);
        let mut outbox = Outbox::default();
        let taken = (0..2 * MOST).take_while(|n| outbox.put(ToPhone::Mark(n.to_string()), &to)).count();
        assert_eq!(taken, MOST + 1);
    }
}
