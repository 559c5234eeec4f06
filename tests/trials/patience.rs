//! Waiting as long as the machine lets the fleet run: on a crowded one, what has no time to come to rest is not lost.
//!
//! The kernel counts the time in which somebody waited for a processor (`/proc/pressure/cpu`). That time is not the fleet's
//! fault and is not counted, within reason; where the kernel does not tell, all time counts.

use std::time::{Duration, Instant};

/// However crowded the machine is: so many times longer at most.
const AT_MOST: u32 = 5;

/// A span of time that has a chance to be used.
pub struct Patience {
    begun: Instant,
    crowded_before: Duration,
    span: Duration,
}

impl Patience {
    pub fn begin(span: Duration) -> Self {
        Self { begun: Instant::now(), crowded_before: crowded(), span }
    }

    /// The same span from now on.
    pub fn again(&self) -> Self {
        Self::begin(self.span)
    }

    pub fn is_over(&self) -> bool {
        self.is_over_after(self.begun.elapsed(), crowded().saturating_sub(self.crowded_before))
    }

    fn is_over_after(&self, gone: Duration, crowded: Duration) -> bool {
        gone.saturating_sub(crowded) >= self.span || gone >= self.span * AT_MOST
    }
}

/// How long somebody has waited for a processor since the machine was started.
fn crowded() -> Duration {
    std::fs::read_to_string("/proc/pressure/cpu").ok().and_then(|text| total(&text)).unwrap_or_default()
}

/// `some avg10=18.71 avg60=14.70 avg300=11.29 total=61467704`, microseconds.
fn total(pressure: &str) -> Option<Duration> {
    let some = pressure.lines().find(|line| line.starts_with("some "))?;
    some.rsplit_once("total=")?.1.trim().parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_others_had_the_processors_does_not_count_for_ever() {
        let patience = Patience { begun: Instant::now(), crowded_before: Duration::ZERO, span: Duration::from_secs(10) };
        let over = |gone, crowded| patience.is_over_after(Duration::from_secs(gone), Duration::from_secs(crowded));
        assert!(!over(9, 0) && over(10, 0));
        assert!(!over(30, 21) && over(30, 20));
        assert!(!over(49, 49) && over(50, 50));
    }

    #[test]
    fn patience_that_begins_again_has_its_whole_span() {
        let begun = Instant::now().checked_sub(Duration::from_secs(100)).unwrap();
        let patience = Patience { begun, crowded_before: crowded(), span: Duration::from_secs(20) };
        assert!(patience.is_over() && !patience.again().is_over());
    }

    #[test]
    fn what_the_kernel_tells_is_read() {
        let text = "some avg10=18.71 avg60=14.70 avg300=11.29 total=61467704\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
        assert_eq!(total(text), Some(Duration::from_micros(61_467_704)));
        assert_eq!(total(""), None);
    }
}
