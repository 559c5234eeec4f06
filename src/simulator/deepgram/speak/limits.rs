//! What a speaking socket may do in a minute.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// A sliding minute of amounts.
#[derive(Debug)]
pub struct Minute {
    most: usize,
    taken: VecDeque<(Instant, usize)>,
}

impl Minute {
    /// So much in any minute.
    pub fn new(most: usize) -> Self {
        Self { most, taken: VecDeque::new() }
    }

    /// Whether there is room; takes it.
    pub fn take(&mut self, amount: usize, now: Instant) -> bool {
        while self.taken.front().is_some_and(|(at, _)| now.duration_since(*at) >= MINUTE) {
            self.taken.pop_front();
        }
        let room = self.taken.iter().map(|(_, amount)| amount).sum::<usize>() + amount <= self.most;
        if room {
            self.taken.push_back((now, amount));
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Minute;

    #[test]
    fn room_comes_back_a_minute_after_it_was_taken() {
        let (mut minute, start) = (Minute::new(3), Instant::now());
        assert!(minute.take(2, start) && minute.take(1, start + Duration::from_secs(30)));
        assert!(!minute.take(1, start + Duration::from_secs(59)));
        assert!(minute.take(2, start + Duration::from_secs(60)));
    }
}
