//! Many trials, several lanes at once, and what they came to in the end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::builds::Builds;
use super::cell::Cell;
use super::lane::{Lane, Prepared};
use super::mutant::{MUTANTS, Mutant};
use super::plan::Plan;
use super::times::Times;
pub use super::trial::Report;
use super::trial::play;

/// How trials are played.
#[derive(Debug, Clone)]
pub struct Options {
    pub builds: Builds,
    /// Where logs go; those of trials that found nothing are removed.
    pub folder: PathBuf,
    pub leads: usize,
    /// Seed of the first trial; the next ones follow.
    pub seed: u64,
    pub trials: u64,
    /// Trials at the same time.
    pub lanes: usize,
    pub times: Times,
}

impl Options {
    /// What all lanes begin with.
    async fn prepare(&self) -> anyhow::Result<Arc<Prepared>> {
        Prepared::make(self.folder.join("prepared"), &self.builds, self.leads, self.times).await.map(Arc::new)
    }
}

/// What trials came to.
#[derive(Debug, Default)]
pub struct Summary {
    pub trials: u64,
    pub leads: usize,
    pub calls: usize,
    pub rings: usize,
    pub double: usize,
    pub lost: usize,
    pub violations: usize,
    pub faults: BTreeMap<String, u64>,
    /// What the time of all trials went into.
    pub laps: BTreeMap<&'static str, Duration>,
}

impl Summary {
    pub fn add(&mut self, report: &Report) {
        self.trials += 1;
        self.leads += report.leads;
        self.calls += report.calls;
        self.rings += report.rings;
        self.double += report.double();
        self.lost += report.lost();
        self.violations += report.violations.len();
        for (what, time) in &report.laps {
            *self.laps.entry(what).or_default() += *time;
        }
        for (kind, count) in &report.faults {
            *self.faults.entry(kind.clone()).or_default() += count;
        }
    }

    /// What a trial's seconds go into, on average.
    pub fn time_of_a_trial(&self) -> String {
        let trials = u32::try_from(self.trials).unwrap_or(u32::MAX).max(1);
        let laps: Vec<String> = self.laps.iter().map(|(what, time)| format!("{what} {:.1} s", (*time / trials).as_secs_f64())).collect();
        format!("a trial: {}", laps.join(", "))
    }

    /// One line.
    pub fn line(&self, seconds: f64) -> String {
        let faults: Vec<String> = self.faults.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        format!(
            "trials {} · leads {} · calls {} · rings {} · double {} · lost {} · violations {} · faults: {} · {seconds:.0} s",
            self.trials,
            self.leads,
            self.calls,
            self.rings,
            self.double,
            self.lost,
            self.violations,
            faults.join(", ")
        )
    }
}

/// Plays trials; `tell` hears of each as it ends.
///
/// # Errors
/// When a trial could not be played; that says nothing about the product.
pub async fn trials(options: &Options, mut tell: impl FnMut(&Report)) -> anyhow::Result<Summary> {
    let (next, (reports, mut heard)) = (Arc::new(AtomicU64::new(0)), mpsc::channel(16));
    let (prepared, mut lanes) = (options.prepare().await?, JoinSet::new());
    for lane in 0..options.lanes {
        lanes.spawn(work(options.clone(), lane, Arc::clone(&prepared), Arc::clone(&next), reports.clone()));
    }
    drop(reports);
    let mut summary = Summary::default();
    while let Some(report) = heard.recv().await {
        summary.add(&report);
        tell(&report);
    }
    while let Some(ended) = lanes.join_next().await {
        ended??;
    }
    Ok(summary)
}

/// Plays each of these chaos cells once; `tell` hears of each as it ends.
///
/// # Errors
/// As [`trials`].
pub async fn cells(options: &Options, cells: Vec<Cell>, mut tell: impl FnMut(Cell, &Report)) -> anyhow::Result<()> {
    let (next, (reports, mut heard)) = (Arc::new(AtomicU64::new(0)), mpsc::channel(16));
    let (prepared, cells, mut lanes) = (options.prepare().await?, Arc::new(cells), JoinSet::new());
    for lane in 0..options.lanes {
        let (prepared, cells, next) = (Arc::clone(&prepared), Arc::clone(&cells), Arc::clone(&next));
        lanes.spawn(work_cells(options.clone(), lane, prepared, cells, next, reports.clone()));
    }
    drop(reports);
    while let Some((cell, report)) = heard.recv().await {
        tell(cell, &report);
    }
    while let Some(ended) = lanes.join_next().await {
        ended??;
    }
    Ok(())
}

