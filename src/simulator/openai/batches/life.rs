//! Where a batch is, from the time since it was made: validating, in progress, finalizing, completed, or an early end.

use std::time::Duration;

use crate::simulator::openai::scenario::BatchPace;

/// The course of one batch.
#[derive(Debug, Clone)]
pub struct Life {
    lines: usize,
    valid: bool,
    validated: Duration,
    worked: Duration,
    finalized: Duration,
    expires: Duration,
    cancelling: Duration,
    cancelled_at: Option<Duration>,
}

/// A batch's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The file is read.
    Validating,
    /// The file is wrong; nothing ran.
    Failed,
    /// Lines are answered.
    InProgress,
    /// The output is put together.
    Finalizing,
    /// Done.
    Completed,
    /// Not done in time.
    Expired,
    /// Ending early.
    Cancelling,
    /// Ended early.
    Cancelled,
}

/// A batch at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Its state.
    pub status: Status,
    /// How many lines are answered.
    pub done: usize,
    /// The states it went through and when each began, from its making.
    pub passed: Vec<(Status, Duration)>,
}

impl Status {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::Failed => "failed",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing will change any more and there may be output.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Expired | Self::Cancelled)
    }
}

impl Life {
    /// A batch of so many lines, whose file is valid or not.
    pub fn new(pace: &BatchPace, lines: usize, valid: bool) -> Self {
        let validated = Duration::from_millis(pace.validating_ms);
        let worked = validated + Duration::from_millis(pace.running_ms + pace.line_ms * lines as u64);
        Self {
            lines,
            valid,
            validated,
            worked,
            finalized: worked + Duration::from_millis(pace.finalizing_ms),
            expires: Duration::from_millis(pace.expires_ms),
            cancelling: Duration::from_millis(pace.cancelling_ms),
            cancelled_at: None,
        }
    }

    /// Asks for an early end; whether it is still possible.
    pub fn cancel(&mut self, now: Duration) -> bool {
        let possible = matches!(self.at(now).status, Status::Validating | Status::InProgress | Status::Finalizing | Status::Cancelling);
        if possible {
            self.cancelled_at.get_or_insert(now);
        }
        possible
    }

    /// Where it is after so much time.
    pub fn at(&self, now: Duration) -> Moment {
        let passed: Vec<(Status, Duration)> = self.course().into_iter().filter(|(_, begins)| *begins <= now).collect();
        let status = passed.last().map_or(Status::Validating, |(status, _)| *status);
        Moment { status, done: self.done(now), passed }
    }

    fn course(&self) -> Vec<(Status, Duration)> {
        use Status::{Cancelled, Cancelling, Completed, Expired, Failed, Finalizing, InProgress, Validating};
        let full = if self.valid {
            vec![(Validating, Duration::ZERO), (InProgress, self.validated), (Finalizing, self.worked), (Completed, self.finalized)]
        } else {
            vec![(Validating, Duration::ZERO), (Failed, self.validated)]
        };
        let until = |end: Duration| full.iter().copied().filter(move |(_, begins)| *begins < end);
        match self.cancelled_at {
            Some(asked) => until(asked).chain([(Cancelling, asked), (Cancelled, asked + self.cancelling)]).collect(),
            None if self.valid && self.expires < self.finalized => until(self.expires).chain([(Expired, self.expires)]).collect(),
            None => full,
        }
    }

    /// Lines are answered evenly while it is in progress; an early end stops the work.
    fn done(&self, now: Duration) -> usize {
        let worked_until = now.min(self.cancelled_at.unwrap_or(Duration::MAX)).min(self.expires);
        if !self.valid || worked_until < self.validated {
            return 0;
        }
        let span = (self.worked - self.validated).as_micros();
        let gone = (worked_until - self.validated).as_micros();
        if span == 0 || gone >= span { self.lines } else { usize::try_from(self.lines as u128 * gone / span).unwrap_or(self.lines) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Life, Status};
    use crate::simulator::openai::scenario::BatchPace;

    fn pace() -> BatchPace {
        BatchPace { validating_ms: 100, running_ms: 1000, finalizing_ms: 100, cancelling_ms: 50, ..BatchPace::default() }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn states(life: &Life, times: &[u64]) -> Vec<(Status, usize)> {
        times.iter().map(|at| life.at(ms(*at))).map(|moment| (moment.status, moment.done)).collect()
    }

    #[test]
    fn a_good_batch_runs_its_course() {
        use Status::{Completed, Finalizing, InProgress, Validating};
        let life = Life::new(&pace(), 10, true);
        assert_eq!(
            states(&life, &[0, 100, 600, 1100, 1200]),
            [(Validating, 0), (InProgress, 0), (InProgress, 5), (Finalizing, 10), (Completed, 10)]
        );
        assert_eq!(life.at(ms(1200)).passed.len(), 4);
    }

    #[test]
    fn a_bad_file_fails_after_validation() {
        assert_eq!(states(&Life::new(&pace(), 0, false), &[0, 100]), [(Status::Validating, 0), (Status::Failed, 0)]);
    }

    #[test]
    fn cancelling_keeps_what_was_done() {
        let mut life = Life::new(&pace(), 10, true);
        assert!(life.cancel(ms(600)));
        assert_eq!(states(&life, &[640, 650, 5000]), [(Status::Cancelling, 5), (Status::Cancelled, 5), (Status::Cancelled, 5)]);
        assert!(!life.cancel(ms(700)), "what is over cannot be cancelled");
    }

    #[test]
    fn what_takes_too_long_expires_with_what_was_done() {
        let life = Life::new(&BatchPace { expires_ms: 350, ..pace() }, 4, true);
        assert_eq!(states(&life, &[349, 350, 2000]), [(Status::InProgress, 0), (Status::Expired, 1), (Status::Expired, 1)]);
    }

    proptest! {
        #[test]
        fn work_is_never_undone(lines in 0_usize..50, cancel in prop::option::of(0_u64..2000), expires in 0_u64..3000) {
            let mut life = Life::new(&BatchPace { expires_ms: expires, ..pace() }, lines, true);
            if let Some(at) = cancel { life.cancel(ms(at)); }
            let done: Vec<usize> = (0..60).map(|step| life.at(ms(step * 50)).done).collect();
            prop_assert!(done.is_sorted() && done.iter().all(|done| *done <= lines));
        }
    }
}
