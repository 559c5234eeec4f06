//! Values of the right type that still cannot be.

use super::refusal::refused;
use super::{Config, ConfigError};

/// Claims of jobs are renewed three times in their lease: below this a slow moment of the database would lose them.
const SHORTEST_JOB_LEASE_MS: u64 = 1_000;

impl Config {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.web.listen.ip().is_loopback() {
            return Err(refused("web.listen", &self.web.listen.to_string(), "use 127.0.0.1 or [::1]: API and pages have no login yet"));
        }
        if !(self.twilio.calls_per_second > 0.0 && self.twilio.calls_per_second <= 1000.0) {
            return Err(refused("twilio.calls_per_second", &self.twilio.calls_per_second.to_string(), "use a rate between 0 and 1000"));
        }
        if self.worker.lines == 0 {
            return Err(refused("worker.lines", "0", "a worker needs at least one line"));
        }
        if self.worker.job_lease_ms < SHORTEST_JOB_LEASE_MS {
            let why = "a claim is renewed three times in its lease; give at least 1000";
            return Err(refused("worker.job_lease_ms", &self.worker.job_lease_ms.to_string(), why));
        }
        self.check_public_url()?;
        self.check_deadlines()
    }

    fn check_public_url(&self) -> Result<(), ConfigError> {
        let url = reqwest::Url::parse(&self.public_url)
            .map_err(|error| refused("public_url", &self.public_url, &format!("it is no URL ({error}); write https://your.host")))?;
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match url.scheme() {
            "https" => Ok(()),
            "http" if loopback => Ok(()),
            _ => Err(refused("public_url", &self.public_url, "use https:// (http:// only on loopback)")),
        }
    }

    fn check_deadlines(&self) -> Result<(), ConfigError> {
        let dialing = &self.dialing;
        if dialing.send_window_ms >= dialing.send_deadline_ms {
            return Err(refused(
                "dialing.send_window_ms",
                &dialing.send_window_ms.to_string(),
                "it must be shorter than dialing.send_deadline_ms",
            ));
        }
        let every = [
            ("dialing.tick_ms", dialing.tick_ms),
            ("dialing.reconcile_every_ms", dialing.reconcile_every_ms),
            ("dialing.scheduler_lease_ms", dialing.scheduler_lease_ms),
        ];
        if let Some((key, _)) = every.iter().find(|(_, ms)| *ms == 0) {
            return Err(refused(key, "0", "nothing can be done without a pause; leave the key out for its default"));
        }
        if dialing.reserve_usd < 0.0 {
            return Err(refused("dialing.reserve_usd", &dialing.reserve_usd.to_string(), "a call costs something or nothing"));
        }
        Ok(())
    }
}
