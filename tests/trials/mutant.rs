//! Ten fleets that are wrong in one point each: a checker that never found anything proves nothing.
//!
//! The product is not touched. A mutant is made of triggers in the trial's database, of settings, or of a network that does
//! what a wrong client would do; its plan brings about the situation in which the point matters.

use std::time::Duration;

use super::checker::{Invariant, Violation};
use super::deployment::Changes;
use super::plan::{Crash, Fault, Plan, Role};
use super::times::Times;

/// A fleet with one mistake.
pub struct Mutant {
    pub name: &'static str,
    /// How the mistake is made.
    pub how: &'static str,
    pub sql: &'static [&'static str],
    pub changes: Changes,
    pub plan: fn(u64, Times) -> Plan,
    /// Which promises it breaks, and words of the complaint: another complaint is no catch.
    pub breaks: &'static [(Invariant, &'static str)],
}

impl Mutant {
    /// The complaint is about this mistake.
    pub fn is_shown_by(&self, violation: &Violation) -> bool {
        self.breaks.iter().any(|(invariant, words)| violation.invariant == *invariant && violation.what.contains(words))
    }
}

/// Mutants are not waited for as long: what is stuck is what they are caught by.
pub const PATIENCE_MS: u64 = 25_000;

/// All of them.
pub static MUTANTS: [Mutant; 10] = [
    Mutant {
        name: "no-open-number-guard",
        how: "a trigger makes every row of open_number unique, so that the number is never in use",
        sql: &[
            "CREATE FUNCTION mutate() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN NEW.phone_number := NEW.phone_number || '/' || NEW.attempt_id; RETURN NEW; END $$",
            "CREATE TRIGGER mutant BEFORE INSERT ON open_number FOR EACH ROW EXECUTE FUNCTION mutate()",
        ],
        changes: Changes::NONE,
        plan: Plan::calm,
        breaks: &[(Invariant::I2, "was made while")],
    },
    Mutant {
        name: "post-before-commit",
        how: "PostgreSQL answers a commit before it is written (synchronous_commit = off), and is killed",
        sql: &[
            "ALTER SYSTEM SET wal_writer_delay = '10s'",
            "SELECT pg_reload_conf()",
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
        ],
        changes: Changes::NONE,
        plan: killing_postgres,
        breaks: &[
            (Invariant::I1, "was called"),
            (Invariant::I2, "was made while"),
            (Invariant::I4, "belongs to no attempt"),
            (Invariant::I4, "another attempt"),
        ],
    },
    Mutant {
        name: "retry-on-timeout",
        how: "the network sends a POST again when its answer is late, as a retry layer would",
        sql: &[],
        changes: Changes { resends: true, ..Changes::NONE },
        plan: |seed, times| with_provider(Plan::calm(seed, times), &[("drop_answer", 0.3)], &[]),
        breaks: &[(Invariant::I1, "was called")],
    },
    Mutant {
        name: "ignore-deadline",
        how: "send_window_ms = 60000 for a sender that is stopped, while the database's deadline stays as it is",
        sql: &[
            "CREATE FUNCTION mutate() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN NEW.send_deadline_db := NEW.intent_at_db + (NEW.send_deadline_db - NEW.intent_at_db) / 60; RETURN NEW; END $$",
            "CREATE TRIGGER mutant BEFORE UPDATE ON attempt FOR EACH ROW WHEN (OLD.state = 'ready' AND NEW.state = 'sending')
             EXECUTE FUNCTION mutate()",
        ],
        // settings that fit each other, so that they are accepted
        changes: Changes {
            dialing: |times| {
                let unknown_after = 72_000 + times.post_timeout() + 1;
                vec![("send_window_ms", 60_000), ("send_deadline_ms", 72_000), ("unknown_after_ms", unknown_after)]
            },
            ..Changes::NONE
        },
        plan: |seed, times| crashing_workers(seed, times, "claim.after", Some(times.another_world())),
        breaks: &[(Invariant::I5, "after it was decided")],
    },
    Mutant {
        name: "bind-any-sid",
        how: "a trigger forgets which calls belong to whom (seen_call), and attempt_sid is not unique",
        sql: &[
            "DROP INDEX attempt_sid",
            "CREATE FUNCTION mutate() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN DELETE FROM seen_call WHERE call_sid = NEW.call_sid; RETURN NULL; END $$",
            "CREATE TRIGGER mutant AFTER INSERT OR UPDATE ON seen_call FOR EACH ROW EXECUTE FUNCTION mutate()",
        ],
        changes: Changes::NONE,
        plan: |seed, times| with_provider(Plan::calm(seed, times), &[("error_refused", 0.4)], &[]),
        breaks: &[(Invariant::I4, "belongs to"), (Invariant::I4, "another attempt")],
    },
    Mutant {
        name: "skip-suppression",
        how: "a trigger drops every row of suppression",
        sql: &[
            "CREATE FUNCTION mutate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            "CREATE TRIGGER mutant BEFORE INSERT ON suppression FOR EACH ROW EXECUTE FUNCTION mutate()",
        ],
        changes: Changes::NONE,
        plan: Plan::calm,
        breaks: &[(Invariant::I5, "after it was suppressed")],
    },
    Mutant {
        name: "finish-before-save",
        how: "a trigger closes an attempt as soon as the provider's end is known, before the outcome is written",
        sql: &[
            "CREATE FUNCTION mutate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                NEW.state := 'ended'; DELETE FROM open_number WHERE attempt_id = NEW.id;
                UPDATE lead SET state = 'finished' WHERE id = NEW.lead_id; RETURN NEW; END $$",
            "CREATE TRIGGER mutant BEFORE UPDATE ON attempt FOR EACH ROW
             WHEN (OLD.provider_ended_at IS NULL AND NEW.provider_ended_at IS NOT NULL) EXECUTE FUNCTION mutate()",
        ],
        changes: Changes::NONE,
        plan: Plan::calm,
        breaks: &[(Invariant::I4, "ended without an outcome")],
    },
    Mutant {
        name: "no-sweeper",
        how: "ticket_lease_ms = a day, while workers with a ticket in their hands are killed",
        sql: &[],
        changes: Changes { dialing: |_| vec![("ticket_lease_ms", 86_400_000)], ..Changes::NONE },
        plan: |seed, times| crashing_workers(seed, times, "ticket.taken", None),
        breaks: &[(Invariant::I3, "stays ready")],
    },
    Mutant {
        name: "no-quiet-time",
        how: "unknown_after_ms, look_every_ms and absent_hold_ms are the least that is accepted; the provider lists later, and loses \
              callbacks",
        sql: &[],
        changes: Changes {
            dialing: |times| {
                let least = times.send_deadline() + times.post_timeout() + 1;
                vec![("unknown_after_ms", least), ("look_every_ms", 100), ("absent_hold_ms", 100)]
            },
            ..Changes::NONE
        },
        plan: |seed, times| {
            let plan = with_provider(Plan::calm(seed, times), &[("reset", 0.4)], &[("lose", 1.0)]);
            Plan { list_lag_ms: times.quiet() * 2, ..plan }
        },
        breaks: &[(Invariant::I2, "was made while"), (Invariant::I4, "belongs to no attempt"), (Invariant::I4, "another attempt")],
    },
    Mutant {
        name: "reset-rank",
        how: "a trigger lets news that come after a call's end overwrite what was known of the end",
        sql: &[
            "CREATE FUNCTION mutate() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN NEW.provider_status := 'ringing'; NEW.sip_code := NULL; RETURN NEW; END $$",
            "CREATE TRIGGER mutant BEFORE UPDATE ON attempt FOR EACH ROW
             WHEN (OLD.provider_ended_at IS NOT NULL AND OLD.news_at_db <> NEW.news_at_db) EXECUTE FUNCTION mutate()",
        ],
        changes: Changes::NONE,
        plan: |seed, times| with_provider(Plan::calm(seed, times), &[], &[("reorder", 0.5), ("duplicate", 0.5)]),
        breaks: &[(Invariant::I4, "says")],
    },
];

fn with_provider(mut plan: Plan, create: &[(&'static str, f64)], callbacks: &[(&'static str, f64)]) -> Plan {
    plan.provider.create.extend(create);
    plan.provider.callbacks.extend(callbacks);
    plan
}

fn at(plan: &mut Plan, times_ms: &[u64], fault: impl Fn(usize) -> Fault) {
    let times = plan.times;
    plan.faults.extend(times_ms.iter().enumerate().map(|(n, ms)| (Duration::from_millis(times.of(*ms)), fault(n))));
}

fn killing_postgres(seed: u64, times: Times) -> Plan {
    let mut plan = Plan::calm(seed, times);
    let first = 1_200 + plan.seed % 7 * 50;
    at(&mut plan, &[first, first + 1_300, first + 2_600], |_| Fault::KillPostgres { away_ms: 100 });
    plan
}

/// Each worker comes to this place once too often.
fn crashing_workers(seed: u64, times: Times, place: &'static str, stop_ms: Option<u64>) -> Plan {
    let crash = |n| Crash { role: Role::Worker(n), place, passage: 2 + seed % 5, stop_ms };
    Plan { crashes: vec![crash(0), crash(1)], ..Plan::calm(seed, times) }
}
