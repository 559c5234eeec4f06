//! Admission of the one POST of a dial: its turn has come and the send window is open. Asked by the connection itself, which writes
//! the first byte in the same breath: whatever holds the process up before that costs the turn, or the send, and not the pace.

use std::time::Duration;

use crate::boottime;
use crate::work::in_hand::InHand;
use crate::work::turns::Turns;

/// What a claimed dial waits for.
pub(super) struct Admission {
    pub turns: Turns,
    /// The send window, and since when it runs.
    pub window: Duration,
    pub begun: Duration,
    pub in_hand: InHand,
}

impl Admission {
    /// Waits for it.
    ///
    /// # Errors
    /// Why nothing may be sent.
    pub async fn wait(mut self) -> Result<(), String> {
        let left = self.left().ok_or_else(|| "the send window closed before its turn".to_owned())?;
        let has_turn = self.in_hand.aside(self.turns.to_send(left)).await.map_err(|error| error.to_string())?;
        if !has_turn {
            return Err("its turn would have come after the send window".to_owned());
        }
        self.in_hand.record();
        // the last look: a machine that was suspended knows it by this clock alone
        self.left().map(drop).ok_or_else(|| "the send window closed with its turn".to_owned())
    }

    fn left(&self) -> Option<Duration> {
        self.window.checked_sub(boottime::now().saturating_sub(self.begun)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use callfleet_jobs::pace::LocalPacer;

    use super::*;

    const RATE: f64 = 1.0;

    fn admission(begun: Duration) -> Admission {
        let turns = Turns::new(Arc::new(LocalPacer::default()), RATE);
        Admission { turns, window: Duration::from_secs(3), begun, in_hand: InHand::begin() }
    }

    #[tokio::test]
    async fn is_given_with_a_turn_and_only_while_the_window_is_open() {
        let ago = |ms| boottime::now().saturating_sub(Duration::from_millis(ms));
        assert_eq!(admission(ago(0)).wait().await, Ok(()));
        assert_eq!(admission(ago(3_001)).wait().await.unwrap_err(), "the send window closed before its turn");
        // the first turn comes after a second
        assert_eq!(admission(ago(2_500)).wait().await.unwrap_err(), "its turn would have come after the send window");
    }
}
