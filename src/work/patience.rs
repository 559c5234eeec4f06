//! How long the rows are waited for when a call is over: as long as the process lives, and for a while once it is asked to stop.
//!
//! Whoever gave up sooner would leave a call that nobody holds, and its own worker would close it without what was said in it.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Counts from the first look after the process was asked to stop.
#[derive(Debug)]
pub(super) struct Patience {
    stop: CancellationToken,
    lasts: Duration,
    since: Option<Instant>,
}

impl Patience {
    /// For a process that ends once `stop` fires.
    pub const fn new(stop: CancellationToken, lasts: Duration) -> Self {
        Self { stop, lasts, since: None }
    }

    /// Whether the next try is the next start's.
    pub fn is_over(&mut self) -> bool {
        self.stop.is_cancelled() && self.since.get_or_insert_with(Instant::now).elapsed() >= self.lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_lasts_as_long_as_the_process_and_a_while_longer() {
        let (stop, lasts) = (CancellationToken::new(), Duration::from_millis(40));
        let mut patience = Patience::new(stop.clone(), lasts);
        assert!(!patience.is_over());
        tokio::time::sleep(2 * lasts).await;
        assert!(!patience.is_over(), "the process lives");
        stop.cancel();
        assert!(!patience.is_over(), "it was asked to stop just now");
        tokio::time::sleep(2 * lasts).await;
        assert!(patience.is_over());
    }
}
