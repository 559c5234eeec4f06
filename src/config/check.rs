//! Values of the right type that still cannot be.

use super::refusal::Refusal;
use super::{Config, urls};

/// Claims of jobs are renewed three times in their lease: below this a slow moment of the database would lose them.
const SHORTEST_JOB_LEASE_MS: u64 = 1_000;

/// A worker's heartbeat is written every second: one that is late is not one that is dead.
const SHORTEST_SILENCE_MS: u64 = 3_000;

/// A scheduler's lease is renewed four times while it lasts: below this a slow moment of the database would lose it again and again.
const SHORTEST_SCHEDULER_LEASE_MS: u64 = 500;

/// What is done again after a wait: below this the database or the provider is asked as fast as it answers.
const SHORTEST_WAIT_MS: u64 = 100;

impl Config {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if !self.web.listen.ip().is_loopback() {
            return Err(Refusal::value("web.listen", self.web.listen, "use 127.0.0.1 or [::1]: API and pages have no login yet"));
        }
        let rate = self.twilio.calls_per_second;
        if !(rate > 0.0 && rate <= 1000.0) {
            return Err(Refusal::value("twilio.calls_per_second", rate, "use a rate between 0 and 1000"));
        }
        if self.worker.lines == 0 {
            return Err(Refusal::value("worker.lines", 0, "a worker needs at least one line"));
        }
        if self.worker.job_lease_ms < SHORTEST_JOB_LEASE_MS {
            let why = "a claim is renewed three times in its lease; give at least 1000";
            return Err(Refusal::value("worker.job_lease_ms", self.worker.job_lease_ms, why));
        }
        if self.postgres.max_connections == 0 {
            return Err(Refusal::value("postgres.max_connections", 0, "give at least 1; every unit of work needs a connection"));
        }
        urls::check(self)?;
        self.check_reports()?;
        self.check_deadlines()
    }

    fn check_reports(&self) -> Result<(), Refusal> {
        if let Err(error) = self.telemetry.filter() {
            let fix = "write levels, like info or warn,callfleet=debug";
            return Err(Refusal::new("telemetry.log", format!("= {} cannot be used: {error}", self.telemetry.log), fix));
        }
        if self.sentry.target().is_err() {
            let fix = "write https://key@host/project, as Sentry shows it, or leave it empty";
            return Err(Refusal::new("sentry.dsn", "is no DSN", fix));
        }
        Ok(())
    }

    fn check_deadlines(&self) -> Result<(), Refusal> {
        let dialing = &self.dialing;
        if dialing.send_window_ms >= dialing.send_deadline_ms {
            let fix = "it must be shorter than dialing.send_deadline_ms";
            return Err(Refusal::value("dialing.send_window_ms", dialing.send_window_ms, fix));
        }
        let longest_send = dialing.send_deadline_ms.saturating_add(dialing.post_timeout_ms);
        if dialing.unknown_after_ms <= longest_send {
            let fix = format!(
                "a call that shows up later would be rung twice; give more than dialing.send_deadline_ms + \
                 dialing.post_timeout_ms = {longest_send}, by as long as the provider takes to accept and list a call"
            );
            return Err(Refusal::value("dialing.unknown_after_ms", dialing.unknown_after_ms, fix));
        }
        let every = [("dialing.tick_ms", dialing.tick_ms), ("dialing.reconcile_every_ms", dialing.reconcile_every_ms)];
        if let Some((key, _)) = every.into_iter().find(|(_, ms)| *ms == 0) {
            return Err(Refusal::value(key, 0, "nothing can be done without a pause; leave the key out for its default"));
        }
        self.check_waits()?;
        if dialing.holder_dead_after_ms < SHORTEST_SILENCE_MS {
            let fix = "a worker is heard every second; give at least 3000, or live calls are taken for lost";
            return Err(Refusal::value("dialing.holder_dead_after_ms", dialing.holder_dead_after_ms, fix));
        }
        if dialing.reserve_usd < 0.0 {
            return Err(Refusal::value("dialing.reserve_usd", dialing.reserve_usd, "a call costs something or nothing"));
        }
        Ok(())
    }

    fn check_waits(&self) -> Result<(), Refusal> {
        let dialing = &self.dialing;
        let waits = [
            ("dialing.ticket_lease_ms", dialing.ticket_lease_ms, SHORTEST_WAIT_MS, "or a ticket is rung again before anybody can take it"),
            ("dialing.look_every_ms", dialing.look_every_ms, SHORTEST_WAIT_MS, "or three looks see the provider's list at the same moment"),
            ("dialing.absent_hold_ms", dialing.absent_hold_ms, SHORTEST_WAIT_MS, "or a call that shows up late is rung a second time"),
            ("dialing.poll_after_ms", dialing.poll_after_ms, SHORTEST_WAIT_MS, "or calls whose news are on their way are asked about"),
            ("dialing.refusal_backoff_ms", dialing.refusal_backoff_ms, SHORTEST_WAIT_MS, "or a provider that refuses is asked at once"),
            (
                "dialing.scheduler_lease_ms",
                dialing.scheduler_lease_ms,
                SHORTEST_SCHEDULER_LEASE_MS,
                "or schedulers follow each other without end",
            ),
        ];
        match waits.into_iter().find(|(_, ms, least, _)| ms < least) {
            Some((key, ms, least, why)) => Err(Refusal::value(key, ms, format!("give at least {least}, {why}"))),
            None => Ok(()),
        }
    }
}
