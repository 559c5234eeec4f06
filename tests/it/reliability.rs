//! The trials in short: forty fleets under fire, a chaos cell of every dependency, and each of the ten wrong fleets found out.
//! `docs/reliability.md` has the long runs and what they showed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::TempDir;

use crate::support::alone::alone;
use crate::trials::builds::Builds;
use crate::trials::cell::{Cell, Target, Trouble};
use crate::trials::chaos::Fault;
use crate::trials::mutant::MUTANTS;
use crate::trials::process::Binary;
use crate::trials::run::{self, Options, Report};
use crate::trials::server::make_reachable;
use crate::trials::times::Times;

const TRIALS: u64 = 40;
const LEADS: usize = 50;
/// More would only wait for each other's turn on two cores.
const LANES: usize = 3;
/// An unoptimised build takes its time.
const STRETCH: u64 = 200;
const SEED: u64 = 1;
/// A wrong fleet is found within so many trials here; the long run allows 500.
const HUNT: u64 = 25;

/// Every dependency once, each in another trouble; `--cells` plays all there are.
const CELLS: [Cell; 8] = [
    Cell { target: Target::Redis, trouble: Trouble::Unavailable { accepted: false } },
    Cell { target: Target::Postgres, trouble: Trouble::TooMany { retry_after: false } },
    Cell { target: Target::TwilioRest, trouble: Trouble::Unavailable { accepted: true } },
    Cell { target: Target::Webhook, trouble: Trouble::NoSuchName },
    Cell { target: Target::Media, trouble: Trouble::Network(Fault::Refuse) },
    Cell { target: Target::Listening, trouble: Trouble::ExpiredTls },
    Cell { target: Target::Model, trouble: Trouble::BadJson },
    Cell { target: Target::Voice, trouble: Trouble::Network(Fault::DropResponse) },
];

/// The folder of trials that found something is kept.
fn options(folder: &Path, trials: u64) -> Options {
    let _ = rustls::crypto::ring::default_provider().install_default();
    make_reachable(folder).unwrap();
    let binary = Binary { program: PathBuf::from(env!("CARGO_BIN_EXE_callfleet")), before: Vec::new() };
    let builds = Builds { own: binary, older: None };
    Options { builds, folder: folder.to_owned(), leads: LEADS, seed: SEED, trials, lanes: LANES, times: Times::stretched(STRETCH) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_rung_twice_and_no_lead_is_lost_under_fire() {
    let (_alone, folder, begun) = (alone(), tempfile::tempdir().unwrap(), Instant::now());
    let mut complaints = Vec::new();
    let options = options(folder.path(), TRIALS);
    let tell = |report: &Report| complaints.extend(report.violations.iter().map(|found| format!("seed {}: {found}", report.seed)));
    let summary = run::trials(&options, tell).await.unwrap();
    println!("{}\n{}", summary.time_of_a_trial(), summary.line(begun.elapsed().as_secs_f64()));
    assert!(complaints.is_empty(), "{}\nlogs: {}", complaints.join("\n"), kept(folder).display());
    assert_eq!((summary.trials, summary.double, summary.lost), (TRIALS, 0, 0));
    let kinds = ["kill -9", "SIGSTOP", "SIGTERM", "black hole", "FLUSHALL", "Redis killed", "Postgres killed", "crash point", "connection"];
    for kind in kinds {
        assert!(summary.faults.contains_key(kind), "no trial had `{kind}`: {:?}", summary.faults);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_dependency_may_be_in_trouble() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let (mut played, mut complaints) = (0, Vec::new());
    run::cells(&options(folder.path(), 0), CELLS.to_vec(), |cell, report| {
        played += 1;
        let all = report.violations.iter().map(ToString::to_string).chain(report.unseen.clone());
        complaints.extend(all.map(|complaint| format!("{cell:?}: {complaint}")));
    })
    .await
    .unwrap();
    assert!(complaints.is_empty(), "{}\nlogs: {}", complaints.join("\n"), kept(folder).display());
    assert_eq!(played, CELLS.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes on two cores: ./test every_mutant --run-ignored only --no-capture"]
async fn every_mutant_is_caught() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let caught = run::mutants(&options(folder.path(), HUNT), None, |caught| println!("{caught:?}")).await.unwrap();
    let missed: Vec<&str> = caught.iter().filter(|caught| caught.by.is_none()).map(|caught| caught.mutant).collect();
    assert_eq!((caught.len(), missed), (MUTANTS.len(), Vec::new()));
}

fn kept(folder: TempDir) -> PathBuf {
    folder.keep()
}
