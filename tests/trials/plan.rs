//! What goes wrong in a trial, drawn from its seed before it begins.

use std::time::Duration;

use callfleet::simulator::chance::Chance;

use super::cell::Cell;
use super::chaos;
use super::times::Times;

/// The processes of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Web,
    Scheduler(usize),
    Worker(usize),
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Web, Self::Scheduler(0), Self::Scheduler(1), Self::Worker(0), Self::Worker(1)];
    const WORKERS: [Self; 2] = [Self::Worker(0), Self::Worker(1)];

    /// The product's verb.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Scheduler(_) => "scheduler",
            Self::Worker(_) => "worker",
        }
    }
}

/// A network between the fleet and something it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Net {
    Twilio,
    Postgres,
    Redis,
    /// Callbacks and media sockets, from the provider to the fleet.
    Public,
    /// Ears and mouth.
    Speech,
    Model,
}

/// Something that happens to the whole deployment at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Kill(Role),
    Stop {
        role: Role,
        ms: u64,
    },
    /// Asked politely to stop, as in a rolling restart; the next process follows its end.
    Drain(Role),
    BlackHole {
        net: Net,
        ms: u64,
    },
    FlushRedis,
    KillRedis {
        away_ms: u64,
    },
    KillPostgres {
        away_ms: u64,
    },
    Pause {
        campaign: usize,
        ms: u64,
    },
    OptOut {
        lead: usize,
    },
    /// The end of a cell's fault.
    Heal,
}

impl Fault {
    /// For the summary.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Kill(_) => "kill -9",
            Self::Stop { .. } => "SIGSTOP",
            Self::Drain(_) => "SIGTERM",
            Self::BlackHole { .. } => "black hole",
            Self::FlushRedis => "FLUSHALL",
            Self::KillRedis { .. } => "Redis killed",
            Self::KillPostgres { .. } => "Postgres killed",
            Self::Pause { .. } => "pause",
            Self::OptOut { .. } => "opt-out",
            Self::Heal => "healed",
        }
    }
}

/// A place in the product at which a process dies or stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    pub role: Role,
    pub place: &'static str,
    pub passage: u64,
    /// Stopped for so long instead of killed.
    pub stop_ms: Option<u64>,
}

/// Places at which a worker, a scheduler and the web role can be struck.
const WORKER_PLACES: [&str; 7] =
    ["ticket.taken", "claim.before", "claim.after", "post.after", "stream.claimed", "outcome.before_save", "callback.folded"];

/// Of a hundred processes so many are asked to stop in the middle of their trial.
const DRAIN_PERCENT: u64 = 30;

/// Probabilities of the simulated provider's faults, by the scenario's keys.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderFaults {
    pub create: Vec<(&'static str, f64)>,
    pub callbacks: Vec<(&'static str, f64)>,
}

/// A whole trial.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub times: Times,
    pub faults: Vec<(Duration, Fault)>,
    pub crashes: Vec<Crash>,
    pub provider: ProviderFaults,
    /// A call is missing from lists for so long.
    pub list_lag_ms: u64,
    /// Of a hundred POSTs so many meet a fault of the network on their way.
    pub line_percent: u64,
    /// What such POSTs meet.
    pub line_faults: Vec<chaos::Fault>,
    /// One fault on one network, from the beginning until it heals.
    pub cell: Option<Cell>,
}

impl Plan {
    /// The plan of a seed, for `leads` leads.
    pub fn of(seed: u64, leads: usize, times: Times) -> Self {
        let draw = Draw { chance: Chance(seed), times };
        let count = draw.between(2, 4, "faults", "");
        let drains = Role::ALL.into_iter().filter_map(|role| draw.drain(role));
        let faults = (0..count).map(|n| draw.fault(&n.to_string(), leads)).chain(drains).collect();
        let crashes = Role::ALL.into_iter().filter_map(|role| draw.crash(role)).collect();
        let line_percent = draw.between(0, 12, "line percent", "");
        let (provider, list_lag_ms, line_faults) = (draw.provider(), times.list_lag(), line_faults(times));
        Self { seed, times, faults, crashes, provider, list_lag_ms, line_percent, line_faults, cell: None }
    }

    /// Nothing goes wrong.
    pub fn calm(seed: u64, times: Times) -> Self {
        let provider = ProviderFaults { create: Vec::new(), callbacks: Vec::new() };
        let (faults, crashes, line_faults) = (Vec::new(), Vec::new(), Vec::new());
        Self { seed, times, faults, crashes, provider, list_lag_ms: times.list_lag(), line_percent: 0, line_faults, cell: None }
    }

    /// What the POST with this subject meets on its way.
    pub fn on_the_line(&self, subject: &str) -> chaos::Fault {
        let chance = Chance(self.seed);
        if chance.between(0, 99, "line", subject) >= self.line_percent {
            return chaos::Fault::None;
        }
        chance.pick(&self.line_faults, "line fault", subject).copied().unwrap_or_default()
    }
}

fn line_faults(times: Times) -> Vec<chaos::Fault> {
    use chaos::Fault::{CutAfter, DropResponse, HoldRequest, Latency, LoseRequest, Refuse, ResetAfter, ResetResponse, Slow};
    vec![
        Refuse,
        LoseRequest,
        HoldRequest { ms: times.accept_lag() },
        DropResponse,
        ResetResponse,
        ResetAfter { bytes: 40 },
        CutAfter { bytes: 200 },
        Slow { bytes_per_s: 20 },
        Latency { ms: 20, jitter_ms: 40 },
    ]
}

