//! The silence that whoever has answered bears: what the call needs from the database and does not get is asked for again meanwhile.
//!
//! A connection that is cut fails at once, and by the next try there is another one, or the server is back. What is silent or refuses
//! connections is waited for by the store, so one try may take longer than this; then there is no second one.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// Who says hello and hears nothing for longer hangs up.
const BORNE: Duration = Duration::from_secs(3);
/// Between two tries.
const SOON: Duration = Duration::from_millis(200);

/// Until when one callee bears it.
#[derive(Debug, Clone, Copy)]
pub struct Silence {
    until: Instant,
}

impl Silence {
    /// Somebody has answered just now.
    #[must_use]
    pub fn begin() -> Self {
        Self { until: Instant::now() + BORNE }
    }

    /// Asks, and asks again while that may help and the silence is borne.
    ///
    /// # Errors
    /// The last one.
    pub async fn ask<T, E: Display, F: Future<Output = Result<T, E>>>(
        self,
        may_help: impl Fn(&E) -> bool,
        mut ask: impl FnMut() -> F,
    ) -> Result<T, E> {
        // boxed: futures that contain each other go deeper here than an optimising compiler follows
        let mut failed = match Box::pin(ask()).await {
            Err(error) if may_help(&error) => error,
            settled => return settled,
        };
        loop {
            tracing::warn!(error = %failed, "somebody has answered and the database does not; asking again");
            let again = async {
                sleep(SOON).await;
                Box::pin(ask()).await
            };
            failed = match timeout_at(self.until, again).await {
                Err(_) => return Err(failed),
                Ok(Err(error)) if may_help(&error) => error,
                Ok(settled) => return settled,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for what takes so long and fails so many times before it succeeds; after how long it is told what, in how many tries.
    async fn asked(takes: Duration, failures: u32, may_help: bool) -> (Duration, Result<(), &'static str>, u32) {
        let (begun, mut tries) = (Instant::now(), 0);
        let told = Silence::begin().ask(
            |_| may_help,
            || {
                tries += 1;
                let fails = tries <= failures;
                async move {
                    if takes > AT_ONCE {
                        sleep(takes).await;
                    }
                    if fails { Err("away") } else { Ok(()) }
                }
            },
        );
        let told = told.await;
        (begun.elapsed(), told, tries)
    }

    const AT_ONCE: Duration = Duration::ZERO;

    #[tokio::test(start_paused = true)]
    async fn what_fails_at_once_is_asked_for_again_while_it_is_borne() {
        assert_eq!(asked(AT_ONCE, 0, true).await, (AT_ONCE, Ok(()), 1));
        assert_eq!(asked(AT_ONCE, 4, true).await, (SOON * 4, Ok(()), 5));
        let (after, told, tries) = asked(AT_ONCE, u32::MAX, true).await;
        assert_eq!((after, told), (BORNE, Err("away")));
        assert!(tries > 10, "{tries}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_no_second_try_mends_is_told_at_once() {
        assert_eq!(asked(AT_ONCE, 1, false).await, (AT_ONCE, Err("away"), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_waited_for_when_it_is_borne_no_longer() {
        let second = Duration::from_secs(1);
        assert_eq!(asked(second * 10, 1, true).await, (second * 10, Err("away"), 1), "the first try was long enough");
        assert_eq!(asked(second * 10, 0, true).await, (second * 10, Ok(()), 1), "and is heard to its end");
        assert_eq!(asked(second * 2, 1, true).await, (BORNE, Err("away"), 2), "a second one is not");
    }
}
