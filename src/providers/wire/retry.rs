//! When may a request be repeated in line, and after how long? The rule the vendors' own SDKs follow: two more tries, a wait
//! the server names or `min(0.5·2ⁿ, 8)` s less up to a quarter, and no waiting in line for more than two minutes.

use std::future::Future;
use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};

use crate::providers::{Again, ProviderError};

/// Longest wait a request sits out in line; a longer one is left to the caller.
const LONGEST_NAMED_WAIT: Duration = Duration::from_secs(120);

/// How often and how patiently a request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Tries after the first one.
    pub retries: usize,
    /// Wait before the first repetition; doubles each time.
    pub first: Duration,
    /// Longest wait that was not named by the server.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { retries: 2, first: Duration::from_millis(500), longest: Duration::from_secs(8) }
    }
}

/// Runs an idempotent request until it succeeds, its error says that trying again does not help, or the tries are used up.
///
/// # Errors
/// The last try's error.
pub async fn persist<T, F>(backoff: Backoff, request: impl FnMut() -> F) -> Result<T, ProviderError>
where
    F: Future<Output = Result<T, ProviderError>>,
{
    let waits = ExponentialBuilder::new().with_min_delay(backoff.first).with_max_delay(backoff.longest).with_max_times(backoff.retries);
    request.retry(waits).sleep(tokio::time::sleep).when(|error| error.again != Again::No).adjust(wait_for).await
}

/// `None` ends the tries.
fn wait_for(error: &ProviderError, planned: Option<Duration>) -> Option<Duration> {
    let planned = planned?.mul_f64(1.0 - 0.25 * rand::random::<f64>());
    match error.again {
        Again::Yes => Some(planned),
        Again::After(named) => (named <= LONGEST_NAMED_WAIT).then_some(named),
        Again::No => None,
    }
}

/// The wait a server names: `retry-after-ms`, else `Retry-After` in (fractions of) seconds or as an HTTP date. Nothing for a
/// wait of zero, in the past, or unreadable.
#[must_use]
pub fn named_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str, scale: f64| Duration::try_from_secs_f64(text.parse::<f64>().ok()? * scale).ok();
    let wait = match text(HeaderName::from_static("retry-after-ms")).and_then(|ms| seconds(ms, 0.001)) {
        Some(wait) => Some(wait),
        None => text(RETRY_AFTER).and_then(|after| seconds(after, 1.0).or_else(|| until(after, now))),
    };
    wait.filter(|wait| !wait.is_zero())
}

fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let at = u64::try_from(jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_millisecond()).ok()?;
    (SystemTime::UNIX_EPOCH + Duration::from_millis(at)).duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn error(again: Again) -> ProviderError {
        ProviderError { provider: "test", what: "busy".into(), status: Some(429), again }
    }

    #[test]
    fn reads_every_way_to_name_a_wait() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_400); // Wed, 21 Oct 2015 07:26:40 GMT
        let wait = |pairs: &[(&'static str, &str)]| named_wait(&headers(pairs), now);
        assert_eq!(wait(&[("retry-after-ms", "250"), ("retry-after", "9")]), Some(Duration::from_millis(250)));
        assert_eq!(wait(&[("retry-after", "1.5")]), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]), Some(Duration::from_secs(80)));
        for nothing in ["0", "-3", "soon", "Wed, 21 Oct 2015 07:20:00 GMT", "inf", "NaN", "1e300"] {
            assert_eq!(wait(&[("retry-after", nothing)]), None, "{nothing}");
        }
    }

    async fn tries_and_time(again: Again) -> (usize, Duration) {
        let (tries, start) = (AtomicUsize::new(0), tokio::time::Instant::now());
        let result: Result<(), _> = persist(Backoff::default(), || async {
            tries.fetch_add(1, Ordering::Relaxed);
            Err(error(again))
        })
        .await;
        assert!(result.is_err());
        (tries.into_inner(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn tries_thrice_with_growing_waits() {
        let (tries, time) = tries_and_time(Again::Yes).await;
        assert_eq!(tries, 3);
        assert!(time >= Duration::from_millis(1120) && time <= Duration::from_millis(1510), "{time:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn obeys_a_named_wait_and_gives_up_on_a_long_one() {
        let (tries, time) = tries_and_time(Again::After(Duration::from_secs(7))).await;
        assert_eq!((tries, time.as_secs()), (3, 14));
        assert_eq!(tries_and_time(Again::After(Duration::from_secs(121))).await, (1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn never_repeats_what_cannot_help() {
        assert_eq!(tries_and_time(Again::No).await, (1, Duration::ZERO));
    }
}
