//! Every waiting time of the dial protocol in one place. Trials and the demo shrink them by configuration.

use std::time::Duration;

/// How long the protocol waits for what.
///
/// `quiet` must stay above send deadline + POST timeout + the provider's accept and list lag, or a call that appears late
/// is taken for absent and the person is rung twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialTimings {
    /// A ticket not claimed within this (database time) is rung again.
    pub ticket_lease: Duration,
    /// From the claim's BEGIN to the first byte of the POST, on the sender's boot-time clock.
    pub send_window: Duration,
    /// From the claim (database time) until a row still `sending` counts as unknown.
    pub send_deadline: Duration,
    /// Total time of the one POST.
    pub post_timeout: Duration,
    /// Nothing is called absent before this, on the reconciler's own clock.
    pub quiet: Duration,
    /// So many looks without a hit before a call counts as absent.
    pub empty_looks: u32,
    /// Looks closer together than this count as one.
    pub look_gap: Duration,
    /// The provider's clock may be this far behind the database's.
    pub look_before: Duration,
    /// After `absent` the number is held this long for every campaign, then looked at once more.
    pub absent_hold: Duration,
    /// Redials after an absent call before a person has to look.
    pub absent_redials: u32,
    /// A call that stays unsure or unreachable this long raises an alarm.
    pub unsure_alarm: Duration,
    /// A call without news for this long is asked about.
    pub silent_after: Duration,
    /// A call the provider still queues after this is taken back: it could ring outside the calling hours.
    pub queued_limit: Duration,
    /// A holder whose heartbeat stands still this long is dead.
    pub holder_silence: Duration,
    /// Looks at a heartbeat further apart than this do not add up: the database may have been away.
    pub holder_look_gap: Duration,
    /// First wait after a refusal that may be sent again; doubles.
    pub refusal_backoff: Duration,
    /// Longest wait after a refusal.
    pub refusal_backoff_max: Duration,
    /// So many refusals of one attempt, then it is closed.
    pub refusal_limit: u32,
    /// A number that could not be reached gets one more try after this.
    pub try_later: Duration,
    /// A callee who declined is tried once more, not before this.
    pub after_declined: Duration,
}

impl Default for DialTimings {
    fn default() -> Self {
        let secs = Duration::from_secs;
        Self {
            ticket_lease: secs(60),
            send_window: Duration::from_millis(800),
            send_deadline: secs(10),
            post_timeout: secs(8),
            quiet: secs(180),
            empty_looks: 3,
            look_gap: secs(30),
            look_before: secs(120),
            absent_hold: secs(3_600),
            absent_redials: 1,
            unsure_alarm: secs(1_800),
            silent_after: secs(60),
            queued_limit: secs(60),
            holder_silence: secs(15),
            holder_look_gap: secs(5),
            refusal_backoff: secs(2),
            refusal_backoff_max: secs(300),
            refusal_limit: 8,
            try_later: secs(86_400),
            after_declined: secs(86_400),
        }
    }
}

impl DialTimings {
    /// The wait before send number `refusals + 1`: doubles with every refusal, up to the longest.
    #[must_use]
    pub fn backoff(&self, refusals: u32) -> Duration {
        let factor = 1_u32.checked_shl(refusals.min(20)).unwrap_or(u32::MAX);
        self.refusal_backoff.saturating_mul(factor).min(self.refusal_backoff_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_wait_longer_than_a_late_call_can_take() {
        let timings = DialTimings::default();
        assert!(timings.send_window < timings.send_deadline);
        assert!(timings.quiet > timings.send_deadline + timings.post_timeout);
    }

    #[test]
    fn backoff_doubles_up_to_its_limit() {
        let timings = DialTimings::default();
        assert_eq!(timings.backoff(0), Duration::from_secs(2));
        assert_eq!(timings.backoff(3), Duration::from_secs(16));
        assert_eq!(timings.backoff(40), timings.refusal_backoff_max);
    }
}