async fn work_cells(
    options: Options,
    lane: usize,
    prepared: Arc<Prepared>,
    cells: Arc<Vec<Cell>>,
    next: Arc<AtomicU64>,
    reports: mpsc::Sender<(Cell, Report)>,
) -> anyhow::Result<()> {
    let mut lane = Lane::open(&options.folder.join(format!("lane-{lane}")), &prepared).await?;
    while let Some(cell) = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).ok().and_then(|turn| cells.get(turn)) {
        let folder = options.folder.join(format!("{cell:?}").replace(|c: char| !c.is_alphanumeric(), "-"));
        let report = one(&mut lane, &cell.plan(options.seed, options.times), None, &folder).await?;
        if reports.send((*cell, report)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

async fn work(
    options: Options,
    lane: usize,
    prepared: Arc<Prepared>,
    next: Arc<AtomicU64>,
    reports: mpsc::Sender<Report>,
) -> anyhow::Result<()> {
    let mut lane = Lane::open(&options.folder.join(format!("lane-{lane}")), &prepared).await?;
    loop {
        let trial = next.fetch_add(1, Ordering::Relaxed);
        if trial >= options.trials {
            return Ok(());
        }
        let seed = options.seed + trial;
        let report =
            one(&mut lane, &Plan::of(seed, options.leads, options.times), None, &options.folder.join(format!("seed-{seed}"))).await?;
        if reports.send(report).await.is_err() {
            return Ok(());
        }
    }
}

/// One trial; its folder stays when it found something.
async fn one(lane: &mut Lane, plan: &Plan, mutant: Option<&Mutant>, folder: &std::path::Path) -> anyhow::Result<Report> {
    let report = play(lane, plan, mutant, folder).await?;
    if (report.violations.is_empty() && report.unseen.is_empty()) || mutant.is_some() {
        std::fs::remove_dir_all(folder)?;
    } else {
        let complaints: String = report.violations.iter().map(|violation| format!("{violation}\n")).collect();
        let builds = report.builds.join("\n");
        std::fs::write(folder.join("violations.txt"), format!("{complaints}\n{builds}\n{plan:#?}\n"))?;
    }
    Ok(report)
}

/// How a mutant fared.
#[derive(Debug)]
pub struct Caught {
    pub mutant: &'static str,
    pub how: &'static str,
    /// Trials that were played.
    pub trials: u64,
    /// The trial that found it, and what it said.
    pub by: Option<(u64, String)>,
}

/// Plays each of the named mutants (all, when none is named) until the checker finds it, or for `options.trials` trials.
///
/// # Errors
/// As [`trials`].
pub async fn mutants(options: &Options, named: Option<&str>, mut tell: impl FnMut(&Caught)) -> anyhow::Result<Vec<Caught>> {
    let (next, (caught, mut heard)) = (Arc::new(AtomicU64::new(0)), mpsc::channel(16));
    let chosen: Arc<Vec<&'static Mutant>> = Arc::new(chosen(named));
    anyhow::ensure!(!chosen.is_empty(), "there is no such mutant; there are {}", names().join(", "));
    let (prepared, mut lanes) = (options.prepare().await?, JoinSet::new());
    for lane in 0..options.lanes.min(chosen.len()) {
        let (prepared, next, chosen) = (Arc::clone(&prepared), Arc::clone(&next), Arc::clone(&chosen));
        lanes.spawn(hunt(options.clone(), lane, prepared, next, chosen, caught.clone()));
    }
    drop(caught);
    let mut all = Vec::new();
    while let Some(caught) = heard.recv().await {
        tell(&caught);
        all.push(caught);
    }
    while let Some(ended) = lanes.join_next().await {
        ended??;
    }
    Ok(all)
}

fn names() -> Vec<&'static str> {
    MUTANTS.iter().map(|mutant| mutant.name).collect()
}

fn chosen(named: Option<&str>) -> Vec<&'static Mutant> {
    MUTANTS.iter().filter(|mutant| named.is_none_or(|name| name == mutant.name)).collect()
}

async fn hunt(
    options: Options,
    lane: usize,
    prepared: Arc<Prepared>,
    next: Arc<AtomicU64>,
    chosen: Arc<Vec<&'static Mutant>>,
    caught: mpsc::Sender<Caught>,
) -> anyhow::Result<()> {
    let mut lane = Lane::open(&options.folder.join(format!("lane-{lane}")), &prepared).await?;
    while let Some(mutant) = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).ok().and_then(|turn| chosen.get(turn)) {
        let found = hunt_one(&options, &mut lane, mutant).await?;
        if caught.send(found).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Only a broken promise that this mutant was expected to break counts.
async fn hunt_one(options: &Options, lane: &mut Lane, mutant: &'static Mutant) -> anyhow::Result<Caught> {
    let mut caught = Caught { mutant: mutant.name, how: mutant.how, trials: 0, by: None };
    for seed in (options.seed..).take(usize::try_from(options.trials)?) {
        let folder = options.folder.join(format!("{}-{seed}", mutant.name));
        let report = one(lane, &(mutant.plan)(seed, options.times), Some(mutant), &folder).await?;
        caught.trials += 1;
        if let Some(found) = report.violations.iter().find(|violation| mutant.is_shown_by(violation)) {
            caught.by = Some((seed, found.to_string()));
            break;
        }
    }
    Ok(caught)
}
