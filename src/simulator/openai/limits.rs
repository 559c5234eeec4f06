//! The account's limits per minute, and the headers that tell them. Both allowances refill evenly.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use super::error::ApiError;
use super::scenario::RateLimits;

/// The two allowances.
#[derive(Debug)]
pub struct Limits {
    requests: Bucket,
    tokens: Bucket,
}

#[derive(Debug)]
struct Bucket {
    limit: f64,
    left: f64,
    since: Instant,
}

/// What `x-ratelimit-*` says after a request.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    requests: Level,
    tokens: Level,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    limit: u64,
    remaining: u64,
    reset_ms: u64,
}

impl Limits {
    /// Full allowances.
    pub fn new(rate: &RateLimits) -> Self {
        Self { requests: Bucket::new(rate.requests_per_minute), tokens: Bucket::new(rate.tokens_per_minute) }
    }

    /// Takes one request of so many tokens.
    ///
    /// # Errors
    /// A 429 that says when there is room again; nothing was taken.
    pub fn take(&mut self, model: &str, tokens: u64, now: Instant) -> Result<Standing, ApiError> {
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
        let tokens = tokens as f64;
        self.requests.refill(now);
        self.tokens.refill(now);
        self.requests.room_for(1.0).map_err(|wait| refusal("requests", "RPM", model, &self.requests, wait))?;
        self.tokens.room_for(tokens).map_err(|wait| refusal("tokens", "TPM", model, &self.tokens, wait))?;
        self.requests.left -= 1.0;
        self.tokens.left -= tokens;
        Ok(Standing { requests: self.requests.level(), tokens: self.tokens.level() })
    }
}

fn refusal(kind: &'static str, unit: &str, model: &str, bucket: &Bucket, wait_ms: u64) -> ApiError {
    let message = format!(
        "Rate limit reached for {model} on {kind} per min ({unit}): Limit {}, Used {}. Please try again in {}.",
        bucket.limit,
        (bucket.limit - bucket.left).ceil(),
        go_duration(wait_ms)
    );
    ApiError::rate_limited(kind, message, wait_ms)
}

impl Bucket {
    fn new(limit: u32) -> Self {
        Self { limit: f64::from(limit), left: f64::from(limit), since: Instant::now() }
    }

    fn refill(&mut self, now: Instant) {
        let minutes = now.saturating_duration_since(self.since).as_secs_f64() / 60.0;
        self.left = (self.left + self.limit * minutes).min(self.limit);
        self.since = now;
    }

    fn room_for(&self, amount: f64) -> Result<(), u64> {
        if self.left >= amount { Ok(()) } else { Err(self.wait_ms(amount - self.left)) }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a wait of at most a minute")]
    fn wait_ms(&self, missing: f64) -> u64 {
        (missing / self.limit.max(1.0) * 60_000.0).ceil().max(0.0) as u64
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an allowance is never negative")]
    fn level(&self) -> Level {
        Level { limit: self.limit as u64, remaining: self.left as u64, reset_ms: self.wait_ms(self.limit - self.left) }
    }
}

impl Standing {
    /// Writes the six headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        for (kind, level) in [("requests", self.requests), ("tokens", self.tokens)] {
            let values =
                [("limit", level.limit.to_string()), ("remaining", level.remaining.to_string()), ("reset", go_duration(level.reset_ms))];
            for (what, value) in values {
                let name = HeaderName::try_from(format!("x-ratelimit-{what}-{kind}"));
                if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                    headers.insert(name, value);
                }
            }
        }
    }
}

/// A duration as Go prints it: `120ms`, `2.8s`, `6m0s`.
fn go_duration(ms: u64) -> String {
    let seconds = |ms: u64| {
        if ms.is_multiple_of(1000) {
            format!("{}s", ms / 1000)
        } else {
            format!("{}.{}s", ms / 1000, format!("{:03}", ms % 1000).trim_end_matches('0'))
        }
    };
    match ms {
        0..1000 => format!("{ms}ms"),
        1000..60_000 => seconds(ms),
        _ => format!("{}m{}", ms / 60_000, seconds(ms % 60_000)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Limits, go_duration};
    use crate::simulator::openai::scenario::RateLimits;

    #[test]
    fn durations_are_written_as_go_does() {
        let written: Vec<String> = [120, 1000, 2800, 360_000, 172_800].into_iter().map(go_duration).collect();
        assert_eq!(written, ["120ms", "1s", "2.8s", "6m0s", "2m52.8s"]);
    }

    #[test]
    fn what_exceeds_a_limit_is_told_when_to_come_back_and_then_served() {
        let mut limits = Limits::new(&RateLimits { requests_per_minute: 60, tokens_per_minute: 100 });
        let start = Instant::now();
        assert!(limits.take("m", 100, start).is_ok());
        let refused = limits.take("m", 50, start).unwrap_err();
        assert_eq!((refused.kind, refused.code.as_deref(), refused.retry_after_ms), ("tokens", Some("rate_limit_exceeded"), Some(30_000)));
        assert!(limits.take("m", 50, start + Duration::from_secs(31)).is_ok());
    }
}
