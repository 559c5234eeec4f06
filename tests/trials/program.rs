//! `cargo run --release --example trials -- --trials 40 --leads 50 --seed 1`
//!
//! This program plays every part itself: as `trials --as-callfleet …` it is the product's own command line, so that one build
//! and one command are enough. It needs `redis-server` and PostgreSQL to be installed, and nothing to be running.

#[path = "mod.rs"]
mod trials;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use trials::builds::Builds;
use trials::cell::{self, Cell};
use trials::process::Binary;
use trials::run::{self, Caught, Options};
use trials::times::Times;

/// The first argument that makes this program the product.
const AS_CALLFLEET: &str = "--as-callfleet";

/// Kills, stops, cuts off and lies to a fleet while it calls a list, and holds the network's log against the rows.
#[derive(Debug, Parser)]
#[command(name = "trials", after_help = "Exit code 0 only when the checker found nothing (with --mutants: when it found every one).")]
struct Args {
    /// How many trials; with a mutant: how many at most.
    #[arg(long, default_value_t = 40)]
    trials: u64,
    /// Leads of each trial.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(20..=2000))]
    leads: u16,
    /// Seed of the first trial.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Trials at the same time.
    #[arg(long, default_value_t = 4)]
    lanes: usize,
    /// Every waiting time in percent; more than 100 for a machine that has other work.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(50..=2000))]
    stretch: u64,
    /// Where logs of failed trials are kept; the system's folder for temporary files when missing.
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
    /// Play this mutant instead, until it is found.
    #[arg(long, value_name = "NAME")]
    mutant: Option<String>,
    /// Play every mutant.
    #[arg(long, conflicts_with = "mutant")]
    mutants: bool,
    /// Play every chaos cell: one dependency in one kind of trouble each.
    #[arg(long, conflicts_with_all = ["mutant", "mutants"])]
    cells: bool,
    /// Only the cells whose line contains this, for example `Redis` or `TooMany`.
    #[arg(long, value_name = "WORDS", requires = "cells")]
    only: Option<String>,
    /// Play this program as the product, in place of the one that was built with the trials.
    #[arg(long, value_name = "PROGRAM")]
    callfleet: Option<PathBuf>,
    /// Play this program beside it, as the older build in the middle of a rolling upgrade: one worker, one scheduler and perhaps `web`
    /// begin as it, and whoever follows a process that ended is of either build. The newer one migrates first.
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["mutant", "mutants"])]
    beside: Option<PathBuf>,
}

impl Args {
    /// What plays the trial of a seed again.
    fn replay(&self, seed: u64) -> String {
        let stretch = if self.stretch == 100 { String::new() } else { format!(" --stretch {}", self.stretch) };
        let program = |option: &str, program: &Option<PathBuf>| program.as_ref().map(|path| format!(" {option} {}", path.display()));
        let programs: String = [program("--callfleet", &self.callfleet), program("--beside", &self.beside)].into_iter().flatten().collect();
        format!("--seed {seed} --trials 1 --leads {}{stretch}{programs}", self.leads)
    }

