//! The protocol plays against a provider that loses, delays and repeats, with senders that stop and crash.
//!
//! Rows live in memory, time is virtual, every run has a seed. The decisions are the real ones; [`Policy`] spoils single
//! rules of them, because a checker that never found anything proves nothing.

mod calls;
mod provider;
mod rounds;
mod rows;
mod score;
mod sending;
mod world;

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::domain::dialing::DialTimings;
use score::Score;
use world::World;

/// Which rules are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    /// Waiting times.
    timings: DialTimings,
    /// Nothing is sent once the send window has passed.
    keeps_send_window: bool,
    /// An unknown answer is reconciled, not sent again in line.
    reconciles: bool,
    /// Stale rows are swept.
    sweeps: bool,
    /// The provider keeps its word: a refused call does not ring, a taken one is listed in time.
    provider_is_honest: bool,
}

impl Policy {
    fn real() -> Self {
        Self { timings: DialTimings::default(), keeps_send_window: true, reconciles: true, sweeps: true, provider_is_honest: true }
    }

    /// Only the quiet time stands between a late call and a redial: one look, no rest for the number.
    fn only_quiet() -> Self {
        let timings = DialTimings { empty_looks: 1, absent_hold: Duration::from_secs(1), ..DialTimings::default() };
        Self { timings, ..Self::real() }
    }
}

/// Leads do not touch one another: small worlds, many of them.
const LEADS: usize = 3;

fn number_in(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

/// Plays seeds `0..seeds`, shared out over the cores.
fn play(policy: Policy, seeds: u64) -> Score {
    let next = AtomicU64::new(0);
    let player = || {
        let mut score = Score::default();
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds) {
            let _names = NameOnPanic(seed);
            score = score.add(World::new(seed, LEADS, policy).run().of(seed));
        }
        score
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let players: Vec<_> = (0..cores).map(|_| scope.spawn(player)).collect();
        players
            .into_iter()
            .map(|player| player.join().expect("a world broke a table; its seed is above"))
            .fold(Score::default(), Score::add)
    })
}

/// A rule that panics inside a world has to name the world.
struct NameOnPanic(u64);

impl Drop for NameOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", replay(self.0));
        }
    }
}

fn replay(seed: u64) -> String {
    format!("seed {seed}; its story: CALLFLEET_MODEL_SEED={seed} cargo test --lib nobody_is_rung_twice -- --nocapture")
}

/// `CALLFLEET_MODEL_SEEDS` plays more of them, for a long night; `CALLFLEET_MODEL_SEED` tells the story of one.
#[test]
fn nobody_is_rung_twice_and_no_lead_is_lost() {
    if let Some(seed) = number_in("CALLFLEET_MODEL_SEED") {
        let score = World::new(seed, LEADS, Policy::real()).telling().run();
        assert_eq!((score.double_rings, score.lost_leads), (0, 0), "{score:#?}");
        return;
    }
    let begun = std::time::Instant::now();
    let seeds = number_in("CALLFLEET_MODEL_SEEDS").unwrap_or(100_000);
    let score = play(Policy::real(), seeds);
    println!("{seeds} seeds in {:.1} s: {score:#?}", begun.elapsed().as_secs_f64());
    if let Some(seed) = score.bad_seed {
        panic!("{} rung twice, {} lost; the first is {}", score.double_rings, score.lost_leads, replay(seed));
    }
    assert!(score.absent > seeds / 2 && score.stopped > seeds / 2, "the faults were too mild");
}

#[test]
fn the_quiet_time_alone_keeps_from_ringing_twice() {
    assert_eq!(play(Policy::only_quiet(), 500).double_rings, 0);
}

#[test]
fn without_the_quiet_time_people_are_rung_twice() {
    let mut policy = Policy::only_quiet();
    policy.timings.quiet = Duration::ZERO;
    let score = play(policy, 500);
    assert!(score.double_rings > 0, "{score:?}");
}

#[test]
fn a_sender_that_ignores_its_window_rings_people_twice() {
    let score = play(Policy { keeps_send_window: false, ..Policy::real() }, 500);
    assert!(score.double_rings > 0, "{score:?}");
}

#[test]
fn sending_again_in_line_rings_people_twice() {
    let score = play(Policy { reconciles: false, ..Policy::real() }, 100);
    assert!(score.double_rings > 0, "{score:?}");
}

#[test]
fn without_the_sweep_leads_are_lost() {
    let score = play(Policy { sweeps: false, ..Policy::real() }, 100);
    assert!(score.lost_leads > 0, "{score:?}");
}

#[test]
fn a_provider_that_breaks_its_word_is_met_by_adopting_its_calls() {
    let score = play(Policy { provider_is_honest: false, ..Policy::real() }, 600);
    assert!(score.adopted > 100, "{score:?}");
    assert_eq!(score.lost_leads, 0, "{score:?}");
    assert!(score.double_rings * 50 < score.rings, "{score:?}");
}
