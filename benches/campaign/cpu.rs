//! Processor time of processes, as the kernel counts it.

use std::collections::BTreeMap;
use std::time::Duration;

/// `USER_HZ`, which is 100 on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds by process.
#[derive(Debug, Clone, Default)]
pub struct Cpu(BTreeMap<String, f64>);

impl Cpu {
    /// Counts these processes under one name.
    pub fn add(&mut self, name: &str, pids: impl IntoIterator<Item = u32>) {
        *self.0.entry(name.to_owned()).or_default() += pids.into_iter().filter_map(stat).map(|stat| stat.seconds).sum::<f64>();
    }

    /// Counts a process and its children.
    pub fn add_family(&mut self, name: &str, parent: Option<u32>) {
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let own = pids.filter(|pid| Some(*pid) == parent || stat(*pid).is_some_and(|stat| Some(stat.parent) == parent));
        self.add(name, own.collect::<Vec<_>>());
    }

    /// What was used in between.
    pub fn since(&self, before: &Self) -> Self {
        Self(self.0.iter().map(|(name, now)| (name.clone(), now - before.0.get(name).copied().unwrap_or_default())).collect())
    }

    /// All processes together.
    pub fn total(&self) -> Duration {
        Duration::from_secs_f64(self.0.values().sum())
    }

    /// Process by process.
    pub fn processes(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, seconds)| (name.as_str(), *seconds))
    }
}

struct Stat {
    parent: u32,
    seconds: f64,
}

/// Its own time and that of children it has waited for.
fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the name in parentheses may hold spaces
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: f64 = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, seconds: ticks / TICKS_PER_SECOND })
}