    fn builds(&self) -> anyhow::Result<Builds> {
        let build = |program: &PathBuf| std::path::absolute(program).map(|program| Binary { program, before: Vec::new() });
        let own = match &self.callfleet {
            Some(program) => build(program)?,
            None => Binary { program: std::env::current_exe()?, before: vec![AS_CALLFLEET.to_owned()] },
        };
        Ok(Builds { own, older: self.beside.as_ref().map(build).transpose()? })
    }
}

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let program = args.next().unwrap_or_default();
    if args.next().is_some_and(|first| first == AS_CALLFLEET) {
        return callfleet::cli::run(&callfleet::cli::Cli::parse_from(std::iter::once(program).chain(args)));
    }
    let args = Args::parse();
    match play(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn play(args: &Args) -> anyhow::Result<bool> {
    let builds = args.builds()?;
    let beside = builds.older.as_ref().map(|older| Ok::<_, anyhow::Error>((told(&builds.own)?, told(older)?))).transpose()?;
    let logs = args.logs.clone().unwrap_or_else(std::env::temp_dir);
    let name = format!("callfleet-trials-{}-{}", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S"), std::process::id());
    let folder = std::path::absolute(logs)?.join(name);
    trials::server::make_reachable(&folder)?;
    let (leads, seed) = (usize::from(args.leads), args.seed);
    let options = Options { builds, folder, leads, seed, trials: args.trials, lanes: args.lanes, times: Times::stretched(args.stretch) };
    tokio::select! {
        done = dispatch(args, &options) => {
            if let Some((own, older)) = beside {
                println!("played by {own}, beside it {older}");
            }
            done
        }
        // whatever was started ends with its owner
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted; logs are in {}", options.folder.display()),
    }
}

async fn dispatch(args: &Args, options: &Options) -> anyhow::Result<bool> {
    if args.mutants || args.mutant.is_some() {
        return hunt(args, options).await;
    }
    if args.cells {
        return cells(args, options).await;
    }
    let begun = Instant::now();
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} trials, {elapsed} gone, {eta} left")?;
    let progress = ProgressBar::new(options.trials).with_style(style);
    let summary = run::trials(options, |report| {
        progress.inc(1);
        for violation in &report.violations {
            progress.suspend(|| println!("seed {}: {violation}", report.seed));
        }
        if !report.violations.is_empty() {
            let seed = report.seed;
            let logs = options.folder.join(format!("seed-{seed}"));
            progress.suspend(|| println!("  replay: {}; logs: {}", args.replay(seed), logs.display()));
        }
    })
    .await?;
    progress.finish_and_clear();
    if summary.violations == 0 {
        std::fs::remove_dir_all(&options.folder)?;
    }
    println!("{}", summary.time_of_a_trial());
    println!("{}", summary.line(begun.elapsed().as_secs_f64()));
    anyhow::ensure!(summary.trials == options.trials, "{} of {} trials were played", summary.trials, options.trials);
    Ok(summary.violations == 0)
}

async fn hunt(args: &Args, options: &Options) -> anyhow::Result<bool> {
    println!("{:<22} {:>6}  {:>6}  {:<60}  made by", "mutant", "trials", "seed", "caught by");
    let caught = run::mutants(options, args.mutant.as_deref(), |caught| println!("{}", row(caught))).await?;
    let found = caught.iter().filter(|caught| caught.by.is_some()).count();
    println!("{found} of {} mutants caught", caught.len());
    std::fs::remove_dir_all(&options.folder)?;
    Ok(found == caught.len())
}

async fn cells(args: &Args, options: &Options) -> anyhow::Result<bool> {
    let wanted = |cell: &Cell| args.only.as_ref().is_none_or(|words| name(*cell).contains(words.as_str()));
    for (cell, why) in cell::all().into_iter().filter(wanted).filter_map(|cell| Some((cell, cell.fault().err()?))) {
        println!("{}     -    not played: {why}", name(cell));
    }
    let (mut played, mut failed) = (0, 0);
    run::cells(options, cell::playable().into_iter().filter(wanted).collect(), |cell, report| {
        let complaints: Vec<String> = report.violations.iter().map(ToString::to_string).chain(report.unseen.clone()).collect();
        let verdict = if complaints.is_empty() { "holds".to_owned() } else { complaints.join("; ") };
        println!("{} {:>4.1} s  {verdict}", name(cell), report.took().as_secs_f64());
        (played, failed) = (played + 1, failed + u32::from(!complaints.is_empty()));
    })
    .await?;
    if failed == 0 {
        std::fs::remove_dir_all(&options.folder)?;
    }
    println!("{played} cells, {failed} failed");
    Ok(failed == 0)
}

/// A build's version and what tells it apart from others of that version: which program it is, and how its SHA-256 begins.
fn told(build: &Binary) -> anyhow::Result<String> {
    let program = build.program.display();
    let said = build.command(Path::new("."), "--version").output().with_context(|| format!("{program} cannot be run"))?;
    ensure!(said.status.success(), "`{program} --version` failed: name a program of the product");
    let digest = hex::encode(Sha256::digest(std::fs::read(&build.program)?));
    Ok(format!("{} ({program}, SHA-256 {digest:.12})", String::from_utf8_lossy(&said.stdout).trim()))
}

fn name(cell: Cell) -> String {
    let (target, trouble) = (format!("{:?}", cell.target), format!("{:?}", cell.trouble));
    format!("{target:<11} {trouble:<47}")
}

fn row(caught: &Caught) -> String {
    let (seed, by) = caught.by.as_ref().map_or(("-".to_owned(), "not caught"), |(seed, by)| (seed.to_string(), by.as_str()));
    format!("{:<22} {:>6}  {seed:>6}  {by:<60.60}  {}", caught.mutant, caught.trials, caught.how)
}
