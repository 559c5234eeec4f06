//! The protocol plays against a provider that loses, delays and repeats, with senders that stop and crash.
//!
//! Rows live in memory, time is virtual, every run has a seed. The decisions are the real ones; [`Policy`] spoils single
//! rules of them, because a checker that never found anything proves nothing.

mod calls;
mod provider;
mod rounds;
mod rows;
mod sending;
mod world;

use std::time::Duration;

use crate::domain::dialing::DialTimings;
use world::{Score, World};

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

const LEADS: usize = 5;

/// `CALLFLEET_MODEL_SEEDS` plays more of them, for a long night.
fn seeds() -> u64 {
    std::env::var("CALLFLEET_MODEL_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2_000)
}

fn play(policy: Policy, seeds: std::ops::Range<u64>) -> Score {
    seeds.map(|seed| World::new(seed, LEADS, policy).run().of(seed)).fold(Score::default(), Score::add)
}

#[test]
fn nobody_is_rung_twice_and_no_lead_is_lost() {
    let score = play(Policy::real(), 0..seeds());
    assert!(score.absent > 1_000 && score.stopped > 1_000, "the faults were too mild: {score:?}");
    assert_eq!((score.double_rings, score.lost_leads), (0, 0), "{score:?}");
    println!("{score:?}");
}

#[test]
fn the_quiet_time_alone_keeps_from_ringing_twice() {
    assert_eq!(play(Policy::only_quiet(), 0..500).double_rings, 0);
}

#[test]
fn without_the_quiet_time_people_are_rung_twice() {
    let mut policy = Policy::only_quiet();
    policy.timings.quiet = Duration::ZERO;
    let score = play(policy, 0..500);
    assert!(score.double_rings > 0, "{score:?}");
}

#[test]
fn a_sender_that_ignores_its_window_rings_people_twice() {
    let score = play(Policy { keeps_send_window: false, ..Policy::real() }, 0..500);
    assert!(score.double_rings > 0, "{score:?}");
}

#[test]
fn sending_again_in_line_rings_people_twice() {
    let score = play(Policy { reconciles: false, ..Policy::real() }, 0..100);
    assert!(score.double_rings > 0, "{score:?}");
}

#[test]
fn without_the_sweep_leads_are_lost() {
    let score = play(Policy { sweeps: false, ..Policy::real() }, 0..100);
    assert!(score.lost_leads > 0, "{score:?}");
}

#[test]
fn a_provider_that_breaks_its_word_is_met_by_adopting_its_calls() {
    let score = play(Policy { provider_is_honest: false, ..Policy::real() }, 0..300);
    assert!(score.adopted > 100, "{score:?}");
    assert_eq!(score.lost_leads, 0, "{score:?}");
    assert!(score.double_rings * 50 < score.rings, "{score:?}");
}