struct Draw {
    chance: Chance,
    times: Times,
}

impl Draw {
    fn between(&self, least: u64, most: u64, choice: &str, subject: &str) -> u64 {
        self.chance.between(least, most, choice, subject)
    }

    fn pick<T: Copy>(&self, of: &[T], choice: &str, subject: &str) -> T {
        *self.chance.pick(of, choice, subject).expect("the lists here are not empty")
    }

    fn fault(&self, subject: &str, leads: usize) -> (Duration, Fault) {
        let at = Duration::from_millis(self.times.of(self.between(400, 4_000, "fault at", subject)));
        let role = self.pick(&Role::ALL, "fault role", subject);
        let ms = |most| self.times.of(self.between(300, most, "fault for", subject));
        let fault = match self.between(0, 10, "fault", subject) {
            0 | 1 => Fault::Kill(role),
            2 => Fault::Kill(self.pick(&Role::WORKERS, "fault worker", subject)),
            3 => Fault::Stop { role, ms: self.stop_ms(subject) },
            4 => Fault::FlushRedis,
            5 => Fault::KillRedis { away_ms: ms(1_500) },
            6 => Fault::KillPostgres { away_ms: ms(800) },
            7 | 8 => Fault::BlackHole { net: self.pick(&[Net::Twilio, Net::Postgres, Net::Redis], "fault net", subject), ms: ms(2_500) },
            9 => Fault::Pause { campaign: usize::try_from(self.between(0, 1, "fault campaign", subject)).unwrap_or(0), ms: ms(2_000) },
            _ => Fault::OptOut { lead: usize::try_from(self.between(0, leads as u64 - 1, "fault lead", subject)).unwrap_or(0) },
        };
        (at, fault)
    }

    /// A role's part of a rolling restart, once at most: a second SIGTERM asks for something else. Its choices have names of their
    /// own, so that a seed draws everything else as it did before there were drains.
    fn drain(&self, role: Role) -> Option<(Duration, Fault)> {
        let subject = format!("{role:?}");
        let happens = self.between(0, 99, "drain", &subject) < DRAIN_PERCENT;
        let at = Duration::from_millis(self.times.of(self.between(400, 4_000, "drain at", &subject)));
        happens.then_some((at, Fault::Drain(role)))
    }

    /// Longer than the send deadline, or longer than an unknown call is looked for.
    fn stop_ms(&self, subject: &str) -> u64 {
        let times = self.times;
        self.pick(&[times.send_deadline() * 2, times.holder_dead() + 1_000, times.another_world()], "stop for", subject)
    }

    fn crash(&self, role: Role) -> Option<Crash> {
        let subject = format!("{role:?}");
        let places: &[&str] = match role {
            Role::Worker(_) => &WORKER_PLACES,
            Role::Scheduler(_) => &["arm.after"],
            Role::Web => &["callback.folded"],
        };
        let happens = self.between(0, 99, "crash", &subject) < if matches!(role, Role::Worker(_)) { 60 } else { 25 };
        let stops = self.between(0, 3, "crash stops", &subject) == 0;
        happens.then(|| Crash {
            role,
            place: self.pick(places, "crash place", &subject),
            passage: self.between(1, 12, "crash passage", &subject),
            stop_ms: stops.then(|| self.stop_ms(&subject)),
        })
    }

    /// A trial's provider is bad in its own way: each fault may be absent or frequent.
    fn provider(&self) -> ProviderFaults {
        let of = |key: &'static str, most: u64| {
            #[allow(clippy::cast_precision_loss, reason = "a small number of percent")]
            let share = self.between(0, most, "provider", key) as f64 / 100.0;
            (key, share)
        };
        let create = ["drop_answer", "late_answer", "error_accepted", "error_refused", "garbage", "reset", "throttle"];
        let callbacks = ["lose", "duplicate", "reorder", "delay", "forge"];
        #[allow(clippy::cast_precision_loss, reason = "a few seconds")]
        let ms = |ms| self.times.of(ms) as f64;
        ProviderFaults {
            create: create.into_iter().map(|key| of(key, 5)).chain([("late_answer_ms", ms(500))]).collect(),
            callbacks: callbacks.into_iter().map(|key| of(key, 25)).chain([("delay_ms", ms(1_500))]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEADS: usize = 50;

    fn plan(seed: u64) -> Plan {
        Plan::of(seed, LEADS, Times::stretched(100))
    }

    fn drained(plan: &Plan) -> Vec<Role> {
        let role = |fault: &Fault| match fault {
            Fault::Drain(role) => Some(*role),
            _ => None,
        };
        plan.faults.iter().filter_map(|(_, fault)| role(fault)).collect()
    }

    #[test]
    fn every_role_is_drained_in_some_trial_and_never_twice_in_one() {
        let drained: Vec<Vec<Role>> = (1..=40).map(|seed| drained(&plan(seed))).collect();
        for role in Role::ALL {
            assert!(drained.iter().any(|roles| roles.contains(&role)), "{role:?} is never drained");
            assert!(drained.iter().all(|roles| roles.iter().filter(|drained| **drained == role).count() <= 1), "{role:?}");
        }
        assert!(drained.iter().any(Vec::is_empty), "some trials have none");
    }

    #[test]
    fn drains_come_beside_the_other_faults() {
        for seed in 1..=40 {
            let plan = plan(seed);
            let others = plan.faults.len() - drained(&plan).len();
            assert!((2..=4).contains(&others), "seed {seed}: {:?}", plan.faults);
        }
    }
}
